import Cgroups
import Glibc
import Linux

extension OCIRuntime {
    /// Sends a signal to the container's first process, or to `all` of its processes.
    /// SIGKILL reaches all where the first is not the first of a pid namespace, and the others would outlive it.
    package func kill(_ id: String, signal: CInt, all: Bool) throws(OCIError) {
        let container = try container(id)
        var reachesAll = all
        if signal == SIGKILL, !all { reachesAll = try !container.ownsProcessNumbers() }
        if reachesAll { return try killAll(container, signal) }
        // The words are those that containerd looks for.
        guard let pidfd = container.openProcess() else { throw OCIError("container not running") }
        do throws(SystemError) { try sendSignal(signal, to: pidfd) } catch {
            if error.errno == .noProcess { throw OCIError("container not running") }
            throw OCIError("cannot send signal \(signal) to the container \(id): \(error)")
        }
    }

    private func killAll(_ container: borrowing Container, _ signal: CInt) throws(OCIError) {
        guard let path = container.record.cgroup else {
            guard let pidfd = container.openProcess() else { throw OCIError("container not running") }
            // All of a pid namespace end with its first process; other signals cannot be counted on to reach them.
            guard signal == SIGKILL else {
                throw OCIError("cannot signal all processes of the container \(container.id): it has no control group")
            }
            return try reporting { try sendSignal(signal, to: pidfd) }
        }
        do throws(OCIError) {
            // A container whose first process has ended may have others left, where they share the host's pid namespace.
            let cgroup = try container.cgroup(for: "kill")
            try reporting("cannot kill the container \(container.id)") {
                guard container.record.process.isAlive || cgroup.isPopulated else {
                    throw OCIError("container not running")
                }
                if signal == SIGKILL { return try cgroup.kill() }
                for pid in try cgroup.processes() {
                    // Held while it is looked at, so that the number cannot change hands.
                    guard let pidfd = ProcessIdentity(of: pid)?.open() else { continue }
                    try? sendSignal(signal, to: pidfd)
                }
            }
        } catch {
            // systemd removes a scope as soon as nothing runs in it.
            throw Files.exists(path) ? error : OCIError("container not running")
        }
    }
}
