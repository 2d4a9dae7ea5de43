import Glibc
import Linux

/// A command that runs beside a container's own process: from the supervisor's side, its keeper.
enum ExecSession {
    /// Forks the keeper of a new command out of the supervisor, which has one thread, and returns its number.
    ///
    /// The keeper has `connection` to itself once the caller has closed its own copy: it joins the container, serves the
    /// streams over the connection, reaps the command and ends. What goes wrong in it is told to the client and never
    /// reaches the supervisor, which only has to reap it. Throws `SupervisorFailure` where there can be no keeper.
    static func spawn(
        _ request: ExecRequest, connection: CInt, in container: RunningContainer
    ) throws(SupervisorFailure) -> ProcessID {
        // Whatever is kept would be written by the keeper, too.
        container.journal?.flush()
        do throws(SystemError) {
            return try fork {
                // Every other descriptor goes: the container's lock above all, and other clients' connections.
                Supervisor.isolate(keeping: [connection, container.pidfd.rawValue])
                ExecKeeper(request, container).run(FileDescriptor(owning: connection))
                return 0
            }
        } catch { throw SupervisorFailure("cannot run a command in the container: \(error)", exitCode: 126) }
    }
}
