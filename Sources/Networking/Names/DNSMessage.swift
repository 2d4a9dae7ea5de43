/// What is at fixed places of every message (RFC 1035, 4.1.1), and the numbers that are used of it.
package enum DNSMessage {
    /// How many bytes are in front of the question.
    static let headerSize = 12
    /// The most that a message sent over TCP can have (RFC 1035, 4.2.2).
    static let limit = 65535

    /// Types of records (RFC 1035, 3.2.2; RFC 3596; RFC 6891; RFC 1995).
    enum RecordType {
        static let address: UInt16 = 1
        static let pointer: UInt16 = 12
        static let address6: UInt16 = 28
        static let options: UInt16 = 41
        static let incrementalTransfer: UInt16 = 251
        static let transfer: UInt16 = 252
        static let any: UInt16 = 255
    }

    /// The internet's class of records.
    static let internet: UInt16 = 1

    /// How a question ended (RFC 1035, 4.1.1; RFC 6891, 9).
    package enum Code: UInt16, Sendable {
        case success = 0
        case malformed = 1
        case serverFailure = 2
        case notImplemented = 4
        case refused = 5
        case badVersion = 16
    }

    /// Bits of the flags.
    enum Flag {
        static let response: UInt16 = 0x8000
        static let authoritative: UInt16 = 0x0400
        static let truncated: UInt16 = 0x0200
        static let recursionDesired: UInt16 = 0x0100
        static let recursionAvailable: UInt16 = 0x0080
        static let operation: UInt16 = 0x7800
    }

    /// The number that ties an answer to its question; `message` has a header.
    static func setNumber(_ number: UInt16, in message: inout [UInt8]) {
        guard message.count >= 2 else { return }
        message[0] = UInt8(number >> 8)
        message[1] = UInt8(truncatingIfNeeded: number)
    }
}

/// A question of a client.
package struct DNSQuery: Sendable {
    /// The message as it came.
    package let bytes: [UInt8]
    package let number: UInt16
    let flags: UInt16
    package let name: DNSName
    package let type: UInt16
    package let questionClass: UInt16
    /// What the client says of itself in an OPT record (RFC 6891); nil where it sent none.
    let options: Options?

    struct Options: Sendable {
        let size: UInt16
        let version: UInt8
        // DO (RFC 3225), which an answer repeats.
        let wantsSignatures: Bool
    }

    /// What bytes of a client turned out to be.
    package enum Reading: Sendable {
        case query(DNSQuery)
        /// No question that can be answered, but one that can be told so: the answer.
        case refusal([UInt8])
        /// Nothing that may be answered: too short, or an answer.
        case nothing
    }

    /// Reads a message of a client.
    package static func read(_ bytes: [UInt8]) -> Reading {
        var reader = DNSReader(bytes)
        guard let number = reader.number16(), let flags = reader.number16(), flags & DNSMessage.Flag.response == 0,
            let questions = reader.number16(), let answers = reader.number16(), let authorities = reader.number16(),
            let additions = reader.number16()
        else { return .nothing }
        func refusal(_ code: DNSMessage.Code) -> Reading {
            let kept = flags & (DNSMessage.Flag.operation | DNSMessage.Flag.recursionDesired)
            let sent = DNSMessage.Flag.response | kept | code.rawValue
            return .refusal(
                [bytes[0], bytes[1], UInt8(sent >> 8), UInt8(truncatingIfNeeded: sent)]
                    + [UInt8](repeating: 0, count: 8))
        }
        guard flags & DNSMessage.Flag.operation == 0 else { return refusal(.notImplemented) }
        guard questions == 1, let name = reader.name(), let type = reader.number16(),
            let questionClass = reader.number16(), reader.place == DNSMessage.headerSize + name.wire.count + 4
        else { return refusal(.malformed) }
        var options: Options?
        for _ in 0..<(Int(answers) + Int(authorities) + Int(additions)) {
            guard let record = reader.record() else { return refusal(.malformed) }
            guard record.type == DNSMessage.RecordType.options else { continue }
            guard options == nil, record.name.wire.count == 1 else { return refusal(.malformed) }
            options = Options(
                size: record.recordClass, version: UInt8(truncatingIfNeeded: record.lifetime >> 16),
                wantsSignatures: record.lifetime & 0x8000 != 0)
        }
        return .query(
            DNSQuery(
                bytes: bytes, number: number, flags: flags, name: name, type: type, questionClass: questionClass,
                options: options))
    }

    /// Name, type and class as they were sent.
    var question: ArraySlice<UInt8> { bytes[DNSMessage.headerSize..<questionEnd] }

    var questionEnd: Int { DNSMessage.headerSize + name.wire.count + 4 }

    /// The longest datagram that the client takes, in bytes (RFC 1035, 4.2.1; RFC 6891, 6.2.3).
    package var datagramSize: Int {
        // The most that one datagram of version 4 can have.
        min(max(512, Int(options?.size ?? 0)), 65507)
    }
}
