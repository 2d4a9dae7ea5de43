extension JSONTree {
    /// The document as text: on one line, or, with `indent`, one member a line, each level that many spaces deeper.
    package func text(indent: Int? = nil) -> String {
        var writer = JSONWriter(indent: indent)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Writes the document as one value. What was passed over is null.
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null, .raw: writer.raw("null")
        case .bool(let value): writer.bool(value)
        case .number(let digits): writer.raw(digits)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.name(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}
