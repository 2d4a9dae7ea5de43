import Bytes
package import Errors
import Glibc
package import Linux

/// Who a container's process is, in numbers of the container.
package struct ResolvedUser: Sendable, Hashable {
    package let uid: UInt32
    package let gid: UInt32
    /// The primary group first (CVE-2022-36109), then the supplementary ones, each once.
    package let additionalGids: [UInt32]
    /// The home directory, `/` where none is known.
    package let home: String
}

/// Looks users and groups up in a container's own `/etc/passwd` and `/etc/group`, with Docker's rules.
///
/// The files are the image's, so nothing about them is trusted: links stay below the root, only regular files of a
/// bounded size are read, and lines that are no entries are passed over.
package enum UserResolver {
    /// The most bytes of either file.
    static let sizeLimit = 16 << 20

    /// Resolves `request` below `root`, a descriptor of the container's root directory. A missing file is an empty one.
    /// `opensDevices`: the root is, or may be, a mount in which the nodes of devices open. Throws `OptionError` where a name is
    /// in neither file, a number out of range, or a file not fit to be read.
    package static func resolve(
        _ request: LaunchPlan.UserRequest, root: borrowing FileDescriptor, opensDevices: Bool = true
    ) throws(OptionError) -> ResolvedUser {
        let directory: RootDirectory
        do throws(SystemError) { directory = RootDirectory(try root.duplicate()) } catch {
            throw OptionError("cannot read the image's /etc/passwd: \(error.errno)")
        }
        let passwd = try read("etc/passwd", directory, opensDevices)
        let group = try read("etc/group", directory, opensDevices)
        return try resolve(request, passwd: passwd, group: group)
    }

    /// Whether an entry of `content`, a passwd or a group file, has the number `id`.
    package static func lists(_ id: UInt32, in content: [UInt8]) -> Bool {
        AccountFile.entry(id, in: content) != nil
    }

    /// The content of a file below `root`; empty where it is missing.
    package static func read(_ path: String, _ root: borrowing FileDescriptor) throws(OptionError) -> [UInt8] {
        let directory: RootDirectory
        do throws(SystemError) { directory = RootDirectory(try root.duplicate()) } catch {
            throw OptionError("cannot read the image's /\(path): \(error.errno)")
        }
        return try read(path, directory, true)
    }

    private static func read(
        _ path: String, _ root: borrowing RootDirectory, _ opensDevices: Bool
    ) throws(OptionError) -> [UInt8] {
        do throws(SystemError) {
            // A look before the opening, which alone may already do something to a device.
            if opensDevices { try requireRegular(try root.open(path).status(), path) }
            // And no waiting for a writer of a FIFO.
            let file = try root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            try requireRegular(status, path)
            return try file.readAll(limit: sizeLimit, expecting: Int(status.size))
        } catch {
            switch error.errno {
            case .noEntry, .notDirectory: return []
            case .invalid: throw OptionError("the image's /\(path) is not a regular file")
            case Errno(EFBIG): throw OptionError("the image's /\(path) is larger than \(sizeLimit >> 20) MiB")
            default:
                // What does not open may be no regular file: a socket, a device.
                if !opensDevices { return try read(path, root, true) }
                throw OptionError("cannot read the image's /\(path): \(error.errno)")
            }
        }
    }

    private static func requireRegular(_ status: FileStatus, _ path: String) throws(SystemError) {
        guard status.isRegular else { throw SystemError("open", path, .invalid) }
    }

    /// Resolves `request` in the contents of the two files. Throws `OptionError`.
    static func resolve(
        _ request: LaunchPlan.UserRequest, passwd: [UInt8], group: [UInt8]
    ) throws(OptionError) -> ResolvedUser {
        let (userPart, groupPart) = splitOnce(request.user, ":") ?? (request.user, "")
        let account = try account(userPart, passwd)
        var gid = account.gid
        var supplementary: [UInt32] = []
        if !groupPart.isEmpty {
            gid = try self.gid(of: groupPart, group)
        } else if let name = account.name {
            var file = AccountFile(group)
            while let entry = file.next() {
                if let gid = id(entry, 2), entry.lists(name, in: 3) { supplementary.append(gid) }
            }
        }
        for name in request.additionalGroups { supplementary.append(try self.gid(of: name, group)) }
        // Few: a set would cost more, in the first instantiation of its type alone.
        var all = [gid]
        for other in supplementary where !all.contains(other) { all.append(other) }
        return ResolvedUser(uid: account.uid, gid: gid, additionalGids: all, home: account.home)
    }

    private struct Account {
        var name: [UInt8]?
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var home = "/"
    }

    private static func account(_ wanted: String, _ passwd: [UInt8]) throws(OptionError) -> Account {
        let number = wanted.isEmpty ? 0 : Int64(wanted)
        var file = AccountFile(passwd)
        while let entry = file.next() {
            guard entry.count >= 4, let uid = id(entry, 2), let gid = id(entry, 3) else { continue }
            guard !wanted.isEmpty && entry.has(Array(wanted.utf8), in: 0) || Int64(uid) == number else { continue }
            return Account(name: Array(entry.bytes(0)), uid: uid, gid: gid, home: entry.home ?? "/")
        }
        guard let number else {
            throw OptionError("unable to find user \(wanted.excerpt): no matching entries in passwd file")
        }
        guard let uid = id(number) else {
            throw OptionError("user \(wanted): uids and gids must be in range 0-\(maximumID)")
        }
        return Account(uid: uid)
    }

    private static func gid(of wanted: String, _ group: [UInt8]) throws(OptionError) -> UInt32 {
        let number = Int64(wanted)
        var file = AccountFile(group)
        while let entry = file.next() {
            guard entry.count >= 3, let gid = id(entry, 2) else { continue }
            if entry.has(Array(wanted.utf8), in: 0) || Int64(gid) == number { return gid }
        }
        guard let number else {
            throw OptionError("unable to find group \(wanted.excerpt): no matching entries in group file")
        }
        guard let gid = id(number) else {
            throw OptionError("group \(wanted): uids and gids must be in range 0-\(maximumID)")
        }
        return gid
    }

    // Docker's bound; -1 as an id means "leave it" to the kernel.
    private static let maximumID: UInt32 = 1 << 31 - 1

    private static func id(_ number: Int64) -> UInt32? {
        UInt32(exactly: number).flatMap { $0 <= maximumID ? $0 : nil }
    }

    private static func id(_ entry: AccountFile.Entry, _ field: Int) -> UInt32? {
        entry.number(field).flatMap { $0 <= maximumID ? $0 : nil }
    }
}
