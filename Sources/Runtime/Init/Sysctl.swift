import Bytes
import Glibc
import Linux
import OCI

/// The name of a kernel parameter (sysctl(8)) and whether a container may have its own value of it.
struct SysctlName: Equatable {
    /// Below /proc/sys.
    let path: String
    /// The kind of namespace that the value belongs to; nil where it is the whole machine's.
    let namespace: NamespaceSet?

    init(_ name: String) {
        path = Self.path(name)
        namespace = Self.namespace(path)
    }

    // "net.ipv4.ip_forward", or "net/ipv4/conf/eth0.1/forwarding" where a part has a dot: the first separator tells.
    private static func path(_ name: String) -> String {
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        guard name.utf8.first(where: { $0 == slash || $0 == dot }) == dot else { return name }
        return String(decoding: name.utf8.map { $0 == dot ? slash : $0 == slash ? dot : $0 }, as: UTF8.self)
    }

    private static func namespace(_ path: String) -> NamespaceSet? {
        switch path {
        case "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall", "kernel/shmmax",
            "kernel/shmmni", "kernel/shm_rmid_forced", "kernel/msg_next_id", "kernel/sem_next_id", "kernel/shm_next_id":
            return .ipc
        case "kernel/hostname", "kernel/domainname": return .uts
        default:
            if path.utf8.starts(with: "fs/mqueue/".utf8) { return .ipc }
            if path.utf8.starts(with: "net/".utf8) { return .network }
            return nil
        }
    }
}

extension ContainerInit {
    /// The container's own procfs, by its root's kind and inode, and not whatever has the name: a file system of an image's in
    /// its place, or one that another container swaps in, would send what is done in it somewhere else (CVE-2025-52881). Nil
    /// where there is none, or nothing to be done.
    func procfs(_ root: borrowing RootDirectory) -> RootDirectory? {
        if linux.sysctl?.isEmpty ?? true, linux.readonlyPaths?.isEmpty ?? true, linux.maskedPaths?.isEmpty ?? true {
            return nil
        }
        guard let mounted = try? root.open("/proc", Self.procFlags), Self.isProc(mounted) else { return nil }
        return RootDirectory(mounted)
    }

    /// Sets the kernel parameters of the container's namespaces, in its own procfs `proc` where it has one.
    func writeSysctls(_ proc: borrowing RootDirectory?) throws(LaunchError) {
        guard let sysctls = linux.sysctl, !sysctls.isEmpty else { return }
        switch proc {
        case .some(let own): try write(sysctls, own)
        case .none: try write(sysctls, hostProc())
        }
    }

    private func write(_ sysctls: [ByteKey: String], _ proc: borrowing RootDirectory) throws(LaunchError) {
        for (key, value) in sysctls {
            let name = key.text
            let parameter = SysctlName(name)
            guard parameter.path != "kernel/hostname" else {
                throw LaunchError(
                    .sysctl,
                    sentence: "cannot set the kernel parameter \(name): `hostname` of the configuration does that")
            }
            guard let namespace = parameter.namespace else {
                throw LaunchError(
                    .sysctl, sentence: "cannot set the kernel parameter \(name): it belongs to the whole machine",
                    errno: .notPermitted)
            }
            guard plan.separates(namespace) else {
                throw LaunchError(
                    .sysctl,
                    sentence: "cannot set the kernel parameter \(name): the container has the host's namespace for it",
                    errno: .notPermitted)
            }
            try step(.sysctl, name) { () throws(SystemError) in
                try Self.write(value, to: "sys/" + parameter.path, in: proc)
            }
        }
    }

    private static let procFlags = FileDescriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW

    // For a container without one: the host's shows the namespaces of whoever asks.
    private func hostProc() throws(LaunchError) -> RootDirectory {
        let host = try step(.sysctl) { () throws(SystemError) in try FileDescriptor.open("/proc", Self.procFlags) }
        guard Self.isProc(host) else {
            throw LaunchError(.sysctl, sentence: "cannot set kernel parameters: there is no procfs at /proc")
        }
        return RootDirectory(host)
    }

    private static func isProc(_ file: borrowing FileDescriptor) -> Bool {
        guard let type = try? file.fileSystemType(), type == .proc, let status = try? file.status() else {
            return false
        }
        // PROC_ROOT_INO
        return status.raw.st_ino == 1
    }

    private static func write(_ value: String, to path: String, in proc: borrowing RootDirectory) throws(SystemError) {
        let file = try proc.openBeneath(path, O_WRONLY)
        guard try file.fileSystemType() == .proc else { throw SystemError("open", path, .crossDevice) }
        var copy = value
        let failure: Errno? = copy.withUTF8 {
            Glibc.write(file.rawValue, $0.baseAddress, $0.count) < 0 ? .current : nil
        }
        if let failure { throw SystemError("write", path, failure) }
    }
}
