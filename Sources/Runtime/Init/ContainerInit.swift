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

    /// Runs the child's side, and says to the parent what went wrong.
    static func run(_ request: borrowing LaunchRequest, _ plan: LaunchPlan, control: CInt, cgroup: CInt?) -> Never {
        var channel = PacketSocket(owning: FileDescriptor(owning: control))
        let container = ContainerInit(
            spec: request.spec, process: request.spec.process!, linux: request.spec.linux ?? .init(),
            plan: plan.namespaces, bindsHostProc: request.bindsHostProc)
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
        try setOOMScore()
        Hardening.setDumpable(false)
        if let cgroup { try step(.cgroup) { () throws(SystemError) in try Self.enter(cgroup: cgroup) } }
        if plan.isStaged {
            try leaveStage(channel)
        } else {
            try joinNamespaces()
        }
        try unshareNamespaces()

        let root = try enterRoot(request, channel)
        try mountAll(root)
        try createDevices(root)
        let terminal = try openTerminal(request, root, channel)
        if request.createWorkingDirectory {
            _ = try step(.workingDirectory, process.cwd) { () throws(SystemError) in
                try root.openOrCreate(process.cwd, .directory)
            }
        }
        // Masks after parameters: /proc/sys becomes read-only.
        try writeSysctls(root)
        try makeReadOnly(linux.readonlyPaths ?? [], root)
        try mask(linux.maskedPaths ?? [], root)
        let labels = try SecurityLabels(process)
        try leaveOldRoot(request, root)
        try setHostname()

        let setup = ProcessSetup(process: process, linux: linux, seccomp: request.seccompProgram)
        try setup.run(request, terminal: terminal, labels: labels, &channel)
    }

    func expect(_ expected: ParentMessage, _ channel: borrowing PacketSocket) throws(LaunchError) {
        _ = try expectPacket(expected, channel)
    }

    func expectPacket(_ expected: ParentMessage, _ channel: borrowing PacketSocket) throws(LaunchError)
        -> PacketSocket.Packet
    {
        let packet = try step(.communication) { () throws(SystemError) in
            guard let packet = try channel.receive() else { throw SystemError("recvmsg", nil, .brokenPipe) }
            return packet
        }
        let message: ParentMessage? = try? Frame.decode(packet.bytes)
        guard message == expected else {
            throw LaunchError(.communication, sentence: "the container's process got a message out of turn")
        }
        return packet
    }

    // A process may move itself with the rights that its parent has.
    private static func enter(cgroup: CInt) throws(SystemError) {
        try Files.writeControl("0", to: "cgroup.procs", in: cgroup)
    }

    // Before the process becomes undumpable: then the file would belong to the machine's root.
    private func setOOMScore() throws(LaunchError) {
        guard let score = process.oomScoreAdj else { return }
        do throws(SystemError) {
            try Files.writeControl(String(score), to: "/proc/self/oom_score_adj")
        } catch {
            throw LaunchError(
                .limits, error,
                sentence: error.errno == .access || error.errno == .notPermitted
                    ? "cannot set the OOM score to \(score): only a privileged process may lower it" : nil)
        }
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
