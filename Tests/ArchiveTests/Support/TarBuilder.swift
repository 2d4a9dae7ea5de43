import Linux

/// Makes tar archives byte by byte, the hostile ones too.
struct TarBuilder {
    var bytes: [UInt8] = []

    /// Adds an entry. `size` overrides what the header says of the content's size.
    mutating func add(
        _ name: String, _ type: Character = "0", content: [UInt8] = [], link: String = "", mode: Int = 0o644,
        user: Int = 0, group: Int = 0, time: Int = 1_000_000_000, device: (Int, Int) = (0, 0), size: Int? = nil,
        pax: [(String, [UInt8])] = []
    ) {
        add(
            raw: Array(name.utf8), type, content: content, link: Array(link.utf8), mode: mode, user: user, group: group,
            time: time, device: device, size: size, pax: pax)
    }

    mutating func add(
        raw name: [UInt8], _ type: Character = "0", content: [UInt8] = [], link: [UInt8] = [], mode: Int = 0o644,
        user: Int = 0, group: Int = 0, time: Int = 1_000_000_000, device: (Int, Int) = (0, 0), size: Int? = nil,
        pax: [(String, [UInt8])] = []
    ) {
        if !pax.isEmpty {
            let records = pax.flatMap { Self.record($0.0, $0.1) }
            header(Array("pax".utf8), "x", size: records.count)
            append(records)
        }
        header(
            name, type, link: link, mode: mode, user: user, group: group, time: time, device: device,
            size: size ?? content.count)
        append(content)
    }

    mutating func directory(_ name: String, mode: Int = 0o755, user: Int = 0, time: Int = 1_000_000_000) {
        add(name, "5", mode: mode, user: user, time: time)
    }

    mutating func file(_ name: String, _ content: String = "") { add(name, content: Array(content.utf8)) }

    mutating func link(_ name: String, to target: String) { add(name, "2", link: target, mode: 0o777) }

    mutating func hardLink(_ name: String, to target: String) { add(name, "1", link: target) }

    /// A GNU header of type "L" or "K" with a long name.
    mutating func gnuLong(_ type: Character, _ name: String) {
        header(Array("././@LongLink".utf8), type, size: name.utf8.count + 1, isGNU: true)
        append(Array(name.utf8) + [0])
    }

    /// The archive with its end.
    func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    mutating func append(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func header(
        _ name: [UInt8], _ type: Character, link: [UInt8] = [], mode: Int = 0o644, user: Int = 0, group: Int = 0,
        time: Int = 0, device: (Int, Int) = (0, 0), size: Int, isGNU: Bool = false
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, _ width: Int, at offset: Int) {
            let digits = String(value, radix: 8)
            put((String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits).utf8, at: offset)
        }
        put(name.prefix(100), at: 0)
        octal(mode, 8, at: 100)
        octal(user, 8, at: 108)
        octal(group, 8, at: 116)
        octal(size, 12, at: 124)
        octal(time, 12, at: 136)
        block[156] = type.asciiValue!
        put(link.prefix(100), at: 157)
        put(isGNU ? Array("ustar  \0".utf8) : Array("ustar\u{0}00".utf8), at: 257)
        octal(device.0, 8, at: 329)
        octal(device.1, 8, at: 337)
        put([UInt8](repeating: 32, count: 8), at: 148)
        let sum = block.reduce(0) { $0 + Int($1) }
        octal(sum, 7, at: 148)
        block[154] = 0
        bytes += block
    }

    /// Puts `field` at `offset` of the header that begins at the block `header`, and makes its checksum right.
    mutating func rewrite(header: Int, at offset: Int, _ field: [UInt8]) {
        let start = header * 512
        bytes.replaceSubrange((start + offset)..<(start + offset + field.count), with: field)
        bytes.replaceSubrange((start + 148)..<(start + 156), with: [UInt8](repeating: 32, count: 8))
        let digits = String(bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }, radix: 8)
        let sum = String(repeating: "0", count: 6 - digits.count) + digits
        bytes.replaceSubrange((start + 148)..<(start + 155), with: Array(sum.utf8) + [0])
    }

    static func record(_ keyword: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(keyword)=".utf8) + value + [10]
        var length = rest.count
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }
}
