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

    /// What every event of a container has for its attributes; `labels` are all that it has.
    package static func attributes(
        name: String, image: String, labels: [ByteKey: String]
    ) -> [ByteKey: String] {
        var attributes = labels
        attributes["image"] = image
        attributes["name"] = name
        return attributes
    }

    /// Nanoseconds since 1970.
    package var nanoseconds: Int64 { time.nanosecondsSinceEpoch }
}

extension Event {
    /// Appends the JSON that Docker prints of it, on one line, with a line feed.
    ///
    /// By its parts, without a writer: a supervisor writes some seven of them for each container.
    func append(to bytes: inout [UInt8]) {
        // What Docker's first API had, and still has for these two.
        if kind == .container || kind == .image {
            JSONText.append(json: "{\"status\":", to: &bytes)
            JSONText.append(action, to: &bytes)
            JSONText.append(json: ",\"id\":", to: &bytes)
            JSONText.append(id, to: &bytes)
            if kind == .container, let image = attributes["image"] {
                JSONText.append(json: ",\"from\":", to: &bytes)
                JSONText.append(image, to: &bytes)
            }
            JSONText.append(json: ",\"Type\":", to: &bytes)
        } else {
            JSONText.append(json: "{\"Type\":", to: &bytes)
        }
        JSONText.append(kind.rawValue, to: &bytes)
        JSONText.append(json: ",\"Action\":", to: &bytes)
        JSONText.append(action, to: &bytes)
        JSONText.append(json: ",\"Actor\":{\"ID\":", to: &bytes)
        JSONText.append(id, to: &bytes)
        JSONText.append(json: ",\"Attributes\":{", to: &bytes)
        var isFirst = true
        for name in attributes.names {
            if !isFirst { JSONText.append(json: ",", to: &bytes) }
            isFirst = false
            JSONText.append(name, to: &bytes)
            JSONText.append(json: ":", to: &bytes)
            JSONText.append(attributes[name] ?? "", to: &bytes)
        }
        JSONText.append(json: "}},\"scope\":\"local\",\"time\":", to: &bytes)
        bytes.append(contentsOf: String(time.seconds).utf8)
        JSONText.append(json: ",\"timeNano\":", to: &bytes)
        bytes.append(contentsOf: String(nanoseconds).utf8)
        JSONText.append(json: "}\n", to: &bytes)
    }
}
