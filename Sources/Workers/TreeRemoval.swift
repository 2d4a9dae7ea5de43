package import Errors
import Linux
import Runtime

/// Removes directories of the store, whoever their files belong to.
package struct TreeRemoval: Sendable {
    private let executable: String
    private let runDirectory: String

    /// `executable` is what a worker is started from; `runDirectory` says which user namespace it enters.
    package init(executable: String, runDirectory: String) {
        self.executable = executable
        self.runDirectory = runDirectory
    }

    /// Removes `paths` and all below them. Throws with the first that could not be removed; all are tried.
    package func remove(_ paths: [String]) throws(EngineError) {
        var rest: [String] = []
        var failure: String?
        for path in paths {
            do throws(SystemError) {
                try Files.removeTree(path)
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
        if !rest.isEmpty { try removeInNamespace(rest) }
        if let failure { throw EngineError(failure) }
    }

    private func removeInNamespace(_ trees: [String]) throws(EngineError) {
        try engine {
            // ARG_MAX is some 128 KiB at the least.
            for start in stride(from: 0, to: trees.count, by: 200) {
                var ends = try FileDescriptor.pipe()
                let output = ends.takeFirst()
                let input = ends.takeSecond()
                let pid = try Worker.removeTree.start(
                    executable, [runDirectory] + trees[start..<min(start + 200, trees.count)],
                    inheriting: [nil, nil, input.rawValue])
                endLifetime(input)
                let message = try output.readAll(limit: 1 << 16)
                let status = try waitForExit(of: pid)
                guard status == .exited(code: 0) else {
                    throw EngineError(String(decoding: message, as: UTF8.self))
                }
            }
        }
    }
}
