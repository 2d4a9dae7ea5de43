import Bytes
import Glibc
import Linux

/// The directories and files that are made in the root file system of a build's container because something is mounted there.
/// They are no part of what the build makes: what is still empty of them when the container has ended is removed, and the
/// directory above looks as it did.
final class MountStubs {
    /// The missing end of one path.
    private struct Stub {
        /// The directory that is there: it stays what it is, whatever the container puts in the place of its name.
        let directory: CInt
        /// What is missing below it, one inside the other.
        let names: [String]
        let times: (access: timespec, modification: timespec)
        /// The directory's time of modification when they were made.
        var made: timespec?
    }

    private var stubs: [Stub] = []

    /// Looks what of the targets of `build` is missing in `root`; nil for a container that no build runs.
    init?(of build: BuildContainer?, in root: borrowing FileDescriptor) {
        guard let build, let copy = try? root.duplicate() else { return nil }
        let directory = RootDirectory(copy)
        for target in build.targets {
            let names = target.split(on: "/").map(String.init)
            for end in names.indices {
                let path = "/" + names[...end].joined(separator: "/")
                if Self.isThere(path, directory) { continue }
                let parent = end == 0 ? "/" : "/" + names[..<end].joined(separator: "/")
                guard let above = try? directory.open(parent), let status = try? above.status(), status.isDirectory
                else { break }
                stubs.append(
                    Stub(
                        directory: above.release(), names: Array(names[end...]),
                        times: (status.raw.st_atim, status.raw.st_mtim)))
                break
            }
        }
    }

    deinit { for stub in stubs { close(stub.directory) } }

    // What cannot be looked at is nothing that was made: it is not removed.
    private static func isThere(_ path: String, _ root: borrowing RootDirectory) -> Bool {
        do throws(SystemError) {
            _ = try root.open(path)
            return true
        } catch { return error.errno != .noEntry }
    }

    private static func modification(_ directory: CInt) -> timespec? {
        var status = stat()
        return fstat(directory, &status) == 0 ? status.st_mtim : nil
    }

    private static func same(_ left: timespec?, _ right: timespec?) -> Bool {
        guard let left, let right else { return false }
        return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec
    }

    /// They are made now, and nothing of the container has run yet.
    func noteMade() {
        for place in stubs.indices { stubs[place].made = Self.modification(stubs[place].directory) }
    }

    /// Removes what is empty of them.
    func remove() {
        for stub in stubs {
            guard let now = Self.modification(stub.directory), Self.remove(stub) else { continue }
            // Otherwise the container has changed something in it, too.
            let isUntouched = Self.same(now, stub.made) || Self.same(now, stub.times.modification)
            var times = [stub.times.access, isUntouched ? stub.times.modification : now]
            _ = utimensat(AT_FDCWD, "/proc/self/fd/\(stub.directory)", &times, 0)
        }
    }

    // Whether the outermost was removed. Only then the directory above changed: its times may not be touched for nothing,
    // or an overlay would make it a part of what was written.
    private static func remove(_ stub: Stub) -> Bool {
        var chain: [CInt] = [stub.directory]
        defer { for descriptor in chain.dropFirst() { close(descriptor) } }
        for name in stub.names.dropLast() {
            guard
                let next = try? FileDescriptor.open(
                    name, in: chain[chain.count - 1], FileDescriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW)
            else { break }
            chain.append(next.release())
        }
        for (place, directory) in chain.enumerated().reversed() {
            let name = stub.names[place]
            var status = stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                if Errno.current == .noEntry, place > 0 { continue }
                return false
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: guard unlinkat(directory, name, AT_REMOVEDIR) == 0 else { return false }
            case S_IFREG where status.st_size == 0: guard unlinkat(directory, name, 0) == 0 else { return false }
            default: return false
            }
        }
        return true
    }
}
