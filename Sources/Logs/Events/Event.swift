package import Bytes
import JSON
package import Linux

/// Something that happened to a container or an image, as `events` shows it.
package struct Event: Hashable, Sendable {
    /// What it happened to; the names are Docker's.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case builder, container, daemon, image, network, plugin, volume
    }

    package var kind: Kind
    /// Docker's word: "start", "die", "exec_create: sh", "pull".
    package var action: String
    /// The id of the container, or the name or id of the image.
    package var id: String
    package var attributes: [ByteKey: String]
    package var time: Timestamp

    /// An event of this moment.
    package init(
        _ kind: Kind, _ action: String, id: String, attributes: [ByteKey: String] = [:], at time: Timestamp = .now()
    ) {
        self.kind = kind
        self.action = action
        self.id = id
        self.attributes = attributes
        self.time = time
    }

    /// An event of a container: `labels` are all that it has, `extra` what the action adds ("exitCode", "signal").
    package static func container(
        _ action: String, id: String, name: String, image: String, labels: [ByteKey: String] = [:],
        extra: [ByteKey: String] = [:], at time: Timestamp = .now()
    ) -> Event {
        var attributes = labels
        attributes["image"] = image
        attributes["name"] = name
        return Event(.container, action, id: id, attributes: attributes.merging(extra) { $1 }, at: time)
    }

    /// Nanoseconds since 1970.
    package var nanoseconds: Int64 { time.nanosecondsSinceEpoch }
}

extension Event {
    /// Appends the JSON that Docker prints of it, on one line, with a line feed.
    func append(to bytes: inout [UInt8]) {
        var writer = JSONWriter.object()
        // What Docker's first API had, and still has for these two.
        if kind == .container || kind == .image {
            writer.write("status", action)
            writer.write("id", id)
            if kind == .container { writer.write("from", attributes["image"]) }
        }
        writer.write("Type", kind.rawValue)
        writer.write("Action", action)
        writer.write("Actor") {
            $0.write("ID", id)
            $0.write("Attributes", attributes)
        }
        writer.write("scope", "local")
        writer.write("time", time.seconds)
        writer.write("timeNano", nanoseconds)
        bytes += writer.finished()
        bytes.append(10)
    }
}
