import Bytes
import Errors
import Linux

/// The text of an option that is one line of values with commas between them ("type=local,dest=out").
enum OptionFields {
    /// The values of `text`. Throws what Go's reader of such lines says.
    static func split(_ text: String) throws(OptionError) -> [String] {
        do throws(CommaSeparated.Failure) { return try CommaSeparated.fields(text) } catch {
            throw .usage("parse error on line 1: \(error)")
        }
    }

    /// The name of "name=value" in small letters without blanks around it, and the value; nil where there is no "=".
    static func pair(_ field: String) -> (key: String, value: String)? {
        guard let place = field.place(of: "=") else { return nil }
        var key = field[..<place]
        while key.firstLetter == " " { key = key.dropping(1) }
        while key.lastLetter == " " { key = key.droppingLast(1) }
        return (key.lowercased(), String(field.behind(place)))
    }

    /// `path`, which is relative to `directory` where it is relative, without the components that say nothing. What ".." leads to is the
    /// kernel's to say.
    static func absolute(_ path: String, _ directory: String) -> String {
        let whole = path.begins(with: "/") ? path : "\(directory)/\(path)"
        return "/" + whole.split(on: "/").filter { !$0.isSame(as: ".") }.joined(separator: "/")
    }

    /// What has the name `path`; nil where nothing has. Throws `SystemError` where that cannot be seen.
    static func status(_ path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) { return try Files.status(path) } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }
}
