import Bytes
import Errors
import Glibc
import Linux

/// A directory that a command writes: what is missing is made under another name beside it, so that it is there whole or not at all.
struct TargetDirectory: ~Copyable {
    /// Where to write.
    let path: String
    /// What it is called when it is whole; nil where it was there before.
    private let target: String?
    private var isKept = false

    /// Looks at `target`. `refusal` says of the names in a directory that is there and not empty why it cannot be written to; nil where it
    /// can. Throws `EngineError`.
    init(_ target: String, refusal: ([String]) -> String?) throws(EngineError) {
        (path, self.target) = try Self.prepare(target, refusal)
    }

    private static func prepare(
        _ given: String, _ refusal: ([String]) -> String?
    ) throws(EngineError) -> (path: String, target: String?) {
        var target = given
        while target.utf8.count > 1, target.ends(with: "/") { target = String(target.droppingLast(1)) }
        let names: [String]?
        do throws(SystemError) { names = try Self.names(in: target) } catch {
            throw EngineError("cannot write to the directory \(target): \(error.errno)")
        }
        if let names {
            if !names.isEmpty, let cause = refusal(names) {
                throw EngineError("cannot write to the directory \(target): \(cause): name a new one", .conflict)
            }
            return (target, nil)
        }
        let parent = Files.split(target).parent
        let path = "\(parent)/.apus.\(getpid()).\(randomHex(bytes: 6))"
        do throws(SystemError) { try Files.makeDirectory(path, mode: 0o755) } catch {
            throw EngineError("invalid output path: \(parent): \(error.errno)", .notFound)
        }
        return (path, target)
    }

    // nil where nothing has the name.
    private static func names(in path: String) throws(SystemError) -> [String]? {
        do throws(SystemError) {
            guard try Files.status(path).isDirectory else { throw SystemError("open", path, .notDirectory) }
            return try Files.list(path)
        } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }

    deinit { if target != nil, !isKept { try? Files.removeTree(path) } }

    /// Gives it its name. Throws `EngineError`; nothing is left then.
    mutating func keep() throws(EngineError) {
        guard let target else { return }
        do throws(SystemError) {
            try Files.rename(path, to: target)
            isKept = true
            try Files.syncDirectory(Files.split(target).parent)
        } catch { throw EngineError("cannot write to \(target): \(error)") }
    }
}
