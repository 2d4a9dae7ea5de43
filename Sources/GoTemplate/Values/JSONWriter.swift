extension TemplateValue {
    /// The value as JSON without blanks, as Go writes it with HTML escaping off. Absent members are left out.
    package var json: String {
        var writer = JSONWriter(indent: nil)
        writer.write(self, depth: 0)
        return writer.text
    }

    /// The value as JSON over several lines, each level indented by `indent`.
    package func json(indent: String) -> String {
        var writer = JSONWriter(indent: indent)
        writer.write(self, depth: 0)
        return writer.text
    }
}

private struct JSONWriter {
    let indent: String?
    var text = ""

    mutating func write(_ value: TemplateValue, depth: Int) {
        switch value {
        case .null, .absent: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .double(let value): text += number(value)
        case .string(let value): quote(value)
        case .list(let values):
            enclosed("[", "]", values, depth) { writer, value in writer.write(value, depth: depth + 1) }
        case .map(let map): members(map.members.map { ($0.key, $0.value) }, depth)
        case .record(let record): members(record.fields.map { (record.jsonNames[$0.name] ?? $0.name, $0.value) }, depth)
        }
    }

    private mutating func members(_ members: [(String, TemplateValue)], _ depth: Int) {
        enclosed("{", "}", members.filter { !$0.1.isAbsent }, depth) { writer, member in
            writer.quote(member.0)
            writer.text += writer.indent == nil ? ":" : ": "
            writer.write(member.1, depth: depth + 1)
        }
    }

    private mutating func enclosed<Element>(
        _ open: String, _ close: String, _ elements: [Element], _ depth: Int,
        _ body: (inout JSONWriter, Element) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            breakLine(depth + 1)
            body(&self, element)
        }
        if !elements.isEmpty { breakLine(depth) }
        text += close
    }

    private mutating func breakLine(_ depth: Int) {
        if let indent { text += "\n" + String(repeating: indent, count: depth) }
    }

    private func number(_ value: Double) -> String {
        // JSON has no words for these; Go refuses to encode them.
        value.isFinite ? goFloat(value, smallest: -6) : "null"
    }

    private mutating func quote(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
