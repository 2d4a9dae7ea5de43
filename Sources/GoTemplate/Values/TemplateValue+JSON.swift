import JSON

extension TemplateValue {
    /// Reads one JSON document (RFC 8259). Numbers without fraction or exponent stay integers, members keep their
    /// order. Throws `TemplateError` for what is no JSON.
    package init(json bytes: some Collection<UInt8>) throws(TemplateError) {
        do throws(JSONError) {
            self = Self.value(try JSONTree.parse(Array(bytes)))
        } catch {
            throw TemplateError(error.description)
        }
    }

    private static func value(_ tree: JSONTree) -> TemplateValue {
        switch tree {
        case .null, .raw: return .null
        case .bool(let value): return .bool(value)
        case .number(let digits): return Int64(digits).map { .int($0) } ?? .double(Double(digits) ?? .nan)
        case .string(let text): return .string(text)
        case .array(let elements): return .list(elements.map { value($0) })
        case .object(let members):
            var map = TemplateMap(kind: .document)
            for member in members { map[member.name] = value(member.value) }
            return .map(map)
        }
    }

    /// The value as JSON without blanks, as Go writes it with HTML escaping off. Absent members are left out.
    package var json: String { json(indent: nil) }

    /// The value as JSON over several lines, each level `indent` spaces deeper.
    package func json(indent: Int?) -> String {
        var writer = JSONWriter(indent: indent)
        write(to: &writer)
        guard case .record(let record) = self, record.escapesHTML else {
            return String(decoding: writer.bytes, as: UTF8.self)
        }
        // These stand in texts alone, wherever they are in JSON.
        var text = ""
        for scalar in String(decoding: writer.bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "<": text += #"\u003c"#
            case ">": text += #"\u003e"#
            case "&": text += #"\u0026"#
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null, .absent, .empty(.list, _), .empty(.map, _): writer.raw("null")
        case .empty(let value, _): value.write(to: &writer)
        case .bool(let value): writer.bool(value)
        case .int(let value): writer.raw(String(value))
        // JSON has no words for what is not finite; Go refuses to encode it.
        case .double(let value): writer.raw(value.isFinite ? goFloat(value, smallest: -6) : "null")
        case .string(let text): writer.string(text)
        case .list(let values):
            writer.beginArray()
            for value in values { value.write(to: &writer) }
            writer.endArray()
        case .map(let map):
            writer.beginObject()
            for (name, value) in map.members { value.write(name, to: &writer) }
            writer.endObject()
        case .record(let record):
            writer.beginObject()
            for (name, value) in record.fields { value.write(record.jsonNames[name] ?? name, to: &writer) }
            writer.endObject()
        }
    }

    private func write(_ name: String, to writer: inout JSONWriter) {
        if isAbsent { return }
        writer.name(name)
        write(to: &writer)
    }
}
