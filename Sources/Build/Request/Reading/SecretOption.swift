import Bytes
package import Errors
import Linux

/// The text of `--secret`: "id=NAME", with "src=PATH" or "env=VARIABLE" where what it is has another name.
package enum SecretOption {
    /// How many bytes a secret of a file may have, as BuildKit has it.
    package static let sizeLimit = 500 * 1024

    /// The secret that `text` says, with its identifier; nil where it is empty. Of an identifier by itself it is the variable of that name
    /// that `caller` has, or else the file of that name. `directory` is what relative paths are relative to. Throws `OptionError`.
    package static func read(
        _ text: String, directory: String, caller: (String) -> String?
    ) throws(OptionError) -> (id: String, secret: BuildSecret)? {
        guard !text.isEmpty else { return nil }
        var (id, type, path, variable) = ("", "", "", "")
        for field in try OptionFields.split(text) {
            guard let (key, value) = OptionFields.pair(field) else {
                throw .usage("invalid field '\(field.excerpt)' must be a key=value pair")
            }
            switch key {
            case "id": id = value
            case "type":
                guard value == "file" || value == "env" else {
                    throw .usage("unsupported secret type \(goQuoted(value.excerpt))")
                }
                type = value
            case "source", "src": path = value
            case "env": variable = value
            default: throw .usage("unexpected key '\(key.excerpt)' in '\(field.excerpt)'")
            }
        }
        if type == "env", variable.isEmpty { (variable, path) = (path, "") }
        guard !id.isEmpty else { throw OptionError("secret missing ID") }
        if variable.isEmpty, path.isEmpty {
            if let value = caller(id) { return (id, .value(Array(value.utf8))) }
            path = id
        }
        if !variable.isEmpty { return (id, .value(Array((caller(variable) ?? "").utf8))) }
        return (id, .file(try checked(path, directory)))
    }

    private static func checked(_ path: String, _ directory: String) throws(OptionError) -> String {
        let absolute = OptionFields.absolute(path, directory)
        let status: FileStatus
        do throws(SystemError) { status = try Files.status(absolute) } catch {
            throw OptionError("failed to stat \(path): stat \(path): \(error.errno)", .notFound)
        }
        guard !status.isDirectory else { throw OptionError("secret \(path) is a directory: name a file") }
        guard status.size <= sizeLimit else {
            throw OptionError("secret \(path) too big. max size \(sizeLimit / 1024)KB")
        }
        return absolute
    }
}
