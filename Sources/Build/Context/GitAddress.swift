import Bytes
import Errors

/// A git repository, and what of it is meant, as Docker writes that: "URL#REFERENCE:DIRECTORY" or "URL?ref=REFERENCE&subdir=DIRECTORY".
struct GitAddress: Sendable, Equatable {
    /// What git is given.
    var remote: String
    /// A branch, a tag or a commit; nil: what the repository says.
    var reference: String?
    /// The directory in it; nil: all.
    var directory: String?
    /// What the commit's digest must begin with.
    var checksum: String?
    var keepsGitDirectory = false
    var hasSubmodules = true

    /// Whether `text` is the address of a repository for a Dockerfile, rather than that of a file: "git@host:path", the schemes `git` and
    /// `ssh`, and those of HTTP with a path that ends in ".git".
    static func isAddress(_ text: String) -> Bool {
        if text.begins(with: "git://") || text.begins(with: "ssh://") || text.begins(with: "git@") { return true }
        guard text.begins(with: "http://") || text.begins(with: "https://") else { return false }
        return text.until("#").until("?").ends(with: ".git")
    }

    /// Reads `text`. `isOwn`: the caller named it, and not a Dockerfile, so that it may be a repository of this machine (`file://`). Throws for
    /// an address that git would not take for one.
    init(_ text: String, isOwn: Bool) throws(EngineError) {
        remote = String(text.until("#"))
        if let sign = text.place(of: "#") {
            let fragment = text.behind(sign)
            let name = String(fragment.until(":"))
            reference = name.isEmpty ? nil : name
            if let colon = fragment.place(of: ":") {
                let path = String(fragment.behind(colon))
                directory = path.isEmpty ? nil : path
            }
        }
        if let sign = remote.place(of: "?") {
            let query = String(remote.behind(sign))
            remote = String(remote[..<sign])
            for pair in query.split(on: "&") { try read(String(pair), text) }
        }
        if remote.begins(with: "github.com/") { remote = "https://" + remote }
        let schemes = ["http://", "https://", "git://", "ssh://"] + (isOwn ? ["file://"] : [])
        let isCopyStyle = remote.begins(with: "git@") && remote.has(":")
        guard isCopyStyle || schemes.contains(where: { remote.begins(with: $0) }) else {
            throw EngineError("\(text.excerpt) is no address of a git repository that is fetched", .invalid)
        }
        for word in [remote, reference, checksum].compactMap({ $0 }) {
            // git would read options, and what a control character makes of a line.
            guard !word.begins(with: "-"), word.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
                throw EngineError(
                    "\(text.excerpt) is refused: git could take a part of it for something else", .invalid)
            }
        }
        if let reference, reference.has(":") || reference.has("+") {
            throw EngineError("\(reference.excerpt) is no name of a branch, a tag or a commit", .invalid)
        }
    }

    private mutating func read(_ pair: String, _ text: String) throws(EngineError) {
        let key = String(pair.until("="))
        let value = pair.place(of: "=").map { String(pair.behind($0)) } ?? ""
        switch key {
        case "ref": reference = value
        case "branch": reference = "refs/heads/" + value
        case "tag": reference = "refs/tags/" + value
        case "subdir": directory = value
        case "checksum", "commit": checksum = value
        case "keep-git-dir", "submodules":
            guard let isOn = value.isEmpty ? true : goBool(value) else {
                throw EngineError("\(key)=\(value.excerpt) in \(text.excerpt) is no truth value", .invalid)
            }
            if key.isSame(as: "submodules") { hasSubmodules = isOn } else { keepsGitDirectory = isOn }
        default: throw EngineError("unexpected query \"\(key.excerpt)\" in \(text.excerpt)", .invalid)
        }
    }
}
