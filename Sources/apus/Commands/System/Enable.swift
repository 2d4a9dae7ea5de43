import ContainerSpec
import Engine
import Flags
import Glibc
import Linux

extension Verb {
    static let systemEnable = Verb(
        id: "system enable",
        syntax: CommandSyntax(
            summary: "Start containers with a restart policy at boot", usage: ["[OPTIONS]"],
            flags: [Flag("now", nil, .bool, "Start them now as well")], arguments: .none)
    ) { parsed, context in
        try BootUnit(context).enable(context)
        return parsed.bool("now") ? try BootUnit.startContainers(context) : 0
    }

    static let systemDisable = Verb(
        id: "system disable",
        syntax: CommandSyntax(
            summary: "Start no containers at boot any more", usage: [], arguments: .none)
    ) { _, context in
        try BootUnit(context).disable(context)
        return 0
    }

    /// What the unit calls.
    static let startContainers = Verb(
        id: "system start-containers",
        syntax: CommandSyntax(
            summary: "Start the containers that come back after a boot", usage: [], arguments: .none)
    ) { _, context in try BootUnit.startContainers(context) }
}

/// The systemd unit that starts containers at boot: the user's own (systemd.unit(5)), or the machine's for root.
struct BootUnit {
    static let name = "apus-containers.service"

    private let isRoot = geteuid() == 0
    /// Where the unit's file is.
    private let directory: String
    private let target: String
    private let program: String
    private let arguments: [String]

    init(_ context: Context) throws {
        let home = getenv("HOME").map { String(cString: $0) } ?? Account.home(of: geteuid()) ?? "/"
        let configuration = getenv("XDG_CONFIG_HOME").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        directory = isRoot ? "/etc/systemd/system" : (configuration ?? home + "/.config") + "/systemd/user"
        target = isRoot ? "multi-user.target" : "default.target"
        guard let path = realpath("/proc/self/exe", nil) else {
            throw CommandFailure("cannot find the path of this program: \(Errno.current)")
        }
        defer { free(path) }
        program = String(cString: path)
        var words: [String] = []
        if let root = context.options.root ?? getenv("APUS_ROOT").map({ String(cString: $0) }) {
            words += ["--root", root]
        }
        if let run = context.options.runRoot ?? getenv("APUS_RUN").map({ String(cString: $0) }) {
            words += ["--runroot", run]
        }
        arguments = words + ["system", "start-containers"]
    }

    /// The unit. Containers belong to it: systemd ends them with it, in their own time.
    var text: String {
        let command = ([program] + arguments).map(Self.quoted).joined(separator: " ")
        return """
            [Unit]
            Description=Containers that come back after a boot
            \(isRoot ? "Wants=network-online.target\nAfter=network-online.target\n" : "")
            [Service]
            Type=oneshot
            RemainAfterExit=yes
            Delegate=yes
            KillMode=mixed
            Environment=APUS_LINGER=0
            ExecStart=\(command)

            [Install]
            WantedBy=\(target)

            """
    }

    /// A word of ExecStart (systemd.service(5), Command lines).
    static func quoted(_ word: String) -> String {
        var text = "\""
        for character in word {
            switch character {
            case "\"", "\\": text += "\\\(character)"
            case "$": text += "$$"
            case "%": text += "%%"
            default: text.append(character)
            }
        }
        return text + "\""
    }

    /// Writes the unit and enables it; says what to do where there is no systemd.
    func enable(_ context: Context) throws {
        guard Files.exists("/run/systemd/system") || Files.exists(directory) else {
            let words = ([program] + arguments).joined(separator: " ")
            throw CommandFailure(
                "this machine does not run systemd: have its init run '\(words)' as this user at boot, "
                    + "for example by the line '@reboot \(words)' in 'crontab -e'")
        }
        let wants = "\(directory)/\(target).wants"
        do throws(SystemError) {
            try Files.makeDirectories(wants)
            try Files.replace("\(directory)/\(Self.name)", with: Array(text.utf8), mode: 0o644)
            let link = "\(wants)/\(Self.name)"
            if symlink("../\(Self.name)", link) < 0, Errno.current != .exists { throw SystemError("symlink", link) }
        } catch { throw CommandFailure("cannot enable the unit \(Self.name): \(error)") }
        reload()
        try context.output.line("Enabled \(directory)/\(Self.name)")
        guard !isRoot, let user = Account.name(of: geteuid()), !Files.exists("/var/lib/systemd/linger/\(user)") else {
            return
        }
        context.warn(
            "lingering is off: the containers start when \(user) logs in and end with the last session; "
                + "'loginctl enable-linger' starts them at boot")
    }

    /// Takes the unit away.
    func disable(_ context: Context) throws {
        for path in ["\(directory)/\(target).wants/\(Self.name)", "\(directory)/\(Self.name)"] {
            if unlink(path) < 0, Errno.current != .noEntry {
                throw CommandFailure("cannot remove \(path): \(Errno.current)")
            }
        }
        reload()
        try context.output.line("Removed \(directory)/\(Self.name)")
    }

    // systemd finds the unit at the next boot in any case.
    private func reload() {
        guard Files.exists("/run/systemd/system") else { return }
        let words = (isRoot ? [] : ["--user"]) + ["daemon-reload"]
        var environment = ["PATH=/usr/bin:/bin"]
        for name in ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "HOME"] {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        guard let null = try? FileDescriptor.open("/dev/null", O_RDWR),
            let pid = try? Spawn("/usr/bin/systemctl", words, environment: environment)
                .start(descriptors: [null.rawValue, null.rawValue, null.rawValue])
        else { return }
        _ = try? waitForExit(of: pid)
    }

    /// Starts what the disk says was wanted, prints the names and says what failed.
    static func startContainers(_ context: Context) throws -> CInt {
        let (started, problems) = try context.engine().startAtBoot(caller: .standard, lingering: Run.lingering)
        for name in started { try context.output.line(name) }
        try context.output.flush()
        for problem in problems { context.complain(problem) }
        return problems.isEmpty ? 0 : 1
    }
}
