/// What `text` is the base64 of; empty for what is none.
func decodedBase64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var (bits, count, bytes) = (UInt32(0), 0, [UInt8]())
    for letter in text.utf8 where letter != UInt8(ascii: "=") {
        guard let value = alphabet.firstIndex(of: letter) else { return "" }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// `text` without the percents of addresses.
func decodedPercent(_ text: String) -> String {
    let letters = Array(text.utf8)
    var (bytes, place) = ([UInt8](), 0)
    while place < letters.count {
        let end = min(place + 3, letters.count)
        if letters[place] == UInt8(ascii: "%"), end == place + 3,
            let byte = UInt8(String(decoding: letters[(place + 1)..<end], as: UTF8.self), radix: 16)
        {
            bytes.append(byte)
            place = end
        } else {
            bytes.append(letters[place])
            place += 1
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
