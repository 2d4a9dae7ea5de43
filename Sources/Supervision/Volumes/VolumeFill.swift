import Bytes
import Glibc
import Linux

/// The copying of an image's files into an empty volume.
///
/// A mark in the volume's directory says that it is under way. What a killed process has begun is begun anew, as long as
/// nobody can have written beside it.
struct VolumeFill {
    private let volume: MountedVolume
    private let content: String
    private let mark: String

    /// `content` is the directory that is filled.
    init(_ volume: MountedVolume, content: String) {
        self.volume = volume
        self.content = content
        mark = volume.directory + "/filling"
    }

    /// Whether somebody fills `volume`, or has been killed at it.
    static func isUnderWay(_ volume: MountedVolume) -> Bool { Files.exists(volume.directory + "/filling") }

    /// Copies what is in `source`, and the directory's own owner, mode and times, if the volume is empty. Throws; the volume
    /// is empty then.
    func fill(from source: borrowing FileDescriptor) throws(SystemError) {
        let target = try FileDescriptor.open(content, O_RDONLY | O_DIRECTORY)
        // Nobody else's work is waited for where there is nothing to do. In this order: the mark goes after the last file.
        if try !Files.rawNames(of: target.rawValue).isEmpty, try !Files.isPresent(mark) { return }
        // Others that start with the volume wait.
        let lock = try FileDescriptor.open(volume.directory, O_RDONLY | O_DIRECTORY)
        _ = try lock.lock()
        defer { lock.unlock() }
        if try !Files.rawNames(of: target.rawValue).isEmpty {
            guard try Files.isPresent(mark), try hasOneUser() else { return }
            try empty(target)
        }
        let isEmpty = try Files.rawNames(of: source.rawValue).isEmpty
        if isEmpty { return try copy(source, target) }
        try Files.write([], to: mark, mode: 0o600)
        do throws(SystemError) {
            // What a copy takes of memory, a supervisor would keep as long as the container runs.
            try inChild { () throws(SystemError) in try copy(source, target) }
        } catch {
            // What cannot be removed is removed before the next attempt.
            if (try? empty(target)) != nil { try? Files.unlink(mark) }
            throw error
        }
        try Files.unlink(mark)
    }

    /// Gives the directory to `user` and `group`, if nobody has anything in it, or has taken it, yet.
    func give(to user: UInt32, _ group: UInt32) throws(SystemError) {
        let lock = try FileDescriptor.open(volume.directory, O_RDONLY | O_DIRECTORY)
        _ = try lock.lock()
        defer { lock.unlock() }
        let target = try FileDescriptor.open(content, O_RDONLY | O_DIRECTORY)
        guard try hasOneUser(), try target.status().user == geteuid(), try Files.rawNames(of: target.rawValue).isEmpty
        else { return }
        try Files.setOwner(raw: [0], in: target.rawValue, user: user, group: group)
    }

    private func hasOneUser() throws(SystemError) -> Bool {
        try Files.list(volume.directory + "/containers").count < 2
    }

    private func empty(_ target: borrowing FileDescriptor) throws(SystemError) {
        for name in try Files.rawNames(of: target.rawValue) { try Files.removeTree(name + [0], in: target.rawValue) }
    }

    private func copy(_ source: borrowing FileDescriptor, _ target: borrowing FileDescriptor) throws(SystemError) {
        do throws(TreeCopyError) {
            _ = try TreeCopy(.plain).copy([source.rawValue], into: target.rawValue)
        } catch { throw error.cause }
    }

    private func inChild(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        let child = try fork {
            do throws(SystemError) { try body() } catch { return error.errno.rawValue }
            return 0
        }
        switch try waitForExit(of: child) {
        case .exited(0): return
        case .exited(let code): throw SystemError("write", volume.name, Errno(code))
        case .signaled: throw SystemError("write", volume.name, .interrupted)
        }
    }
}
