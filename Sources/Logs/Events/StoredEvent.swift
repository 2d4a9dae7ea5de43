import Bytes
import JSON
import Linux

/// An event as it is read back.
package struct StoredEvent: Sendable {
    package var event: Event
    /// The line of JSON that it was written as.
    package var line: String

    /// Reads a line of the events' file; nil for what is none, such as one that a full disk cut off.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        var scanner = JSONScanner(bytes)
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        var (kind, action, id, nanoseconds) = ("", "", "", Int64?.none)
        var attributes: [ByteKey: String] = [:]
        while true {
            guard let name = scanner.string(), scanner.take(UInt8(ascii: ":")) else { return nil }
            switch name {
            case "Type":
                guard let text = scanner.string() else { return nil }
                kind = text
            case "Action":
                guard let text = scanner.string() else { return nil }
                action = text
            case "Actor":
                guard let object = scanner.object(), let actor = Self.actor(object) else { return nil }
                (id, attributes) = actor
            case "timeNano":
                guard let digits = scanner.object() else { return nil }
                nanoseconds = Int64(String(decoding: digits, as: UTF8.self))
            default: guard scanner.skipValue() else { return nil }
            }
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "}")), let kind = Event.Kind(rawValue: kind), let nanoseconds else {
                return nil
            }
            event = Event(
                kind, action, id: id, attributes: attributes,
                at: Timestamp(
                    seconds: Int(nanoseconds / 1_000_000_000), nanoseconds: Int(nanoseconds % 1_000_000_000)))
            line = String(decoding: bytes, as: UTF8.self)
            return
        }
    }

    private static func actor(_ bytes: UnsafeBufferPointer<UInt8>) -> (String, [ByteKey: String])? {
        var scanner = JSONScanner(bytes)
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        var id = ""
        var attributes: [ByteKey: String] = [:]
        while true {
            guard let name = scanner.string(), scanner.take(UInt8(ascii: ":")) else { return nil }
            switch name {
            case "ID":
                guard let text = scanner.string() else { return nil }
                id = text
            case "Attributes":
                guard let members = scanner.members() else { return nil }
                attributes = Dictionary(members.map { (ByteKey($0.0), $0.1) }) { $1 }
            default: guard scanner.skipValue() else { return nil }
            }
            if scanner.take(UInt8(ascii: ",")) { continue }
            return scanner.take(UInt8(ascii: "}")) ? (id, attributes) : nil
        }
    }
}
