extension JSONTree {
    /// The document as text: on one line, or, with `indent`, one member a line, each level that many spaces deeper.
    package func text(indent: Int? = nil) -> String {
        var bytes: [UInt8] = []
        write(to: &bytes, indent, 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8], _ indent: Int?, _ level: Int) {
        switch self {
        case .null, .raw: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let digits): bytes.append(contentsOf: digits.utf8)
        case .string(let text): JSONObjectWriter.append(text, to: &bytes)
        case .array(let elements):
            Self.write(elements.count, "[", "]", to: &bytes, indent, level) { index, bytes in
                elements[index].write(to: &bytes, indent, level + 1)
            }
        case .object(let members):
            Self.write(members.count, "{", "}", to: &bytes, indent, level) { index, bytes in
                JSONObjectWriter.append(members[index].name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if indent != nil { bytes.append(UInt8(ascii: " ")) }
                members[index].value.write(to: &bytes, indent, level + 1)
            }
        }
    }

    private static func write(
        _ count: Int, _ open: String, _ close: String, to bytes: inout [UInt8], _ indent: Int?, _ level: Int,
        _ element: (Int, inout [UInt8]) -> Void
    ) {
        func line(_ level: Int) {
            guard let indent else { return }
            bytes.append(10)
            bytes.append(contentsOf: repeatElement(32, count: indent * level))
        }
        bytes.append(contentsOf: open.utf8)
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            line(level + 1)
            element(index, &bytes)
        }
        if count > 0 { line(level) }
        bytes.append(contentsOf: close.utf8)
    }
}
