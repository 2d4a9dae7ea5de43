import Bytes
import Dockerfile
import Errors
import Linux
import OCI

/// A source of ADD that is fetched.
enum RemoteSource: Sendable, Equatable {
    case url(String)
    case git(String)

    /// nil for a word that names files of the context.
    init?(_ word: String) {
        if GitAddress.isAddress(word) {
            self = .git(word)
        } else if word.begins(with: "http://") || word.begins(with: "https://") {
            self = .url(word)
        } else {
            return nil
        }
    }

    /// What was fetched: where it is, and what of that is copied.
    struct Fetched: Sendable {
        let tree: TemporaryTree
        /// The directory that is the source's root.
        let directory: String
        let source: SelectionSources.Source
    }

    /// Fetches it as `instruction` says. Throws `EngineError`.
    func fetch(for instruction: CopyInstruction, _ tools: BuildTools) throws(EngineError) -> Fetched {
        switch self {
        case .url(let address):
            var checksum: Digest?
            if let text = instruction.checksum {
                guard let digest = Digest(text) else {
                    throw EngineError("invalid checksum \"\(text.excerpt)\": it is to be like sha256:…", .invalid)
                }
                checksum = digest
            }
            let file = try WebFile.fetch(address, checksum: checksum, tools)
            var source = SelectionSources.Source(path: Array("/\(file.name)".utf8), hasWildcards: false)
            source.isUnpacked = instruction.unpacks ?? false
            source.mode = 0o600
            source.modification = file.modification
            return Fetched(tree: file.tree, directory: file.tree.path, source: source)
        case .git(let address):
            var parsed = try GitAddress(address, isOwn: false)
            if let keeps = instruction.keepsGitDirectory { parsed.keepsGitDirectory = keeps }
            if let checksum = instruction.checksum {
                guard !checksum.begins(with: "-") else {
                    throw EngineError("invalid checksum \"\(checksum.excerpt)\"", .invalid)
                }
                parsed.checksum = checksum
            }
            let (directory, tree) = try GitCheckout.fetch(parsed, isOwn: false, tools)
            return Fetched(
                tree: tree, directory: directory,
                source: SelectionSources.Source(path: [UInt8(ascii: "/")], hasWildcards: false))
        }
    }
}
