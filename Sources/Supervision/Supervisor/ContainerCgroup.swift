import Cgroups
import Linux
import OCI

/// A container's cgroup as its supervisor keeps it: asked for first, there when the container's process is made, and
/// removed last. Without limits a container also runs where none can be made.
final class ContainerCgroup {
    private let request: CgroupRequest
    private let isRequired: Bool
    private let deviceGuardNote: DeviceGuardNote
    private var pending: PendingCgroup?
    private var cgroup: Cgroup?
    private var events: CgroupEvents?
    // Whether its devices are still to be guarded.
    private var isUnguarded = false
    private var knownOOMKills: UInt64 = 0
    /// Whether memory has run out since the container's last start.
    private(set) var hasRunOutOfMemory = false

    /// Begins to make it. Called before the supervisor enters its user namespace, in which systemd would not know it.
    init(_ request: CgroupRequest, runDirectory: String) throws(SupervisorFailure) {
        self.request = request
        deviceGuardNote = DeviceGuardNote(runDirectory)
        do throws(CgroupError) { isRequired = try request.needsCgroup } catch { throw SupervisorFailure(error) }
        do throws(CgroupError) { pending = try Cgroup.begin(request) } catch {
            if isRequired { throw SupervisorFailure(error) }
        }
    }

    /// Whether `prepare()` waits for another process: systemd makes it.
    var isAwaited: Bool {
        switch pending {
        case .some(let pending): pending.isAwaited
        case nil: false
        }
    }

    /// Waits until it is there, with its limits but for devices (`guardDevices`). For a further start of the container it is the same
    /// one: `update` may have changed its limits meanwhile.
    func prepare() throws(SupervisorFailure) {
        hasRunOutOfMemory = false
        do throws(CgroupError) {
            if let pending = pending.take() {
                cgroup = try pending.complete(guarding: false)
                isUnguarded = true
            } else {
                events = nil
                try cgroup?.clear()
                knownOOMKills = cgroup?.oomKills ?? 0
            }
        } catch {
            if isRequired { throw SupervisorFailure(error) }
        }
    }

    /// Has its devices guarded as asked, before the container's program runs: the kernel takes half a millisecond to check what
    /// guards them, in which the container's process sets itself up.
    func guardDevices() throws(SupervisorFailure) {
        guard isUnguarded else { return }
        isUnguarded = false
        guard let rules = request.resources?.devices else { return }
        switch cgroup {
        case .some(let cgroup):
            do throws(CgroupError) { try cgroup.apply(rules, needsProgram: true) } catch {
                deviceGuardNote.retract()
                throw SupervisorFailure(error)
            }
        case nil: break
        }
    }

    /// A descriptor of its directory for the container's process; nil where there is no cgroup.
    func directory() throws(SupervisorFailure) -> FileDescriptor? {
        switch cgroup {
        case .some(let cgroup):
            do throws(SystemError) { return try cgroup.directory.duplicate() } catch { throw SupervisorFailure(error) }
        case nil: return nil
        }
    }

    /// Its directory; nil where there is no cgroup.
    var path: String? {
        switch cgroup {
        case .some(let cgroup): cgroup.path
        case nil: nil
        }
    }

    /// Looks whether the kernel has killed a process in it, for want of memory, since the last look.
    @discardableResult
    func checkMemory() -> Bool {
        let count: UInt64 =
            switch cgroup {
            case .some(let cgroup): cgroup.oomKills
            case nil: 0
            }
        defer { knownOOMKills = count }
        guard count > knownOOMKills else { return false }
        hasRunOutOfMemory = true
        return true
    }

    /// A task for the supervisor's loop that calls `outOfMemory` when memory has run out; nil without a limit of it.
    func watch(_ outOfMemory: @escaping () -> Void) -> (any SupervisedTask)? {
        guard request.resources?.memory != nil else { return nil }
        switch cgroup {
        case .some(let cgroup): events = try? CgroupEvents(cgroup)
        case nil: return nil
        }
        guard let descriptor = eventsNumber else { return nil }
        return MemoryWatch(cgroup: self, descriptor: descriptor, outOfMemory: outOfMemory)
    }

    private var eventsNumber: CInt? {
        switch events {
        case .some(let events): events.descriptor.rawValue
        case nil: nil
        }
    }

    fileprivate func drainEvents() { _ = events?.drain() }

    /// Ends what is left in it (without a pid namespace, processes outlive the first one), and removes it.
    func remove() {
        // A scope that is asked for and not awaited goes with the supervisor.
        pending = nil
        events = nil
        guard let cgroup = cgroup.take() else { return }
        // As a rule nothing is left in it.
        if cgroup.removeEmpty() { return }
        if cgroup.isPopulated { try? cgroup.kill() }
        try? cgroup.remove()
    }
}

/// Notices that memory has run out while the container runs.
final class MemoryWatch: SupervisedTask {
    private let cgroup: ContainerCgroup
    let descriptor: CInt?
    private let outOfMemory: () -> Void

    init(cgroup: ContainerCgroup, descriptor: CInt, outOfMemory: @escaping () -> Void) {
        self.cgroup = cgroup
        self.descriptor = descriptor
        self.outOfMemory = outOfMemory
    }

    var deadline: MonotonicTime? { nil }

    func turn(in container: RunningContainer) {
        cgroup.drainEvents()
        if cgroup.checkMemory() { outOfMemory() }
    }

    func stop() {}
}

extension SupervisorFailure {
    init(_ error: CgroupError) { self.init("cannot start the container: \(error)") }
}
