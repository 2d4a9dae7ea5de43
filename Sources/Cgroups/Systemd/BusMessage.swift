/// A message of D-Bus (D-Bus specification, Message Protocol).
struct BusMessage: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case methodCall = 1
        case methodReturn, error, signal
    }

    var kind: Kind
    var serial: UInt32 = 0
    var path: String?
    var interface: String?
    var member: String?
    var errorName: String?
    /// The call that this answers.
    var replySerial: UInt32?
    var destination: String?
    /// Who sent it, as a bus says.
    var sender: String?
    var body: [BusValue] = []

    init(_ kind: Kind) { self.kind = kind }

    /// A call of `interface.member` of the object `path`; `destination` is nil where a single peer is spoken to.
    static func call(
        _ destination: String?, _ path: String, _ interface: String, _ member: String, _ body: [BusValue] = []
    ) -> BusMessage {
        var message = BusMessage(.methodCall)
        message.destination = destination
        message.path = path
        message.interface = interface
        message.member = member
        message.body = body
        return message
    }

    /// The sentence of an error; its name where it has none.
    var errorText: String {
        if case .string(let text)? = body.first, !text.isEmpty { return text }
        return errorName ?? "unknown error"
    }

    // MARK: the wire

    /// The longest that the specification lets a message be, in bytes.
    private static let longest = 1 << 27

    func encoded() -> [UInt8] {
        var content = BusWriter()
        for value in body { content.write(value) }
        var fields: [BusValue] = []
        func field(_ code: UInt8, _ value: BusValue?) {
            if let value { fields.append(.structure([.byte(code), .variant(value)])) }
        }
        field(1, path.map { .objectPath($0) })
        field(2, interface.map { .string($0) })
        field(3, member.map { .string($0) })
        field(4, errorName.map { .string($0) })
        field(5, replySerial.map { .uint32($0) })
        field(6, destination.map { .string($0) })
        let signature = body.map(\.signature).joined()
        if !signature.isEmpty { field(8, .signature(signature)) }
        var writer = BusWriter()
        for byte in [UInt8(ascii: "l"), kind.rawValue, 0, 1] { writer.write(.byte(byte)) }
        writer.write(UInt32(content.bytes.count))
        writer.write(serial)
        writer.write(.array("(yv)", fields))
        writer.align(8)
        return writer.bytes + content.bytes
    }

    /// How many bytes the message has that `bytes` begin with; nil while its header is not complete.
    static func length(_ bytes: [UInt8]) throws(BusReader.Malformed) -> Int? {
        guard bytes.count >= 16 else { return nil }
        var reader = BusReader(bytes, at: 4, isBigEndian: try isBigEndian(bytes))
        let body = Int(try reader.readNumber(UInt32.self))
        _ = try reader.readNumber(UInt32.self)
        let fields = Int(try reader.readNumber(UInt32.self))
        let total = (16 + fields + 7) / 8 * 8 + body
        guard total <= longest else { throw BusReader.Malformed() }
        return total
    }

    private static func isBigEndian(_ bytes: [UInt8]) throws(BusReader.Malformed) -> Bool {
        switch bytes[0] {
        case UInt8(ascii: "l"): return false
        case UInt8(ascii: "B"): return true
        default: throw BusReader.Malformed()
        }
    }

    /// Reads one whole message; nil for one of a kind that is not known, which is to be passed over.
    static func decode(_ bytes: [UInt8]) throws(BusReader.Malformed) -> BusMessage? {
        guard bytes.count >= 16 else { throw BusReader.Malformed() }
        var reader = BusReader(bytes, at: 4, isBigEndian: try isBigEndian(bytes))
        _ = try reader.readNumber(UInt32.self)
        guard let kind = Kind(rawValue: bytes[1]) else { return nil }
        var message = BusMessage(kind)
        message.serial = try reader.readNumber()
        var signature = ""
        if case .array(_, let fields)? = try reader.read("a(yv)").first {
            for field in fields {
                guard case .structure(let pair) = field, pair.count == 2, case .byte(let code) = pair[0],
                    case .variant(let value) = pair[1]
                else { throw BusReader.Malformed() }
                switch (code, value) {
                case (1, .objectPath(let text)): message.path = text
                case (2, .string(let text)): message.interface = text
                case (3, .string(let text)): message.member = text
                case (4, .string(let text)): message.errorName = text
                case (5, .uint32(let number)): message.replySerial = number
                case (6, .string(let text)): message.destination = text
                case (7, .string(let text)): message.sender = text
                case (8, .signature(let text)): signature = text
                default: continue
                }
            }
        }
        try reader.align(8)
        message.body = try reader.read(signature)
        return message
    }
}
