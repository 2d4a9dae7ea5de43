import Linux
import Runtime
import Store

extension Engine {
    /// Removes `paths` and all below them, whoever the files belong to. Throws with the first that could not be
    /// removed; all are tried.
    package func removeTrees(_ paths: [String]) throws(EngineError) {
        var rest: [String] = []
        var failure: SystemError?
        for path in paths {
            do throws(SystemError) {
                try Files.removeTree(path)
            } catch {
                // Files of subordinate ids need the user namespace.
                let isForbidden = error.errno == .access || error.errno == .notPermitted
                if isForbidden, UserNamespace.plan().mode == .mapped {
                    rest.append(path)
                } else {
                    failure = failure ?? error
                }
            }
        }
        if !rest.isEmpty { try removeInNamespace(rest) }
        if let failure { throw EngineError("cannot remove \(failure.object ?? "a directory"): \(failure)") }
    }

    private func removeInNamespace(_ trees: [String]) throws(EngineError) {
        try engine {
            // ARG_MAX is some 128 KiB at the least.
            for start in stride(from: 0, to: trees.count, by: 200) {
                var ends = try FileDescriptor.pipe()
                let output = ends.takeFirst()
                let input = ends.takeSecond()
                let pid = try Worker.removeTree.start(
                    executable, [paths.run] + trees[start..<min(start + 200, trees.count)],
                    inheriting: [nil, nil, input.rawValue])
                _ = consume input
                let message = try output.readAll(limit: 1 << 16)
                let status = try waitForExit(of: pid)
                guard status == .exited(code: 0) else {
                    throw EngineError("cannot remove old files: " + String(decoding: message, as: UTF8.self))
                }
            }
        }
    }
}
