import Glibc
import Linux
import Runtime
import Store

/// The process that removes trees whose files belong to subordinate ids: `remove-tree RUN-DIRECTORY PATH…`. It
/// prints the bytes of content that the disk has got back. Exit code 1 and a sentence on its standard error for the first
/// that could not be removed; the others are tried all the same.
package enum RemoveTreeWorker {
    /// Does the worker's work with what follows its verb; returns the exit code.
    package static func run(_ arguments: [String]) -> CInt {
        guard let runDirectory = arguments.first else { return 2 }
        var failure: String?
        var freed: Int64 = 0
        do {
            _ = try UserNamespace.enter(runDirectory: runDirectory)
            for path in arguments.dropFirst() {
                do throws(SystemError) { try RetiredTree.remove(path, freed: &freed) } catch {
                    failure = failure ?? RemovalRefusal.sentence(error, of: path)
                }
            }
        } catch {
            failure = "\(error)"
        }
        do throws(SystemError) { try FileDescriptor(owning: 1).writeAll("\(freed)".utf8) } catch {
            failure = failure ?? "\(error)"
        }
        guard let failure else { return 0 }
        try? FileDescriptor(owning: 2).writeAll(Array(failure.utf8))
        return 1
    }
}
