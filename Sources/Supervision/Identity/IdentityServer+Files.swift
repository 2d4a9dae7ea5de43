import Glibc
import Linux
import Seccomp

/// Whom files belong to.
extension IdentityServer {
    /// Answers a call that gives a file another owner, or makes a device; nil for another call.
    func answerFile(_ question: Question, _ credentials: EmulatedCredentials) throws(SystemError) -> CallAnswer? {
        switch question.kind {
        case .chown, .lchown, .fchown, .fchownat, .mknod, .mknodat: if !walksPaths { return .value(0) }
        // Root is told that all is root's, at the least cost.
        case .stat, .newfstatat: return credentials.isRoot ? .proceed : (try? show(question)) ?? .proceed
        default: return nil
        }
        switch question.kind {
        case .chown: try give(try file(question, path: 0), question, 1, credentials)
        case .lchown: try give(try file(question, path: 0, follows: false), question, 1, credentials)
        case .fchown: try give(try file(question, descriptor: question.integer(0)), question, 1, credentials)
        case .fchownat:
            // AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH and AT_NO_AUTOMOUNT
            guard question.integer(4) & ~0x1900 == 0 else { return .failure(.invalid) }
            try give(
                try file(
                    question, in: question.integer(0), path: 1, follows: question.integer(4) & 0x100 == 0,
                    takesEmpty: question.integer(4) & 0x1000 != 0), question, 2, credentials)
        case .mknod: return try makeNode(question, in: AT_FDCWD, 0, credentials)
        case .mknodat: return try makeNode(question, in: question.integer(0), 1, credentials)
        default: return nil
        }
        return .value(0)
    }

    // MARK: ways

    /// What the descriptor `number` of the caller's leads to.
    private func file(_ question: Question, descriptor number: CInt) throws(SystemError) -> FileDescriptor {
        guard number >= 0 else { throw SystemError("chown", nil, Errno(EBADF)) }
        do throws(SystemError) {
            return try look("\(question.thread)/fd/\(number)", question)
        } catch  where error.errno == .noEntry { throw SystemError("chown", nil, Errno(EBADF)) }
    }

    /// What the path at the argument `place` leads to.
    private func file(
        _ question: Question, in directory: CInt = AT_FDCWD, path place: Int, follows: Bool = true,
        takesEmpty: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        let path = try OtherProcess.path(question.thread, at: question.call.arguments[place])
        if path.count == 1 {
            guard takesEmpty else { throw SystemError("chown", nil, .noEntry) }
            if directory != AT_FDCWD { return try file(question, descriptor: directory) }
            return try look("\(question.thread)/cwd", question)
        }
        do throws(SystemError) {
            try enter(question, directory, path)
            return try open(path, follows ? 0 : O_NOFOLLOW)
        } catch  where error.errno == .noEntry || error.errno == .loop {
            // /proc/self is somebody else's for us, and a descriptor's link may lead anywhere.
            guard follows, let number = Self.ownDescriptor(path) else { throw error }
            return try file(question, descriptor: number)
        }
    }

    /// The descriptor that a path is of its caller's, by one of the usual names.
    static func ownDescriptor(_ path: RawName) -> CInt? {
        let bytes = path.bytes
        for (place, name) in ["/dev/stdin", "/dev/stdout", "/dev/stderr"].enumerated()
        where bytes.elementsEqual(name.utf8) { return CInt(place) }
        for prefix in ["/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"] where bytes.starts(with: prefix.utf8) {
            return CInt(String(decoding: bytes.dropFirst(prefix.utf8.count), as: UTF8.self))
        }
        return nil
    }

    /// A descriptor of what procfs says of the caller. Throws where the call is gone: it may be another's then.
    private func look(_ name: String, _ question: Question) throws(SystemError) -> FileDescriptor {
        let found = try FileDescriptor.open(name, in: processes.rawValue, FileDescriptor.pathOnly)
        guard listener.isWaiting(question.call) else { throw SystemError("ioctl", nil, .noProcess) }
        return found
    }

    /// Makes the caller's root this process's, and the directory that `path` begins in the current one.
    private func enter(_ question: Question, _ directory: CInt, _ path: RawName) throws(SystemError) {
        let root = try look("\(question.thread)/root", question)
        try check("fchdir") { fchdir(root.rawValue) }
        try check("chroot") { chroot(".") }
        // An absolute path has no use for it.
        if path.first == 47 { return }
        let start =
            directory == AT_FDCWD
            ? try look("\(question.thread)/cwd", question) : try file(question, descriptor: directory)
        try check("fchdir") { fchdir(start.rawValue) }
    }

    // By the caller's root and directory: as the kernel would have gone for it, but for the links of procfs, which could
    // lead into another process's files (RESOLVE_NO_MAGICLINKS).
    private func open(_ path: RawName, _ flags: CInt) throws(SystemError) -> FileDescriptor {
        try Files.open(raw: path, from: AT_FDCWD, FileDescriptor.pathOnly | flags)
    }

    // MARK: owners

    /// Tells whose a file would be, to a process that has become another user; nil where nothing is kept.
    private func show(_ question: Question) throws(SystemError) -> CallAnswer? {
        let isAt = question.kind == .newfstatat
        let file = try file(question, in: isAt ? question.integer(0) : AT_FDCWD, path: isAt ? 1 : 0)
        try check("fchdir") { fchdir(own.rawValue) }
        guard let value = try AttributesHere.get(KeptOwner.attribute, of: file.rawValue), let kept = KeptOwner(value)
        else { return nil }
        var status = try file.status().raw
        (status.st_uid, status.st_gid) = (kept.user, kept.group)
        guard listener.isWaiting(question.call) else { throw SystemError("ioctl", nil, .noProcess) }
        // The C library's form is the kernel's on every architecture of ours.
        try OtherProcess.write(
            question.thread, at: question.call.arguments[isAt ? 2 : 1], withUnsafeBytes(of: status) { Array($0) })
        return .value(0)
    }

    private func give(
        _ file: consuming FileDescriptor, _ question: Question, _ place: Int, _ credentials: EmulatedCredentials
    ) throws(SystemError) {
        let (user, group) = (question.owner(place), question.owner(place + 1))
        let number = file.rawValue
        var status = try file.status()
        // Somebody else's file, in a directory of the host's: its owner is not the container's to change.
        guard status.user == 0 else { throw SystemError("chown", nil, .notPermitted) }
        let mayHave = status.isRegular || status.isDirectory
        try check("fchdir") { fchdir(own.rawValue) }
        let old = mayHave ? try AttributesHere.get(KeptOwner.attribute, of: number).flatMap(KeptOwner.init) : nil
        // Who has made a file of which nothing is kept is not known: whoever asks.
        let owner =
            old.map { (user: $0.user, group: $0.group) }
            ?? (user: credentials.user.effective, group: credentials.group.effective)
        guard credentials.mayGive(owner, to: user, group) else {
            throw SystemError("chown", nil, .notPermitted)
        }
        // Of the call the kernel does what needs no other id: it refuses where nothing may be changed, takes the
        // set-user-ID bit and capabilities away, and notes the time.
        try Files.setOwner(raw: [0], in: number, user: .max, group: .max)
        guard mayHave else { return }
        status = try file.status()
        let new = KeptOwner(
            user: user ?? owner.user, group: group ?? owner.group,
            mode: old?.node != nil ? old?.mode ?? 0 : status.permissions,
            node: old?.node)
        if new == old { return }
        if new.isPlain { return try AttributesHere.remove(KeptOwner.attribute, of: number) }
        do throws(SystemError) {
            try AttributesHere.set(KeptOwner.attribute, of: number, to: new.value)
        } catch {
            switch error.errno {
            // The file system has no such attributes: a mount of the container's, procfs.
            case .notSupported: return
            case .access: throw SystemError("chown", nil, .notPermitted)
            default: throw error
            }
        }
    }

    // MARK: devices

    /// Makes an empty file that says which device it stands for.
    private func makeNode(
        _ question: Question, in directory: CInt, _ place: Int, _ credentials: EmulatedCredentials
    ) throws(SystemError) -> CallAnswer {
        let mode = FileMode(truncatingIfNeeded: question.call.arguments[place + 1])
        let device = DeviceNumber(UInt32(truncatingIfNeeded: question.call.arguments[place + 2]))
        // An overlay's whiteout, which anybody may make (Linux 5.8).
        if mode & S_IFMT == S_IFCHR, device == 0 { return .proceed }
        guard credentials.isRoot else { return .failure(.notPermitted) }
        let path = try OtherProcess.path(question.thread, at: question.call.arguments[place])
        guard path.count > 1 else { return .failure(.noEntry) }
        let mask = try umask(of: question)
        try enter(question, directory, path)
        let permissions = mode & 0o7777 & ~mask
        let file = try Files.make(raw: path, from: AT_FDCWD, mode: permissions)
        do throws(SystemError) {
            try KeptOwner(user: 0, group: 0, mode: permissions, node: .init(type: mode & S_IFMT, device: device)).keep(
                file.rawValue)
        } catch {
            _ = unlink(path)
            throw error
        }
        return .value(0)
    }

    private func umask(of question: Question) throws(SystemError) -> FileMode {
        let text = try Files.readText("\(question.thread)/status", in: processes.rawValue, limit: 1 << 16)
        guard listener.isWaiting(question.call) else { throw SystemError("ioctl", nil, .noProcess) }
        // Umask:	0022
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Umask:".utf8) {
            let digits = line.dropFirst(6).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            return FileMode(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0o022
        }
        return 0o022
    }
}
