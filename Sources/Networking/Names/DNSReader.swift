/// Reads a message of the domain name system (RFC 1035, 4) in order. Each step gives nil past the message's end, and for what
/// cannot be.
struct DNSReader {
    let bytes: [UInt8]
    var place: Int

    init(_ bytes: [UInt8], at place: Int = 0) {
        self.bytes = bytes
        self.place = place
    }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        place += 1
        return bytes[place - 1]
    }

    mutating func number16() -> UInt16? {
        guard let high = byte(), let low = byte() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    mutating func number32() -> UInt32? {
        guard let high = number16(), let low = number16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// A name, its compression undone (RFC 1035, 4.1.4).
    mutating func name() -> DNSName? {
        var wire: [UInt8] = []
        var cursor = place
        // Where the labels began that are being read: a pointer leads further to the front, so that none comes twice.
        var start = place
        var end: Int?
        // A name of 255 bytes has no more labels than that, and no use for more pointers.
        var pointersLeft = 127
        while cursor < bytes.count {
            let length = Int(bytes[cursor])
            switch length >> 6 {
            case 0:
                guard cursor + 1 + length <= bytes.count, wire.count + 1 + length <= 255 else { return nil }
                wire += bytes[cursor..<(cursor + 1 + length)]
                cursor += 1 + length
                if length == 0 {
                    place = end ?? cursor
                    return DNSName(checked: wire)
                }
            case 3:
                guard cursor + 1 < bytes.count else { return nil }
                let target = (length & 63) << 8 | Int(bytes[cursor + 1])
                guard target < start, pointersLeft > 0 else { return nil }
                pointersLeft -= 1
                if end == nil { end = cursor + 2 }
                (cursor, start) = (target, target)
            default: return nil
            }
        }
        return nil
    }

    /// A resource record (RFC 1035, 4.1.3); its data are at `data`.
    struct Record {
        let name: DNSName
        let type: UInt16
        let recordClass: UInt16
        let lifetime: UInt32
        let data: Range<Int>
    }

    mutating func record() -> Record? {
        guard let name = name(), let type = number16(), let recordClass = number16(), let lifetime = number32(),
            let length = number16(), place + Int(length) <= bytes.count
        else { return nil }
        let data = place..<(place + Int(length))
        place = data.upperBound
        return Record(name: name, type: type, recordClass: recordClass, lifetime: lifetime, data: data)
    }
}
