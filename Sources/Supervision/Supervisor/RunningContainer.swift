import Cgroups
import ContainerSpec
import Linux
import OCI
import Runtime
import Seccomp

/// A container whose first process runs, as its supervisor holds it: what it takes to run another process in it.
final class RunningContainer {
    let id: String
    /// The number of its init where the supervisor lives.
    let pid: ProcessID
    /// A pidfd of its init.
    let pidfd: FileDescriptor
    /// The configuration that it was started with, its user resolved.
    let plan: LaunchPlan
    let seccomp: SeccompProgram?
    /// Where there is one id; nil elsewhere.
    let identity: IdentityFilters?
    /// The supervisor's user namespace.
    let mode: UserNamespace.Mode
    /// The container's directory for what does not outlive the boot.
    let runDirectory: String
    /// The path of its own control group; nil where it has none.
    let cgroup: String?
    let started = MonotonicTime.now()
    var isPaused = false
    /// Where events of it are noted.
    var journal: ContainerJournal?

    init(
        id: String, pid: ProcessID, pidfd: consuming FileDescriptor, plan: LaunchPlan, seccomp: SeccompProgram?,
        identity: IdentityFilters? = nil, mode: UserNamespace.Mode, runDirectory: String, cgroup: String?
    ) {
        self.id = id
        self.pid = pid
        self.pidfd = pidfd
        self.plan = plan
        self.seccomp = seccomp
        self.identity = identity
        self.mode = mode
        self.runDirectory = runDirectory
        self.cgroup = cgroup
    }

    var spec: RuntimeSpec { plan.spec }

    /// Sends a signal to its init; one that has ended is no failure. Throws `SystemError`.
    func send(_ signal: CInt) throws(SystemError) {
        do throws(SystemError) { try sendSignal(signal, to: pidfd) } catch  where error.errno == .noProcess {}
    }

    /// Stops or continues all its processes (cgroup v2's freezer). Throws a sentence where that cannot be.
    func setPaused(_ paused: Bool) throws(SupervisorFailure) {
        guard let cgroup else {
            throw SupervisorFailure(
                "it has no control group of its own, which alone could hold all its processes")
        }
        do throws(CgroupError) {
            let group = try Cgroup.open(cgroup)
            if paused { try group.freeze() } else { try group.thaw() }
        } catch { throw SupervisorFailure(error.description) }
    }
}

/// Something that a supervisor does at times while its container runs: a health check.
protocol SupervisedTask: AnyObject {
    /// When the task wants its next turn; nil for not before something happens on its descriptor.
    var deadline: MonotonicTime? { get }
    /// A descriptor of which the task awaits input or an end, such as a pidfd; nil for none.
    var descriptor: CInt? { get }
    /// The task's turn. It does not wait for anything.
    func turn(in container: RunningContainer)
    /// The container has ended.
    func stop()
}
