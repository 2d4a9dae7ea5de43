/// What is sent as a form is, in a body or behind the "?" of an address.
enum Form {
    /// Names and values as a form sends them.
    static func text(_ fields: [(String, String)]) -> String {
        fields.map { $0.0 + "=" + percentEncoded($0.1) }.joined(separator: "&")
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
            default: bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
