import Glibc
import Linux
import Runtime

/// The supervisor's hold of an `IdentityServer`.
final class IdentityProcess {
    private let pid: ProcessID
    private let pidfd: FileDescriptor

    private init(_ pid: ProcessID) throws(SystemError) {
        self.pid = pid
        pidfd = try openProcess(pid)
    }

    /// As `InitProcess.complete()`; where the filter of `process` has a listener a server is there from then on, until it is
    /// ended, or, if it is `lasting`, until nobody needs it any more. `container` is a pidfd of the container's first process.
    /// Throws what the process failed with; it is reaped then.
    static func complete(
        _ process: inout InitProcess, container: CInt, lasting: Bool
    ) throws(LaunchError) -> IdentityProcess? {
        var server: IdentityProcess?
        do throws(LaunchError) {
            while let pause = try process.nextPause() {
                guard pause == .listener else {
                    process.kill()
                    throw LaunchError(.request, sentence: "cannot start the container: nobody runs its hooks")
                }
                let listener = try process.takeListener()
                do throws(SystemError) {
                    server = try IdentityProcess(
                        IdentityServer.spawn(listener.rawValue, container: container, lasting: lasting))
                } catch {
                    process.kill()
                    throw LaunchError(.seccomp, error)
                }
                try process.resume()
            }
        } catch {
            server?.end()
            throw error
        }
        return server
    }

    /// Ends the server, and reaps it.
    func end() {
        do throws(SystemError) { try sendSignal(SIGKILL, to: pidfd) } catch { return }
        _ = try? waitForExit(of: pid)
    }
}
