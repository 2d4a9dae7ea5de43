import Bytes
import Glibc
import Linux
import OCI

/// The process that becomes a container: from its clone(2) to execve(2). It never returns to the code that made it, and
/// it owns a copy of all its parent's memory: plain Swift is at hand, because the parent had one thread.
///
/// The order is that of need: namespaces before mounts, mounts before what hides them, all that takes privileges
/// before they are dropped, the filter as late as it can be.
struct ContainerInit {
    let spec: RuntimeSpec
    let process: RuntimeSpec.Process
    let linux: RuntimeSpec.Linux
    let plan: NamespacePlan
    let bindsHostProc: Bool
    let earlyMounts: EarlyMounts

    /// Runs the child's side, and says to the parent what went wrong.
    static func run(_ request: borrowing LaunchRequest, _ plan: LaunchPlan, control: CInt, cgroup: CInt?) -> Never {
        var channel = PacketSocket(owning: FileDescriptor(owning: control))
        let container = ContainerInit(
            spec: request.spec, process: request.spec.process!, linux: request.spec.linux ?? .init(),
            plan: plan.namespaces, bindsHostProc: request.bindsHostProc,
            earlyMounts: plan.earlyMounts)
        do throws(LaunchError) {
            try container.run(request, cgroup: cgroup, &channel)
        } catch {
            try? channel.send(Frame.encode(ChildMessage.failed(error)))
            _exit(1)
        }
    }

    private func run(
        _ request: borrowing LaunchRequest, cgroup: CInt?, _ channel: inout PacketSocket
    ) throws(LaunchError) -> Never {
        // The files and devices that are made get the modes that they are asked for.
        umask(0)
        if request.resetsAffinity { Scheduling.resetAffinity() }
        try ProcessSetup.setOOMScore(process.oomScoreAdj)
        Hardening.setDumpable(false)
        if let cgroup { try ProcessSetup.enter(cgroup: cgroup) }
        if plan.isStaged {
            try leaveStage(channel)
        } else {
            try joinNamespaces()
        }
        try unshareNamespaces()
        if let devices = linux.netDevices, !devices.isEmpty {
            try step(.communication) { () throws(SystemError) in try channel.send(Frame.encode(ChildMessage.networked))
            }
            try expect(.moved, channel)
        } else if request.announcesNetwork {
            try announceNetwork(channel)
        }

        var supply = Supply(of: request)
        let root = try enterRoot(request, channel)
        try mountAll(root, channel, &supply)
        try createDevices(root)
        try supply.take(channel)
        let terminal = try openTerminal(request, root, channel)
        // The root is a directory.
        if request.createWorkingDirectory, !process.cwd.isSame(as: "/") {
            do throws(SystemError) {
                let directory = try root.openOrCreate(process.cwd, .directory)
                guard try directory.status().isDirectory else {
                    throw SystemError("mkdir", process.cwd, .notDirectory)
                }
            } catch {
                guard error.errno == .notDirectory else {
                    throw LaunchError(.workingDirectory, error, about: process.cwd)
                }
                // Docker makes it with the container, and says 125 where it cannot.
                throw LaunchError(
                    .rootFileSystem, sentence: "Cannot mkdir: \(process.cwd) is not a directory", errno: .notDirectory)
            }
        }
        try settleKernelFiles(root)
        let labels = try SecurityLabels(process)
        let hookInput = try runHooks(request, channel)
        try leaveOldRoot(request, root)
        try setHostname()
        // From here on descriptors are numbers, which are closed all at once: an owner would close another's.
        _ = root.release()

        var setup = ProcessSetup(
            process: process.owned(by: supply.owner), personality: linux.personality, memoryPolicy: linux.memoryPolicy,
            options: request.processOptions)
        setup.lastHooks = spec.hooks?.startContainer ?? []
        setup.hookInput = hookInput.started
        try setup.run(terminal: terminal, labels: labels, &channel)
    }

    private func settleKernelFiles(_ root: borrowing RootDirectory) throws(LaunchError) {
        let proc = procfs(root)
        // Masks after parameters: /proc/sys becomes read-only.
        try writeSysctls(proc)
        try makeReadOnly(linux.readonlyPaths ?? [], root, proc)
        try mask(linux.maskedPaths ?? [], root, proc)
    }

    private func announceNetwork(_ channel: borrowing PacketSocket) throws(LaunchError) {
        try step(.namespaces, "/proc/self/ns/net") { () throws(SystemError) in
            let namespace = try FileDescriptor.open("/proc/self/ns/net", O_RDONLY)
            try channel.send(Frame.encode(ChildMessage.networked), attachment: namespace)
        }
    }

    func expect(_ expected: ParentMessage, _ channel: borrowing PacketSocket) throws(LaunchError) {
        _ = try expectPacket(expected, channel)
    }

    func expectPacket(_ expected: ParentMessage, _ channel: borrowing PacketSocket) throws(LaunchError)
        -> PacketSocket.Packet
    {
        let packet = try Self.packet(channel)
        let message: ParentMessage? = try? Frame.decode(packet.bytes)
        guard message == expected else {
            throw LaunchError(.communication, sentence: "the container's process got a message out of turn")
        }
        return packet
    }

    /// Waits for the caller's next message, whatever it is; an end of the caller is an error.
    static func packet(_ channel: borrowing PacketSocket) throws(LaunchError) -> PacketSocket.Packet {
        try step(.communication) { () throws(SystemError) in
            guard let packet = try channel.receive() else { throw SystemError("recvmsg", nil, .brokenPipe) }
            return packet
        }
    }

    /// Waits for the hooks of the caller's namespaces and runs those that belong here (config.md, POSIX-platform Hooks:
    /// createContainer, in the container's namespaces and before the root changes). Returns what the hooks get that run
    /// later, with the status that holds by then.
    private func runHooks(
        _ request: borrowing LaunchRequest, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> HookInput {
        guard request.hasHooks else { return .none }
        try step(.communication) { () throws(SystemError) in try channel.send(Frame.encode(ChildMessage.mounted)) }
        var packet = try expectPacket(.hooked, channel)
        var state: [UInt8] = []
        if let file = packet.attachment.take() {
            state = try step(.communication) { () throws(SystemError) in
                try file.rewind()
                return try file.readAll()
            }
        }
        let input = HookInput(state)
        try RuntimeSpec.run(
            spec.hooks?.createContainer ?? [], "createContainer", input: input.created, directory: "/")
        return input
    }

    private func setHostname() throws(LaunchError) {
        if let name = spec.hostname, !name.isEmpty, plan.separates(.uts) {
            try step(.hostname, name) { () throws(SystemError) in try HostIdentity.setHostname(name) }
        }
        if let name = spec.domainname, !name.isEmpty, plan.separates(.uts) {
            try step(.hostname, name) { () throws(SystemError) in try HostIdentity.setDomainname(name) }
        }
    }
}
