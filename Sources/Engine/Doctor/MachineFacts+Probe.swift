import Bytes
import Glibc
import Linux
import Networking
import Runtime
import Seccomp
package import Store

extension MachineFacts {
    /// Tries everything, each thing in a process of its own that leaves nothing behind. The calling process has one
    /// thread. `storePaths` are the directories that would be used; `storeProblem` is what is wrong with them.
    package static func probe(_ storePaths: StorePaths, storeProblem: String?) -> MachineFacts {
        var facts = MachineFacts()
        facts.storeProblem = storeProblem
        facts.userID = geteuid()
        facts.userName = Account.name(of: facts.userID)
        facts.isRoot = facts.userID == 0 && Capability.isEffective(Capability.systemAdministration)
        facts.packageManager = PackageManager.allCases.first { HelperProgram.path(of: $0.rawValue) != nil }
        if let path = try? Files.readLink("/proc/self/exe") { facts.executable = path }
        facts.readParameters()
        facts.readHelpers()
        facts.tryNamespaces(storePaths)
        facts.readNetwork()
        facts.tryControlGroups()
        facts.hasSystemd = Files.exists("/run/systemd/system")
        facts.lingers = facts.userName.map { Files.exists("/var/lib/systemd/linger/\($0)") } ?? false
        facts.runtimeDirectory = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }.flatMap { path in
            PrivateDirectory.isTrusted(path, following: true) ? path : nil
        }
        return facts
    }

    private static func number(_ path: String) -> Int? {
        guard let text = try? Files.readText("/proc/sys/" + path, limit: 4096) else { return nil }
        return Int(text.split(whereSeparator: \.isWhitespace).first ?? "")
    }

    private mutating func readParameters() {
        maximumUserNamespaces = Self.number("user/max_user_namespaces")
        unprivilegedClone = Self.number("kernel/unprivileged_userns_clone")
        appArmorRestriction = Self.number("kernel/apparmor_restrict_unprivileged_userns")
        mayPing = nil
        if let text = try? Files.readText("/proc/sys/net/ipv4/ping_group_range", limit: 4096) {
            let range = text.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
            if range.count == 2 { mayPing = range[0] <= getegid() && getegid() <= range[1] }
        }
    }

    private mutating func readHelpers() {
        func count(_ file: String) -> UInt64 {
            guard let content = try? Files.read(file, limit: 16 << 20) else { return 0 }
            return SubordinateRange.ranges(in: content, name: userName, uid: userID).reduce(0) { $0 + UInt64($1.count) }
        }
        subordinateUsers = count("/etc/subuid")
        subordinateGroups = count("/etc/subgid")
        uidHelper = UserNamespace.helper("newuidmap")
        gidHelper = UserNamespace.helper("newgidmap")
        func isPrivileged(_ path: String?) -> Bool {
            guard let path, let status = try? Files.status(path) else { return false }
            if status.permissions & S_ISUID != 0 && status.raw.st_uid == 0 { return true }
            guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return false }
            return (try? ExtendedAttributes.get(RawName("security.capability"), of: file.rawValue)) ?? nil != nil
        }
        uidHelperIsPrivileged = isPrivileged(uidHelper)
        gidHelperIsPrivileged = isPrivileged(gidHelper)
    }

    // MARK: trying

    /// What `body` throws, in a child whose messages nobody sees.
    private static func attempt(_ body: () throws(SystemError) -> Void) -> Outcome {
        let child = try? fork {
            DescriptorTable.silence([STDOUT_FILENO, STDERR_FILENO])
            do throws(SystemError) {
                try body()
                return 0
            } catch { return error.errno.rawValue }
        }
        guard let child, let status = try? waitForExit(of: child) else { return .fails(.again) }
        switch status {
        case .exited(code: 0): return .works
        case .exited(let code): return .fails(Errno(code))
        case .signaled: return .fails(Errno(EFAULT))
        }
    }

    private mutating func tryNamespaces(_ store: StorePaths) {
        let (mode, map) = UserNamespace.plan()
        func enter(_ mode: UserNamespace.Mode, _ map: IDMap?) throws(SystemError) {
            guard let map else { return try NamespaceSet.mount.unshare() }
            do throws(UserNamespaceError) { try UserNamespace.enterNew(map, mode) } catch {
                switch error {
                case .forbidden(let cause), .failed(let cause): throw cause
                case .mapRefused: throw SystemError("newuidmap", nil, .notPermitted)
                }
            }
        }
        if isRoot {
            (userNamespace, mappedNamespace) = (.untried, .untried)
        } else {
            userNamespace = Self.attempt { () throws(SystemError) in try NamespaceSet.user.unshare() }
            mappedNamespace =
                mode == .mapped && userNamespace == .works
                ? Self.attempt { () throws(SystemError) in try enter(mode, map) } : .untried
        }
        // As root of the namespace that containers would be in; of one with one id where ids cannot be mapped.
        let isMapped = mode != .mapped || mappedNamespace == .works
        let (inner, innerMap) = isMapped ? (mode, map) : (.single, .single(user: geteuid(), group: getegid()))
        func tried(_ body: () throws(SystemError) -> Void) -> Outcome {
            if userNamespace.isFailure { return .untried }
            return Self.attempt { () throws(SystemError) in
                try enter(inner, innerMap)
                try body()
            }
        }
        mount = tried { () throws(SystemError) in
            try MountCalls.mount(nil, on: "/", [.private, .recursive])
            try MountCalls.mount("tmpfs", on: "/proc", type: "tmpfs")
        }
        mountTrees = tried { () throws(SystemError) in
            if !MountInterface.hasTrees { throw SystemError("open_tree", nil, .notImplemented) }
        }
        mountAttributes = tried { () throws(SystemError) in
            if !MountInterface.hasAttributes { throw SystemError("mount_setattr", nil, .notImplemented) }
        }
        overlay = storeProblem == nil ? tried { () throws(SystemError) in try Self.mountOverlay(store) } : .untried
        procfs = tried { () throws(SystemError) in
            try MountCalls.mount(nil, on: "/", [.private, .recursive])
            try NamespaceSet.pid.unshare()
            let first = try fork {
                do throws(SystemError) {
                    try MountCalls.mount("proc", on: "/proc", type: "proc", [.noSUID, .noDevices, .noExec])
                    return 0
                } catch { return error.errno.rawValue }
            }
            let status = try waitForExit(of: first)
            if status != .exited(code: 0) { throw SystemError("mount", "proc", Errno(status.shellCode)) }
        }
        networkNamespace = tried { () throws(SystemError) in
            try NamespaceSet.network.unshare()
            try NetworkInterface.bringUp("lo")
        }
        seccomp = Self.attempt { () throws(SystemError) in
            try Credentials.setNoNewPrivileges()
            // One instruction: BPF_RET | BPF_K, SECCOMP_RET_ALLOW.
            try SystemCallFilter.load([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f], flags: 0)
        }
    }

    private static func mountOverlay(_ store: StorePaths) throws(SystemError) {
        let folder = "\(store.data)/.doctor.\(getpid())"
        try Files.makeDirectory(folder, mode: 0o700)
        defer { try? Files.removeTree(folder) }
        for name in ["lower", "upper", "work"] { try Files.makeDirectory("\(folder)/\(name)", mode: 0o755) }
        let mount = try Overlay.mount(
            lowers: ["\(folder)/lower"], upper: ("\(folder)/upper", "\(folder)/work"), volatile: true)
        defer { Overlay.letGo(mount) }
        _ = try FileDescriptor.open("file", in: mount.rawValue, O_WRONLY | O_CREAT)
    }

    private mutating func readNetwork() {
        do throws(SystemError) {
            _ = try FileDescriptor.open("/dev/net/tun", O_RDWR)
            tunnelDevice = .works
        } catch { tunnelDevice = .fails(error.errno) }
        egressHelpers = ["slirp4netns", "pasta"].filter(EgressHelper.isInstalled)
    }

    private mutating func tryControlGroups() {
        let top = try? FileDescriptor.open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY).fileSystemType()
        hasUnifiedCgroups = top == .cgroup2
        (ownCgroup, controllers) = (.untried, [])
        guard hasUnifiedCgroups, let text = try? Files.readText("/proc/self/cgroup"),
            let line = text.split(on: "\n").first(where: { $0.begins(with: "0::") })
        else { return }
        let own = "/sys/fs/cgroup" + line.dropFirst(3)
        ownCgroup = Self.attempt { () throws(SystemError) in
            let folder = "\(own)/apus-doctor-\(getpid())"
            try Files.makeDirectory(folder)
            rmdir(folder)
        }
        let list = (try? Files.readText("\(own)/cgroup.controllers")) ?? ""
        controllers = Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
