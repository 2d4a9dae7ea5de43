import Addresses

/// A name of the domain name system, as bytes of its labels (RFC 1035, 3.1).
struct DomainLabels: Hashable {
    let labels: [[UInt8]]

    /// In lower case, with dots between the labels and none behind; bytes that are no text are replaced.
    var lowercased: String {
        var text = ""
        for label in labels {
            if !text.isEmpty { text += "." }
            text += String(decoding: label.map { (65...90).contains($0) ? $0 | 32 : $0 }, as: UTF8.self)
        }
        return text
    }

    /// The address whose reverse name it is (RFC 1035, 3.5; RFC 3596, 2.5); nil for another name.
    var reversed: IPAddress? {
        let text = labels.map { label in
            String(decoding: label.map { (65...90).contains($0) ? $0 | 32 : $0 }, as: UTF8.self)
        }
        if text.count == 6, text.suffix(2) == ["in-addr", "arpa"] {
            return IPAddress(text.prefix(4).reversed().joined(separator: "."))
        }
        guard text.count == 34, text.suffix(2) == ["ip6", "arpa"] else { return nil }
        var bytes: [UInt8] = []
        let digits = Array(text.prefix(32).reversed())
        for place in stride(from: 0, to: 32, by: 2) {
            guard digits[place].utf8.count == 1, digits[place + 1].utf8.count == 1,
                let byte = UInt8(digits[place] + digits[place + 1], radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return IPAddress(bytes: bytes)
    }
}

/// What a message asks (RFC 1035, 4.1).
struct DNSQuestion {
    enum Kind {
        static let a: UInt16 = 1
        static let pointer: UInt16 = 12
        static let aaaa: UInt16 = 28
        static let options: UInt16 = 41
    }

    let id: UInt16
    let flags: UInt16
    let name: DomainLabels
    let type: UInt16
    let domainClass: UInt16
    /// The header's and the question's bytes, as they came: its letters' case is kept in the answer.
    let head: [UInt8]
    /// How much the sender takes by UDP (RFC 6891); nil: 512, and it does not know of the extension.
    let payloadSize: UInt16?

    /// Reads a query with one question; nil for anything else.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let reader = DNSReader(bytes), reader.questions == 1, reader.flags & 0x8000 == 0 else { return nil }
        self.init(reader)
    }

    fileprivate init?(_ reader: DNSReader) {
        var place = 12
        guard let name = reader.name(&place), let type = reader.number(&place), let domainClass = reader.number(&place)
        else { return nil }
        id = reader.id
        flags = reader.flags
        self.name = name
        self.type = type
        self.domainClass = domainClass
        head = Array(reader.bytes.prefix(place))
        var size: UInt16?
        for record in reader.records(from: place) where record.type == Kind.options {
            size = max(512, record.domainClass)
        }
        payloadSize = size
    }

    /// Whether the message is an answer to this question (RFC 5452, 9.1).
    func isAnswered(by bytes: ArraySlice<UInt8>, id: UInt16) -> Bool {
        guard let reader = DNSReader(bytes), reader.id == id, reader.flags & 0x8000 != 0, reader.questions == 1,
            let other = DNSQuestion(reader)
        else { return false }
        return other.name.lowercased == name.lowercased && other.type == type && other.domainClass == domainClass
    }
}

/// Takes a message apart, without trust in any of its lengths.
struct DNSReader {
    let bytes: [UInt8]

    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 12, bytes.count <= 65_535 else { return nil }
        self.bytes = Array(bytes)
    }

    private func word(_ place: Int) -> UInt16 { UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) }

    var id: UInt16 { word(0) }
    var flags: UInt16 { word(2) }
    var questions: UInt16 { word(4) }
    /// RCODE
    var code: UInt16 { flags & 15 }
    var isTruncated: Bool { flags & 0x0200 != 0 }

    func number(_ place: inout Int) -> UInt16? {
        guard place + 2 <= bytes.count else { return nil }
        defer { place += 2 }
        return word(place)
    }

    /// The name at `place`, which is behind it afterwards; nil for one that leads on without end, or is longer than a name can be.
    func name(_ place: inout Int) -> DomainLabels? {
        var labels: [[UInt8]] = []
        var at = place
        var length = 0
        var end: Int?
        while at < bytes.count {
            let count = Int(bytes[at])
            if count == 0 {
                place = end ?? at + 1
                return DomainLabels(labels: labels)
            }
            if count & 0xc0 == 0xc0 {
                guard at + 1 < bytes.count else { return nil }
                let target = (count & 0x3f) << 8 | Int(bytes[at + 1])
                // Backwards alone: no name leads in a circle.
                guard target < at else { return nil }
                if end == nil { end = at + 2 }
                at = target
                continue
            }
            length += count + 1
            guard count < 64, length <= 255, at + 1 + count <= bytes.count else { return nil }
            labels.append(Array(bytes[(at + 1)..<(at + 1 + count)]))
            at += 1 + count
        }
        return nil
    }

    struct Record {
        let name: DomainLabels
        let type: UInt16
        let domainClass: UInt16
        let seconds: UInt32
        let data: ArraySlice<UInt8>
    }

    /// The records of all sections from `place` on, as far as they can be read.
    func records(from place: Int) -> [Record] {
        var place = place
        var list: [Record] = []
        var left = Int(word(6)) + Int(word(8)) + Int(word(10))
        while left > 0, list.count < 512 {
            guard let name = name(&place), let type = number(&place), let domainClass = number(&place),
                let high = number(&place), let low = number(&place), let length = number(&place),
                place + Int(length) <= bytes.count
            else { break }
            list.append(
                Record(
                    name: name, type: type, domainClass: domainClass, seconds: UInt32(high) << 16 | UInt32(low),
                    data: bytes[place..<(place + Int(length))]))
            place += Int(length)
            left -= 1
        }
        return list
    }
}

/// Writes answers of our own.
enum DNSAnswer {
    enum Code: UInt16 {
        case success = 0
        case malformed
        case failed
        case unknownName
        case notImplemented
        case refused
    }

    // In seconds, as Docker's.
    private static let timeToLive: UInt32 = 600

    /// An answer with these addresses, of the question's type; none of them is an answer, too.
    static func addresses(_ addresses: [IPAddress], to question: DNSQuestion, limit: Int) -> [UInt8] {
        answer(question, .success, limit: limit, addresses.map(\.bytes))
    }

    /// An answer with a name.
    static func pointer(_ name: String, to question: DNSQuestion, limit: Int) -> [UInt8] {
        var data: [UInt8] = []
        for label in name.utf8.split(separator: UInt8(ascii: ".")) {
            data.append(UInt8(truncatingIfNeeded: min(label.count, 63)))
            data += label.prefix(63)
        }
        data.append(0)
        return answer(question, .success, limit: limit, data.count <= 255 ? [data] : [])
    }

    /// An answer without any records.
    static func error(_ code: Code, to question: DNSQuestion) -> [UInt8] { answer(question, code, limit: .max, []) }

    private static func answer(_ question: DNSQuestion, _ code: Code, limit: Int, _ records: [[UInt8]]) -> [UInt8] {
        var bytes = question.head
        var count: UInt16 = 0
        var isTruncated = false
        let options: [UInt8] = question.payloadSize == nil ? [] : [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]
        func put(_ number: UInt16) { bytes += [UInt8(number >> 8), UInt8(number & 255)] }
        for record in records {
            guard bytes.count + 12 + record.count + options.count <= limit else {
                isTruncated = true
                break
            }
            // The question's name, which begins behind the header.
            put(0xc00c)
            put(question.type)
            put(1)
            put(UInt16(timeToLive >> 16))
            put(UInt16(timeToLive & 0xffff))
            put(UInt16(record.count))
            bytes += record
            count += 1
        }
        bytes += options
        // An answer, recursion available; the question's opcode and recursion desired.
        let flags = 0x8080 | question.flags & 0x7900 | (isTruncated ? 0x0200 : 0) | code.rawValue
        for (place, number) in [(2, flags), (4, 1), (6, count), (8, 0), (10, options.isEmpty ? 0 : 1)] {
            (bytes[place], bytes[place + 1]) = (UInt8(number >> 8), UInt8(number & 255))
        }
        return bytes
    }
}
