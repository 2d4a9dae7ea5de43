import Glibc
import Linux

extension StorePaths {
    /// Creates what is missing of both directories, mode 0700, and checks that they belong to the caller. Returns them, with the
    /// run directory that this store has.
    ///
    /// Throws `StoreError.unusableDirectory` for a directory of another user, a file in the way, a file
    /// system that takes no files, or a run directory that another store uses.
    @discardableResult
    package func prepared() throws(StoreError) -> StorePaths {
        let store = try Self.claim(data)
        for folder in [images, layers, squashedLayers, containers, names, leases, cache, launchRecords] {
            try Self.make(folder)
        }
        // In /tmp anybody could have made the directory first, and would then own what we put into it.
        _ = try Self.claim(run, privately: true)
        var paths = StorePaths(data: data, run: run)
        if let owner, (try? Files.status(owner))?.identity != store {
            try Self.make(run + "/stores")
            paths.run += "/stores/\(store.fileSystem)-\(store.inode)"
            _ = try Self.claim(paths.run, privately: true)
        }
        try paths.bind(store)
        try Self.make(paths.runningContainers)
        return paths
    }

    private static func make(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 else {
            let errno = Errno.current
            if errno != .exists { throw refusal(path, SystemError("mkdir", path, errno)) }
            return
        }
        do throws(SystemError) { try makePlain(path) } catch { throw refusal(path, error) }
    }

    /// Takes off the new directory what it has from the one above: its group, the set-group-ID bit and a default ACL
    /// (inode(7), acl(5)). Everything below would have them, the files of images and containers, too.
    private static func makePlain(_ path: String) throws(SystemError) {
        let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let status = try folder.status()
        if status.group != getegid() {
            try check("fchown", path) { fchown(folder.rawValue, uid_t.max, getegid()) }
        }
        try ExtendedAttributes.remove(RawName("system.posix_acl_default"), of: folder.rawValue)
        // The mask of an ACL is the group's part of the mode: this comes last.
        if try folder.status().raw.st_mode & 0o7777 != 0o700 {
            try check("fchmod", path) { fchmod(folder.rawValue, 0o700) }
        }
    }

    private static func claim(_ path: String, privately: Bool = false) throws(StoreError) -> FileIdentity {
        if mkdir(path, 0o700) < 0 {
            let errno = Errno.current
            do throws(SystemError) {
                if errno == .noEntry {
                    try Files.makeDirectories(path, mode: 0o700)
                } else if errno != .exists {
                    throw SystemError("mkdir", path, errno)
                }
            } catch {
                throw refusal(path, error)
            }
        }
        do throws(PrivateDirectory.Refusal) {
            // A link in the place of the run directory could lead anywhere; one in the place of the data directory is
            // how people put it on another disk. A group of its own for each user, and so a umask of 002, is common
            // for data.
            let folder = try PrivateDirectory.open(
                path, following: !privately, forbidden: privately ? 0o022 : 0o002)
            return try identity(of: folder)
        } catch {
            if case .failed(let failure) = error { throw refusal(path, failure) }
            throw .unusableDirectory(path: path, cause: error.description)
        }
    }

    private static func identity(
        of folder: borrowing FileDescriptor
    ) throws(PrivateDirectory.Refusal) -> FileIdentity {
        do throws(SystemError) { return try Files.status(of: folder.rawValue).identity } catch { throw .failed(error) }
    }

    private static func refusal(_ path: String, _ error: SystemError) -> StoreError {
        switch error.errno {
        case Errno(EROFS):
            .unusableDirectory(
                path: path, cause: "its file system is read-only: choose another place with --root or APUS_ROOT")
        case .access, .notPermitted:
            .unusableDirectory(
                path: path, cause: "this user may not create it: choose another place with --root or APUS_ROOT")
        case .notDirectory: .unusableDirectory(path: path, cause: "a file is in its way")
        default: .unusableDirectory(path: path, cause: error.description)
        }
    }
}
