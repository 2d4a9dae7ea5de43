package import Addresses

extension DNSQuery {
    /// What an answer of our own says.
    package enum Record: Sendable {
        case address(IPAddress)
        case pointer(DNSName)
    }

    /// For how many seconds an answer of our own may be kept.
    static let lifetime: UInt32 = 600

    /// An answer of our own with the question as it was sent, of at most `limit` bytes: what does not fit is left out, and the
    /// answer says so (TC).
    package func answer(_ code: DNSMessage.Code, _ records: [Record] = [], limit: Int) -> [UInt8] {
        let optionsSize = options == nil ? 0 : 11
        var message = header(code, authoritative: code == .success)
        message += question
        var count: UInt16 = 0
        for record in records {
            let data: [UInt8]
            let type: UInt16
            switch record {
            case .address(let address):
                (type, data) = (
                    address.isV4 ? DNSMessage.RecordType.address : DNSMessage.RecordType.address6, address.bytes
                )
            case .pointer(let name): (type, data) = (DNSMessage.RecordType.pointer, name.wire)
            }
            guard message.count + 12 + data.count + optionsSize <= limit, count < .max else {
                message[2] |= UInt8(DNSMessage.Flag.truncated >> 8)
                break
            }
            count += 1
            // The question's name, by a pointer to it.
            message += [0xc0, UInt8(DNSMessage.headerSize)]
            message.append(number16: type)
            message.append(number16: DNSMessage.internet)
            message.append(number16: UInt16(Self.lifetime >> 16))
            message.append(number16: UInt16(Self.lifetime & 0xffff))
            message.append(number16: UInt16(data.count))
            message += data
        }
        message[6] = UInt8(count >> 8)
        message[7] = UInt8(truncatingIfNeeded: count)
        appendOptions(code, to: &message)
        return message
    }

    // Without records; ID, flags and one question.
    private func header(_ code: DNSMessage.Code, authoritative: Bool) -> [UInt8] {
        var message: [UInt8] = []
        message.append(number16: number)
        message.append(
            number16: DNSMessage.Flag.response | DNSMessage.Flag.recursionAvailable
                | (authoritative ? DNSMessage.Flag.authoritative : 0) | flags & DNSMessage.Flag.recursionDesired
                | code.rawValue & 15)
        message.append(number16: 1)
        message += [0, 0, 0, 0, 0, 0]
        return message
    }

    // Who sends an OPT record gets one (RFC 6891, 6.1.1).
    private func appendOptions(_ code: DNSMessage.Code, to message: inout [UInt8]) {
        guard let options else { return }
        message[11] = 1
        message.append(0)
        message.append(number16: DNSMessage.RecordType.options)
        // What we take in one datagram: all of it, since nothing between us and the client divides it.
        message.append(number16: 4096)
        message += [UInt8(truncatingIfNeeded: code.rawValue >> 4), 0, options.wantsSignatures ? 0x80 : 0, 0, 0, 0]
    }

    /// The answer of an upstream server as the client gets it, with its number and its question's case; without records and
    /// with a word of that (TC) where it is longer than `limit`. The answer is one that `accepts` took.
    func relayed(_ answer: [UInt8], limit: Int) -> [UInt8] {
        guard answer.count <= limit else {
            var message = header(.success, authoritative: false)
            message[2] |= UInt8(DNSMessage.Flag.truncated >> 8)
            message[3] = message[3] & 0xf0 | answer[3] & 15
            message += question
            appendOptions(.success, to: &message)
            return message
        }
        var message = answer
        DNSMessage.setNumber(number, in: &message)
        for place in DNSMessage.headerSize..<min(questionEnd, message.count) { message[place] = bytes[place] }
        return message
    }

    /// Whether `answer` is one to this question, which was sent with `number`.
    func accepts(_ answer: [UInt8], number: UInt16) -> Bool {
        var reader = DNSReader(answer)
        guard reader.number16() == number, let flags = reader.number16(), flags & DNSMessage.Flag.response != 0,
            flags & DNSMessage.Flag.operation == 0, reader.number16() == 1
        else { return false }
        reader.place = DNSMessage.headerSize
        guard let name = reader.name(), name.isSame(as: self.name), reader.number16() == type,
            reader.number16() == questionClass
        else { return false }
        return reader.place == questionEnd
    }

    /// The addresses that an accepted answer has, and for how many seconds all of them hold; what comes behind something that
    /// cannot be read is not looked at.
    static func addresses(in answer: [UInt8]) -> (addresses: [IPAddress], seconds: Int) {
        var reader = DNSReader(answer, at: 6)
        var found: [IPAddress] = []
        var seconds = UInt32.max
        guard let count = reader.number16() else { return ([], 0) }
        reader.place = DNSMessage.headerSize
        guard reader.name() != nil, reader.number32() != nil else { return ([], 0) }
        for _ in 0..<Int(count) {
            guard let record = reader.record() else { break }
            guard record.recordClass == DNSMessage.internet,
                record.type == DNSMessage.RecordType.address && record.data.count == 4
                    || record.type == DNSMessage.RecordType.address6 && record.data.count == 16,
                let address = IPAddress(bytes: answer[record.data])
            else { continue }
            found.append(address)
            // With the highest bit set it counts as zero (RFC 2181, 8).
            seconds = min(seconds, record.lifetime >> 31 == 1 ? 0 : record.lifetime)
        }
        return (found, found.isEmpty ? 0 : Int(seconds))
    }
}

extension [UInt8] {
    fileprivate mutating func append(number16: UInt16) {
        append(UInt8(number16 >> 8))
        append(UInt8(truncatingIfNeeded: number16))
    }
}
