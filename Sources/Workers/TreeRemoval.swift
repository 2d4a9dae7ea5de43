package import Errors
import Linux
import Runtime
import Store

/// Removes directories of the store, whoever their files belong to.
package struct TreeRemoval: Sendable {
    private let executable: String
    private let runDirectory: String

    /// `executable` is what a worker is started from; `runDirectory` says which user namespace it enters.
    package init(executable: String, runDirectory: String) {
        self.executable = executable
        self.runDirectory = runDirectory
    }

    /// Removes `paths` and all below them. Returns the bytes of content that the disk has got back: of a file with several
    /// names when the last one goes. Throws with the first that could not be removed; all are tried.
    @discardableResult package func remove(_ paths: [String]) throws(EngineError) -> Int64 {
        var freed: Int64 = 0
        var rest: [String] = []
        var failure: String?
        for path in paths {
            do throws(SystemError) {
                try RetiredTree.remove(path, freed: &freed)
            } catch {
                // Files of subordinate ids need the user namespace.
                let isForbidden = error.errno == .access || error.errno == .notPermitted
                if isForbidden, UserNamespace.plan().mode == .mapped {
                    rest.append(path)
                } else {
                    failure = failure ?? RemovalRefusal.sentence(error, of: path)
                }
            }
        }
        if !rest.isEmpty { freed += try removeInNamespace(rest) }
        if let failure { throw EngineError(failure) }
        return freed
    }

    private func removeInNamespace(_ trees: [String]) throws(EngineError) -> Int64 {
        var freed: Int64 = 0
        // ARG_MAX is some 128 KiB at the least.
        for start in stride(from: 0, to: trees.count, by: 200) {
            let part = trees[start..<min(start + 200, trees.count)]
            let answer = try Worker.removeTree.answer(executable, [runDirectory] + part)
            freed += Int64(String(decoding: answer, as: UTF8.self)) ?? 0
        }
        return freed
    }
}
