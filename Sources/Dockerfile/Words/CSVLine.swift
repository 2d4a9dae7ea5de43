import Bytes

/// One line of values with commas between them, with BuildKit's sentences for what is none.
enum CSVLine {
    static func fields(_ text: String) throws(Fault) -> [String] {
        guard !text.isEmpty else { throw Fault("EOF") }
        do throws(CommaSeparated.Failure) { return try CommaSeparated.fields(text) } catch {
            throw Fault("parse error on line 1: \(error)")
        }
    }
}
