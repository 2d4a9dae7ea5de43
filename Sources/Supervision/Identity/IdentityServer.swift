import Glibc
import Linux
import Seccomp

/// The process that answers, for a container in whose user namespace there is one id, the calls that would need another
/// one (`IdentityFilter`): owners are kept beside the files (`KeptOwner`), credentials are remembered.
///
/// It is forked from the supervisor, or from the keeper of a command, has one thread and one container, and no descriptor
/// but the listener and a pidfd. Where it ends too early the calls fail (ENOSYS); nothing else depends on it. What a
/// container has it do is no more than the container's own root could do with its files: it walks paths with the caller's
/// root as its own, and follows none of procfs's links.
struct IdentityServer: ~Copyable {
    let listener: CallListener
    /// Ends with this process at the latest.
    private let container: CInt
    /// /proc and /proc/self/fd of where it was started, which a container's root does not hide.
    let processes: FileDescriptor
    let own: FileDescriptor
    /// Whether paths can be walked without procfs's links (openat2(2), which an outer filter may not know). Otherwise owners
    /// are not kept, and calls about them succeed without effect.
    let walksPaths: Bool
    private let calls = IdentityCall.table()
    private var table = CredentialTable()

    /// Forks the process and returns its number. `listener` and `container`, a pidfd of the container's first process, stay
    /// the caller's. One that is `lasting` outlives the caller: what a command has started in the container may. The calling
    /// process has one thread. Throws `SystemError`.
    static func spawn(
        _ listener: CInt, container: CInt, lasting: Bool
    ) throws(SystemError) -> ProcessID {
        let parent = getpid()
        return try fork {
            Supervisor.isolate(keeping: [listener, container])
            do throws(SystemError) {
                if !lasting {
                    try Credentials.setParentDeathSignal(SIGKILL)
                    guard getppid() == parent else { return 0 }
                }
                // A container that sees the machine's processes must not look into this one.
                Hardening.setDumpable(false)
                var server = try IdentityServer(FileDescriptor(owning: listener), container: container)
                try server.serve()
            } catch { return 1 }
            return 0
        }
    }

    private init(_ listener: consuming FileDescriptor, container: CInt) throws(SystemError) {
        let processes = try FileDescriptor.open("/proc", FileDescriptor.pathOnly | O_DIRECTORY)
        let own = try FileDescriptor.open("/proc/self/fd", FileDescriptor.pathOnly | O_DIRECTORY)
        walksPaths = (try? Files.open(raw: [47, 0], from: AT_FDCWD, FileDescriptor.pathOnly)) != nil
        self.processes = processes
        self.own = own
        self.listener = CallListener(listener)
        self.container = container
    }

    private mutating func serve() throws(SystemError) {
        while true {
            var poll = PollSet()
            let place = poll.add(listener.descriptor.rawValue)
            let end = poll.add(container)
            _ = try poll.wait()
            // The last process with the filter is gone (Linux 5.9), or all of the container.
            if poll.isHungUp(place) || poll.isReadable(end) { return }
            guard let call = try listener.receive() else { continue }
            do throws(SystemError) {
                listener.answer(call, try answer(call))
            } catch { listener.answer(call, .failure(error.errno)) }
        }
    }

    private mutating func answer(_ call: NotifiedCall) throws(SystemError) -> CallAnswer {
        guard let variant = calls[UInt64(call.architecture) << 32 | UInt64(call.number)] else { return .proceed }
        let mark = try OtherProcess.mark(call.thread)
        let credentials = table.credentials(mark)
        let question = Question(call, variant)
        if let answer = try answerFile(question, credentials) { return answer }
        if let answer = try tell(question, credentials) { return answer }
        var changed = credentials
        let answer = try Self.change(question, &changed)
        if changed != credentials {
            guard let mark = table.mark(changed) else { return .failure(.again) }
            // Its number may be another's by now; the mark means nothing to one that has no such filter.
            guard listener.isWaiting(call) else { return .failure(.noProcess) }
            // Somebody who has a lower limit is not remembered, and gets no answer that is not kept.
            try OtherProcess.mark(call.thread, mark)
        }
        return answer
    }
}

/// A call with the numbers that its arguments are.
struct Question {
    let call: NotifiedCall
    let kind: IdentityCall
    let isShort: Bool

    init(_ call: NotifiedCall, _ variant: IdentityCall.Variant) {
        self.call = call
        kind = variant.call
        isShort = variant.isShort
    }

    var thread: ProcessID { call.thread }

    /// The argument as a signed int, whatever the upper half of its register holds.
    func integer(_ place: Int) -> CInt { CInt(truncatingIfNeeded: call.arguments[place]) }

    /// The argument as an id; the highest number is that for none.
    func id(_ place: Int) -> UInt32 {
        guard isShort else { return UInt32(truncatingIfNeeded: call.arguments[place]) }
        let short = UInt16(truncatingIfNeeded: call.arguments[place])
        return short == .max ? .max : UInt32(short)
    }

    /// The argument as the id of a new owner; nil for one that stays.
    func owner(_ place: Int) -> UInt32? {
        let id = id(place)
        return id == .max ? nil : id
    }
}
