import Bytes
import ContainerSpec
import Glibc
import Linux
import OCI

/// What becomes the container's user's before it starts (`-v …:U`).
extension Supervisor {
    /// Gives each of the plan's `ownedSources` to the container's user, as podman does at each start. Throws where one is a
    /// directory of the machine, or has a file that is none of the caller's ids; what was changed by then stays so.
    func changeOwners(_ plan: LaunchPlan) throws(SupervisorFailure) {
        if plan.ownedSources.isEmpty { return }
        let owner = outerIDs(plan.spec.process?.user ?? .init())
        for source in plan.ownedSources {
            let message: String?
            do throws(SystemError) {
                // What a walk takes of memory, a supervisor would keep as long as the container runs.
                message = try SourceOwner(source, user: owner.user, group: owner.group).applyInChild()
            } catch { message = "cannot change the owner of \(source.path): \(error)" }
            if let message { throw SupervisorFailure(message) }
        }
    }
}

/// The change of one source's owner.
private struct SourceOwner {
    // Directories of a machine that more depends on than one container (hier(7)), beside what is the caller's home.
    private static let forbidden = [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/etc/ssl", "/home", "/lib",
        "/lib32", "/lib64", "/libx32", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys",
        "/tmp",
        "/usr", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/local",
        "/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log", "/var/spool", "/var/tmp",
    ]

    private let source: LaunchPlan.OwnedSource
    private let user: UInt32
    private let group: UInt32

    init(_ source: LaunchPlan.OwnedSource, user: UInt32, group: UInt32) {
        self.source = source
        self.user = user
        self.group = group
    }

    /// Does it in a child process; returns why it cannot be done.
    func applyInChild() throws(SystemError) -> String? {
        var ends = try FileDescriptor.pipe()
        let reading = ends.takeFirst()
        let writing = ends.takeSecond()
        let child = try fork {
            guard let message = apply() else { return 0 }
            try? FileDescriptor(owning: writing.rawValue).writeAll(Array(message.utf8))
            return 1
        }
        endLifetime(writing)
        let message = try reading.readAll(limit: 1 << 16)
        switch try waitForExit(of: child) {
        case .exited(0): return nil
        case .exited: return String(decoding: message, as: UTF8.self)
        case .signaled: throw SystemError("chown", nil, .interrupted)
        }
    }

    private func apply() -> String? {
        do throws(SystemError) {
            let file = try open()
            // By the file that is open: a link that is exchanged now leads nowhere else.
            let path = try Files.readLink("/proc/self/fd/\(file.rawValue)")
            if isForbidden(path) {
                return "cannot change the owner of \(path): it is a directory of the machine, or your home; "
                    + "mount a directory below it, or without the option U"
            }
            do throws(SystemError) {
                try OwnerChange(user: user, group: group, crossesMounts: source.crossesMounts).apply(to: file)
                return nil
            } catch {
                let place = error.object.map { path + "/" + $0 } ?? path
                return "cannot change the owner of \(place): \(error.errno)\(remedy(error.errno))"
            }
        } catch { return "cannot change the owner of \(source.path): \(error)" }
    }

    private func open() throws(SystemError) -> FileDescriptor {
        guard let subpath = source.subpath else {
            return try FileDescriptor.open(source.path, FileDescriptor.pathOnly)
        }
        return try RootDirectory(try FileDescriptor.open(source.path, FileDescriptor.pathOnly | O_DIRECTORY))
            .open(subpath)
    }

    private func isForbidden(_ path: String) -> Bool {
        if Self.forbidden.contains(where: path.isSame) { return true }
        return source.homes.contains { home in
            guard let resolved = realpath(home, nil) else { return false }
            defer { free(resolved) }
            return path.isSame(as: String(cString: resolved))
        }
    }

    private func remedy(_ errno: Errno) -> String {
        switch errno {
        case .notPermitted, .access: " (it belongs to none of your ids: its owner, or root, can change it)"
        case Errno(EROFS): " (mount it without the option U)"
        default: ""
        }
    }
}
