/// A template that is fields of a record and text around them alone, as those of the standard tables are. What it gives can be
/// said without the language; for all else, and whatever goes wrong, there is `Template`.
package struct FieldTemplate: Sendable {
    // The text before each field, and what is behind the last one.
    private var texts: [String] = []
    private var fields: [String] = []

    /// Nil for a template that has something else in it, or that is none.
    package init?(_ source: String) {
        let bytes = Array(source.utf8)
        let (open, close, dot) = (UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "."))
        var start = 0
        var place = 0
        while place + 1 < bytes.count {
            guard bytes[place] == open, bytes[place + 1] == open else {
                place += 1
                continue
            }
            let name = place + 3
            var end = name
            while end < bytes.count, Self.isLetter(bytes[end]) { end += 1 }
            guard end > name, bytes[place + 2] == dot, end + 1 < bytes.count, bytes[end] == close,
                bytes[end + 1] == close
            else { return nil }
            texts.append(String(decoding: bytes[start..<place], as: UTF8.self))
            fields.append(String(decoding: bytes[name..<end], as: UTF8.self))
            place = end + 2
            start = place
        }
        texts.append(String(decoding: bytes[start...], as: UTF8.self))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// What `Template` gives for `record`; nil where one of the fields is no text of the record's.
    package func execute(_ record: TemplateRecord) -> String? {
        var text = ""
        for place in fields.indices {
            let name = fields[place]
            for method in record.methods where method.name == name { return nil }
            guard case .string(let value) = record[name] else { return nil }
            text += texts[place]
            text += value
        }
        return text + texts[fields.count]
    }
}
