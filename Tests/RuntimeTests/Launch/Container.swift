import Testing
import FoundationEssentials
import Glibc
import Linux
import OCI
import TestSupport

/// A container of busybox as Docker would configure it, that a test changes and starts by the probe.
struct Container {
    /// As whom it runs: as this machine's root, or as the root of a new user namespace with a single id.
    enum Privilege: String, CaseIterable, CustomTestStringConvertible {
        case root, userNamespace
        var testDescription: String { rawValue }
    }

    static let defaultCapabilities = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]

    var spec = RuntimeSpec()
    var options: [String] = []
    let folder: String
    var root: String { folder + "/root" }

    private init(_ folder: String, _ privilege: Privilege, _ arguments: [String]) {
        self.folder = folder
        if privilege == .userNamespace { options.append("--userns") }
        var process = RuntimeSpec.Process(args: arguments)
        process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        var capabilities = RuntimeSpec.Capabilities()
        capabilities.bounding = Self.defaultCapabilities
        capabilities.effective = Self.defaultCapabilities
        capabilities.permitted = Self.defaultCapabilities
        process.capabilities = capabilities
        spec.process = process
        spec.hostname = "box"
        spec.root = .init(path: root)
        spec.mounts = [
            .init(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            .init(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["nosuid", "noexec", "nodev", "ro"]),
            .init(
                destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
            .init(
                destination: "/dev/shm", type: "tmpfs", source: "shm",
                options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        ]
        var linux = RuntimeSpec.Linux()
        linux.namespaces = [.pid, .network, .mount, .ipc, .uts, .cgroup].map { .init($0) }
        linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
        linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        spec.linux = linux
    }

    /// Calls `body` with a container whose files are removed after it.
    static func with<R>(
        _ privilege: Privilege = .root, _ arguments: String..., body: (inout Container) throws -> R
    ) throws -> R {
        let folder = "/tmp/apus-runtime.\(randomHex(bytes: 6))"
        try Files.makeDirectories(folder + "/root")
        defer { try? Files.removeTree(folder) }
        let tar = try RunningProgram(Spawn("/usr/bin/tar", ["-C", folder + "/root", "-xf", Fixtures.busyboxTar])).wait()
        guard tar.code == 0 else { throw TestFailure("tar: \(tar)") }
        var container = Container(folder, privilege, arguments)
        return try body(&container)
    }

    /// Starts the container, waits for its end, and gives what the probe said.
    func run(input: [UInt8] = []) throws -> ProgramResult {
        let program = try start()
        if !input.isEmpty { try program.write(input) }
        program.closeInput()
        return try program.wait()
    }

    func start() throws -> RunningProgram {
        let file = folder + "/config.json"
        try Files.write(Array(try JSONEncoder().encode(spec)), to: file)
        return try RunningProgram(
            Spawn("\(Executable.repository)/.build/debug/RuntimeProbe", ["--config", file, "--root", root] + options))
    }

    /// Runs a script of the shell in it.
    mutating func shell(_ script: String) throws -> ProgramResult {
        spec.process!.args = ["sh", "-c", script]
        return try run()
    }
}
