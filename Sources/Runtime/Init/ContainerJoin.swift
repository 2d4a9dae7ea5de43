import Glibc
import Linux
import OCI

/// The process that becomes one more of a container's.
///
/// What runs in the container may wait for it: it is undumpable from before it can be seen until execve(2), so that its
/// memory, its descriptors and its /proc/PID/exe, which is our executable, stay out of reach (CVE-2016-9962,
/// CVE-2019-5736). A container that has CAP_SYS_PTRACE over the machine's own user namespace is the exception, and it
/// holds the machine anyway.
struct ContainerJoin {
    /// Runs the child's side, and says to the parent what went wrong.
    static func run(_ request: borrowing JoinRequest, control: CInt, cgroup: CInt?) -> Never {
        var channel = PacketSocket(owning: FileDescriptor(owning: control))
        do throws(LaunchError) {
            try run(request, cgroup: cgroup, &channel)
        } catch {
            try? channel.send(Frame.encode(ChildMessage.failed(error)))
            _exit(1)
        }
    }

    private static func run(
        _ request: borrowing JoinRequest, cgroup: CInt?, _ channel: inout PacketSocket
    ) throws(LaunchError) -> Never {
        if request.resetsAffinity { Scheduling.resetAffinity() }
        try setAffinity(request.process.execCPUAffinity?.initial)
        try ProcessSetup.setOOMScore(request.process.oomScoreAdj)
        Hardening.setDumpable(false)
        if let cgroup { try ProcessSetup.enter(cgroup: cgroup) }
        try setAffinity(request.process.execCPUAffinity?.final)
        let labels = try SecurityLabels(request.process)
        try enter(request)
        if request.isStaged { try ContainerInit.goOnAsSibling(into: [], channel) }
        var terminal: FileDescriptor?
        if case .terminal = request.stdio {
            let root = RootDirectory(
                try step(.console, "/") { () throws(SystemError) in
                    try FileDescriptor.open("/", FileDescriptor.pathOnly | O_DIRECTORY)
                })
            terminal = try ContainerInit.openTerminal(
                request.process, root, channel, translating: request.translatesLineFeeds
            ).takeSlave()
        }
        let setup = ProcessSetup(
            process: request.process, personality: request.personality, memoryPolicy: request.memoryPolicy,
            options: request.processOptions)
        try setup.run(terminal: terminal, labels: labels, &channel)
    }

    private static func enter(_ request: borrowing JoinRequest) throws(LaunchError) {
        do throws(SystemError) {
            try request.namespaces.enter(request.target)
        } catch {
            // Before Linux 5.8 a pidfd is no namespace.
            guard error.errno == .invalid else { throw LaunchError(.namespaces, error) }
            try enterByFiles(request)
        }
        if request.namespaces.contains(.user) {
            try step(.namespaces) { () throws(SystemError) in try Credentials.becomeRoot() }
        }
    }

    private static let files: [(kind: NamespaceSet, name: String)] = [
        (.user, "user"), (.ipc, "ipc"), (.uts, "uts"), (.network, "net"), (.pid, "pid"), (.cgroup, "cgroup"),
        (.time, "time"), (.mount, "mnt"),
    ]

    private static func enterByFiles(_ request: borrowing JoinRequest) throws(LaunchError) {
        var opened: [(NamespaceSet, CInt)] = []
        for (kind, name) in files where request.namespaces.contains(kind) {
            let path = "/proc/\(request.targetID)/ns/\(name)"
            opened.append(
                (
                    kind,
                    try step(.namespaces) { () throws(SystemError) in try FileDescriptor.open(path, O_RDONLY).release()
                    }
                ))
        }
        // Alive still, so all files were its own and not those of a later process with its number.
        try step(.namespaces) { () throws(SystemError) in try sendSignal(0, to: request.target) }
        for (kind, file) in opened {
            try step(.namespaces) { () throws(SystemError) in try kind.enter(file) }
            close(file)
        }
    }

    private static func setAffinity(_ list: String?) throws(LaunchError) {
        guard let list, !list.isEmpty else { return }
        guard let processors = NumberList(list) else {
            throw LaunchError(.limits, sentence: "the list of processors \"\(list)\" is malformed")
        }
        try step(.limits, list) { () throws(SystemError) in try Scheduling.setAffinity(processors.mask) }
    }
}
