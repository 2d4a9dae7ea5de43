import Bytes
import Errors
import Glibc
import Images
package import Linux

/// What can be told of outputs before anything is built for them.
extension BuildRun {
    /// Throws for outputs that this build cannot come to, and for places where nothing can be written.
    func checkOutputs() throws(BuildError) {
        let isOfMany = request.platforms.count > 1
        for output in request.outputs {
            switch output {
            case .image: continue
            case .archive(let destination, let format, _):
                guard format != .docker || !isOfMany else {
                    throw BuildError(
                        "docker exporter does not support exporting manifest lists: name one platform, or give type=oci",
                        .unsupported)
                }
                try check(destination)
            case .local(let path): try check(.directory(path))
            case .tar(let destination):
                guard !isOfMany else {
                    throw BuildError(
                        "an output of type=tar is refused for several platforms: use type=local, or one platform",
                        .unsupported)
                }
                try check(destination)
            }
        }
        for target in request.cacheTargets where !target.ignoresErrors {
            switch target.place {
            case .directory(let path, _): try check(.directory(path))
            case .registry: continue
            }
        }
    }

    private func check(_ destination: BuildDestination) throws(BuildError) {
        do throws(SystemError) { try destination.check() } catch {
            throw BuildError(
                "nothing can be written to an output: \(error)", error.errno == .access ? .forbidden : .invalid)
        }
    }
}

extension BuildDestination {
    /// Throws `SystemError` where it can be seen that nothing can be written there: with the path of what forbids it.
    package func check() throws(SystemError) {
        switch self {
        case .descriptor: return
        case .file(let path):
            if let status = try Self.status(path), !status.isRegular {
                guard !status.isDirectory else { throw SystemError("open", path, .isDirectory) }
                return try Files.checkAccess(path, W_OK)
            }
            // What is there is replaced when the new file is whole.
            try Files.checkAccess(Files.split(path).parent, W_OK | X_OK)
        case .directory(let path):
            var place = path
            while true {
                if let status = try Self.status(place) {
                    guard status.isDirectory else { throw SystemError("mkdir", place, .notDirectory) }
                    return try Files.checkAccess(place, W_OK | X_OK)
                }
                let parent = Files.split(place).parent
                if parent.isSame(as: place) { return }
                place = parent
            }
        }
    }

    private static func status(_ path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) { return try Files.status(path) } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }
}
