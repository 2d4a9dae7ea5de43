import JSON
import Linux

/// Reads lines of a json-file, ours and Docker's: an object of texts and of one object of texts.
enum JSONLine {
    /// False for what is no such line.
    static func read(_ line: UnsafeBufferPointer<UInt8>, into entry: inout LogEntry) -> Bool {
        var reader = JSONScanner(line)
        guard reader.take(UInt8(ascii: "{")) else { return false }
        var raw: [UInt8]?
        var hasLog = false
        entry.isPart = true
        while true {
            guard let name = reader.plainText(), reader.take(UInt8(ascii: ":")) else { return false }
            switch name.count {
            case 3 where name.elementsEqual("log".utf8):
                guard reader.text(into: &entry.text) else { return false }
                hasLog = true
                if entry.text.last == 10 {
                    entry.text.removeLast()
                    entry.isPart = false
                }
            case 6 where name.elementsEqual("stream".utf8):
                guard let stream = reader.plainText() else { return false }
                entry.stream = stream.elementsEqual("stderr".utf8) ? .errorOutput : .output
            case 4 where name.elementsEqual("time".utf8):
                guard let time = reader.plainText() else { return false }
                entry.time += time
            case 3 where name.elementsEqual("raw".utf8):
                guard let text = reader.plainText(), let bytes = Base64.decoded(text) else { return false }
                raw = bytes
            case 5 where name.elementsEqual("attrs".utf8):
                guard let object = reader.object() else { return false }
                entry.attributes += object
            default:
                guard reader.skipValue() else { return false }
            }
            if reader.take(UInt8(ascii: ",")) { continue }
            guard reader.take(UInt8(ascii: "}")) else { return false }
            if let raw { entry.text = raw }
            // Docker leaves an empty text out.
            return hasLog || !entry.time.isEmpty
        }
    }
}
