import Glibc
import Linux
import OCI

/// What is asked of a start for the process alone, whatever its namespaces.
struct ProcessOptions {
    let stdio: Stdio
    let preservedDescriptors: [CInt]
    let seccomp: [UInt8]?
    let seccompFlags: UInt32
    let identity: IdentityFilters?
    let oneUser: CInt?
    let startImmediately: Bool
    let runsInit: Bool
    let newSessionKeyring: Bool
    let parentDeathSignal: CInt?
    let gate: StartGate?
    let setsHome: Bool
    let hidesExecutable: Bool
    /// False for a process that will never be started: there is nothing to look for.
    let hasCommand: Bool
    /// Whether the caller's additional groups stay.
    let keepsGroups: Bool
}

/// The last part of a start, in the container's namespaces and root: what makes the calling process one of the
/// container, up to execve(2). The first process and those that join later go through it.
struct ProcessSetup {
    let process: RuntimeSpec.Process
    let personality: RuntimeSpec.Personality?
    let memoryPolicy: RuntimeSpec.MemoryPolicy?
    let options: ProcessOptions
    /// What runs last before the command, and what it gets to read.
    var lastHooks: [RuntimeSpec.Hook] = []
    var hookInput: [UInt8] = []

    func run(
        terminal: consuming FileDescriptor?, labels: SecurityLabels, _ channel: inout PacketSocket
    ) throws(LaunchError) -> Never {
        try setLimits()
        // All that needs to be root of the container's namespaces is done; what follows is about this process alone.
        if let namespace = options.oneUser {
            try step(.credentials) { () throws(SystemError) in try NamespaceSet.user.enter(namespace) }
        }
        if options.newSessionKeyring { try joinKeyring() }
        try labels.apply()
        // A session of its own, so that no signal of the caller's terminal reaches it, and so that it can get one.
        _ = setsid()
        try arrangeDescriptors(terminal, &channel)
        // While memory files can still be made: a filter may forbid it.
        let reaper =
            options.runsInit ? try step(.initProcess) { () throws(SystemError) in try Reaper.program() } : nil
        // Not everywhere (vm.memfd_noexec): then a command that has our executable must be kept from it otherwise.
        let starter = options.hidesExecutable ? (try? OwnExecutable.starter())?.release() : nil
        let entered = try enterWorkingDirectory(again: false)
        let plan = try becomeUser()
        // Before the filter, which may refuse the calls.
        if !entered { _ = try enterWorkingDirectory(again: true) }
        try checkWorkingDirectory()
        try dropPrivileges(plan, channel)
        umask(process.user.umask ?? 0o022)
        if let signal = options.parentDeathSignal {
            // After the change of the user, which takes it back.
            try step(.limits) { () throws(SystemError) in try Credentials.setParentDeathSignal(signal) }
        }
        let process = options.setsHome ? withHome(process) : process
        let command = Command(process)
        let noNewPrivileges = process.noNewPrivileges ?? false
        // As late as it can be, but while there is a parent that hands the listener on.
        let hasListener = SystemCallFilter.hasListener(options.seccomp, options.seccompFlags)
        if noNewPrivileges {
            try step(.credentials) { () throws(SystemError) in try Credentials.setNoNewPrivileges() }
            if hasListener, let seccomp = options.seccomp { try load(seccomp, options.seccompFlags, channel) }
        }
        var found: String?
        if !options.startImmediately {
            if options.hasCommand { found = try command.check() }
            try waitForStart(&channel)
        }
        if noNewPrivileges, !hasListener, let seccomp = options.seccomp {
            try load(seccomp, options.seccompFlags, channel)
        }
        // Programs of the container's: nothing of its caller is theirs, and the filter holds for them, too.
        try RuntimeSpec.run(
            lastHooks, "startContainer", input: hookInput, directory: "/", inherited: process.env ?? [])
        if let reaper { try splitOffReaper(reaper, channel) }
        // What the caller blocks and ignores is its own affair; last, because a blocked signal may be pending.
        Signals.resetAll()
        try send(.executing, channel)
        if let starter { command.execute(found, by: starter, socket: channel.descriptor.rawValue) }
        throw command.execute(found)
    }

    private func send(_ message: ChildMessage, _ channel: borrowing PacketSocket) throws(LaunchError) {
        try step(.communication) { () throws(SystemError) in try channel.send(Frame.encode(message)) }
    }

    // By read(2): a filter that is loaded already need not know recvmsg(2).
    private func waitForStart(_ channel: inout PacketSocket) throws(LaunchError) {
        try send(.ready, channel)
        guard options.gate != nil else { return try expect(.start, channel.descriptor.rawValue) }
        // The first of a pid namespace hears only what it has a handler for: a created container can be ended, too.
        Signals.handle([SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM]) { _exit(128 + $0) }
        // Until then the parent may fail, and this process with it.
        try expect(.parted, channel.descriptor.rawValue)
        let (orders, answers) = gateNumbers
        _ = exchange(&channel, with: PacketSocket(owning: FileDescriptor(owning: answers)))
        try expect(.start, orders)
    }

    private func expect(_ expected: ParentMessage, _ number: CInt) throws(LaunchError) {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = try step(.communication) { () throws(SystemError) in try check("read") { read(number, &bytes, 64) }
        }
        // The caller is gone: nobody will ever start this container.
        if count == 0 { _exit(1) }
        bytes.removeLast(64 - count)
        // A message has one form alone.
        guard bytes == Frame.encode(expected) else {
            throw LaunchError(.communication, sentence: "the container's process got a message out of turn")
        }
    }

    /// Loads the filter, and has its listener served where it has one.
    func load(_ program: [UInt8], _ flags: UInt32, _ channel: borrowing PacketSocket) throws(LaunchError) {
        let listener = try step(.seccomp) { () throws(SystemError) in
            try SystemCallFilter.load(program, flags: flags)
        }
        guard SystemCallFilter.hasListener(program, flags) else { return }
        try serve(listener, channel)
    }

    /// Loads the filter about ids: the one that asks, or where the kernel has no such thing, or has it for one filter alone
    /// that an outer container has, the one that ignores the calls. Where none can be they fail as they do without.
    func load(_ filters: IdentityFilters, _ channel: borrowing PacketSocket) throws(LaunchError) {
        let asking = UInt32(filters.asked.isEmpty ? 0 : 8)
        // SECCOMP_FILTER_FLAG_NEW_LISTENER (Linux 5.0), and with it WAIT_KILLABLE_RECV (Linux 5.19): no signal but the
        // last takes a question back that is being answered.
        for flags in [asking | 32, asking] where asking != 0 {
            guard let listener = try? SystemCallFilter.load(filters.asked, flags: flags) else { continue }
            return try serve(listener, channel)
        }
        if !filters.ignored.isEmpty { _ = try? SystemCallFilter.load(filters.ignored, flags: 0) }
    }

    private func serve(_ listener: CInt, _ channel: borrowing PacketSocket) throws(LaunchError) {
        let owned = FileDescriptor(owning: listener)
        try send(.listener(listener), channel)
        let answer: ParentMessage? = try step(.communication) { () throws(SystemError) in
            var bytes = [UInt8](repeating: 0, count: 64)
            let number = channel.descriptor.rawValue
            let count = try check("read") { read(number, &bytes, 64) }
            return try? Frame.decode(Array(bytes[..<count]))
        }
        if answer == .served { return }
        guard answer == .attachListener else {
            throw LaunchError(.communication, sentence: "the container's process got a message out of turn")
        }
        try step(.seccomp) { () throws(SystemError) in
            try channel.send(Frame.encode(ChildMessage.listenerAttached), attachment: owned)
        }
        try expect(.served, channel.descriptor.rawValue)
    }

    // Else a program in the container could read keys that its caller's session holds.
    private func joinKeyring() throws(LaunchError) {
        do throws(SystemError) {
            try Keyring.joinNewSession()
        } catch {
            switch error.errno {
            // A kernel without keyrings, and a filter of an outer container, which keeps this one's away, too.
            case .notImplemented, .notPermitted, .access: return
            case Errno(EDQUOT):
                // Keys of what has ended count until they are collected: many starts in a row use the quota up. A keyring
                // that containers share still keeps the caller's own away from them.
                if (try? Keyring.joinSharedSession()) != nil { return }
                throw LaunchError(
                    .credentials, error,
                    sentence:
                        "cannot make a session keyring: you have as many as the kernel allows; an administrator can allow "
                        + "more with 'sysctl kernel.keys.maxkeys=20000'")
            default: throw LaunchError(.credentials, error, about: "session keyring")
            }
        }
    }

    // MARK: the working directory

    /// Changes to it as root, who may enter what the user may not, and then as the user, who may enter what is refused
    /// to root (a network file system that squashes it). False where only the second can work.
    private func enterWorkingDirectory(again: Bool) throws(LaunchError) -> Bool {
        do throws(SystemError) {
            try WorkingDirectory.change(to: process.cwd)
            return true
        } catch {
            if !again, error.errno == .access || error.errno == .notPermitted { return false }
            throw LaunchError(.workingDirectory, error, about: "\"\(process.cwd)\"")
        }
    }

    // A name such as /proc/self/fd/7 may lead to a directory of the host's that some descriptor has leaked
    // (CVE-2024-21626).
    private func checkWorkingDirectory() throws(LaunchError) {
        if WorkingDirectory.isReachable() { return }
        throw LaunchError(
            .workingDirectory,
            sentence:
                "cannot change to the working directory \"\(process.cwd)\": it is outside of the container's root",
            errno: .notPermitted)
    }
}
