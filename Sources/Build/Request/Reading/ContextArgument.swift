import Bytes
package import Errors
import Linux

/// What stands for the context on the command line of a build: "PATH | URL | -".
package enum ContextArgument: Equatable, Sendable {
    /// An archive or a Dockerfile on the standard input.
    case standardInput
    /// A directory, by its absolute path.
    case directory(String)
    /// A git repository, as git and Docker write it.
    case git(String)
    /// What an HTTP(S) server has.
    case url(String)

    /// What `text` says; a directory of that name, relative to `directory`, comes before anything else. Throws `OptionError` in Docker's words.
    package init(_ text: String, directory: String) throws(OptionError) {
        guard !text.isEmpty else {
            throw OptionError("please specify build context (e.g. \".\" for the current directory)")
        }
        if text == "-" {
            self = .standardInput
            return
        }
        let path = OptionFields.absolute(text, directory)
        let status: FileStatus?
        do throws(SystemError) { status = try OptionFields.status(path) } catch {
            // A URL may have names in it that cannot be.
            guard let remote = Self.remote(text) else {
                throw OptionError("unable to prepare context: path \(goQuoted(text)): \(error.errno)")
            }
            self = remote
            return
        }
        if status?.isDirectory == true {
            self = .directory(path)
        } else if let remote = Self.remote(text) {
            self = remote
        } else {
            throw OptionError("unable to prepare context: path \(goQuoted(text)) not found", .notFound)
        }
    }

    /// The repository or the URL that `text` is; nil where it is neither.
    package static func remote(_ text: String) -> ContextArgument? {
        for scheme in ["git://", "ssh://", "git@"] where text.begins(with: scheme) { return .git(text) }
        if text.begins(with: "github.com/") { return .git("https://\(text)") }
        guard text.begins(with: "http://") || text.begins(with: "https://") else {
            return isShortAddress(text) ? .git(text) : nil
        }
        return text.until("#").until("?").ends(with: ".git") ? .git(text) : .url(text)
    }

    // "user@host:path", as scp(1) writes it.
    private static func isShortAddress(_ text: String) -> Bool {
        guard let at = text.place(of: "@"), let colon = text.place(of: ":"), at < colon else { return false }
        func isName(_ part: Substring, _ marks: [UInt8]) -> Bool {
            !part.isEmpty
                && part.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || marks.contains($0)
                }
        }
        return isName(text[..<at], [45]) && isName(text[at..<colon].dropping(1), [45, 46])
    }
}
