import Bytes

/// One line of values with commas between them, as Go's `encoding/csv` reads it (RFC 4180).
enum CSVLine {
    static func fields(_ text: String) throws(Fault) -> [String] {
        var rest = Array(text.utf8)[...]
        guard !rest.isEmpty else { throw Fault("EOF") }
        var fields: [String] = []
        while true {
            fields.append(String(decoding: try field(&rest), as: UTF8.self))
            guard rest.first == UInt8(ascii: ",") else { return fields }
            rest = rest.dropFirst()
        }
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
        guard rest.first == UInt8(ascii: "\"") else {
            let value = rest.prefix { $0 != UInt8(ascii: ",") }
            guard !value.contains(UInt8(ascii: "\"")) else {
                throw Fault("parse error on line 1: bare \" in non-quoted-field")
            }
            rest = rest.dropFirst(value.count)
            return Array(value)
        }
        rest = rest.dropFirst()
        var result: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\"") else {
                result.append(byte)
                continue
            }
            if rest.first == byte {
                result.append(byte)
                rest = rest.dropFirst()
                continue
            }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else {
                throw Fault("parse error on line 1: extraneous or missing \" in quoted-field")
            }
            return result
        }
        throw Fault("parse error on line 1: extraneous or missing \" in quoted-field")
    }
}
