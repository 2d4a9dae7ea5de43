import Bytes
import Glibc
package import Linux
import OCI

/// The user namespace that a user's containers share, entered by the process that calls.
///
/// There is no process whose only task is to hold it: it is joined through any supervisor that lives
/// (14 µs), and made anew where none does (newuidmap, 1-2 ms).
package enum UserNamespace {
    /// With what ids the calling process works after `enter`.
    package enum Mode: UInt8, Sendable {
        /// As before: it is root with all it needs.
        case host
        /// In a user namespace with the subordinate ranges.
        case mapped
        /// In a user namespace in which there is root alone.
        case single
    }

    /// The mode that `enter` will have, and the map (nil as `host`), for the calling user. Reads
    /// `/etc/subuid` and `/etc/subgid`, once in a process.
    package static func plan() -> (mode: Mode, map: IDMap?) { planned }

    /// Whether the mode of the calling user is `host`.
    package static var isHost: Bool { geteuid() == 0 && Capability.isEffective(Capability.systemAdministration) }

    private static let planned = makePlan()

    private static func makePlan() -> (mode: Mode, map: IDMap?) {
        if isHost { return (.host, nil) }
        let user = geteuid()
        let group = getegid()
        let name = Account.name(of: user)
        func ranges(_ file: String) -> [SubordinateRange] {
            guard let content = try? Files.read(file, limit: 16 << 20) else { return [] }
            return SubordinateRange.ranges(in: content, name: name, uid: user)
        }
        let users = ranges("/etc/subuid")
        let groups = users.isEmpty ? [] : ranges("/etc/subgid")
        if !users.isEmpty, !groups.isEmpty, helper("newuidmap") != nil, helper("newgidmap") != nil {
            return (.mapped, .subordinate(user: user, group: group, userRanges: users, groupRanges: groups))
        }
        return (.single, .single(user: user, group: group))
    }

    /// Brings the calling process, which must have one thread, into the user's namespace as its root, with a mount
    /// namespace of its own that receives the host's mounts and gives none back.
    ///
    /// A living supervisor that has published itself in `runDirectory` is joined if it has the mode of `plan`: with
    /// another, since subordinate ids have come or gone meanwhile, the owners of the layers would not be its own.
    /// With `publishing` the process is one that later ones join, as after `publish`; of two such that start at once one
    /// makes the namespace and the other joins it: networks are shared within one alone.
    package static func enter(
        runDirectory: String, publishing: Bool = false
    ) throws(UserNamespaceError) -> Mode {
        var none: Living.Mark?
        let entered = try enter(runDirectory: runDirectory, publishing: publishing, living: &none)
        if publishing, !entered.isPublished { publish(runDirectory: runDirectory, mode: entered.mode) }
        return entered.mode
    }

    /// The same. `living` is the namespace to be joined, where one was found before; nil afterwards where it could not be, and another
    /// was entered. One that was joined is there for others as long as its first process is: `publish` is left to the caller then.
    package static func enter(
        runDirectory: String, publishing: Bool, living: inout Living.Mark?
    ) throws(UserNamespaceError) -> (mode: Mode, isPublished: Bool) {
        if isHost {
            try ownMountNamespace()
            return (.host, false)
        }
        var isPublished = false
        let (mode, map) = plan()
        if !join(living) { living = nil }
        if living == nil, !join(runDirectory: runDirectory, mode: mode) {
            // Without it, on a disk that is full, two may have one each.
            let lock = publishing ? try? FileLock("\(runDirectory)/userns.lock") : nil
            if !(publishing && join(runDirectory: runDirectory, mode: mode)) { try create(map!, mode) }
            if publishing {
                allowJoining()
                publish(runDirectory: runDirectory, mode: mode)
            }
            isPublished = publishing
            endLifetime(lock)
        } else if publishing {
            allowJoining()
        }
        try ownMountNamespace()
        return (mode, isPublished)
    }

    /// Does `body` in the namespace as a worker that does not live long: others that start meanwhile join it, and need not make a
    /// namespace of their own, which takes several processes. Throws `UserNamespaceError`, and what `body` throws.
    package static func sharing<T>(runDirectory: String, _ body: (Mode) throws -> T) throws -> T {
        let mode = try enter(runDirectory: runDirectory, publishing: true)
        guard mode != .host else { return try body(mode) }
        // The process may have another root by then.
        let directory = try? FileDescriptor.open(
            publications(runDirectory), FileDescriptor.pathOnly | O_DIRECTORY
        ).release()
        defer {
            if let directory {
                unlinkat(directory, String(getpid()), 0)
                close(directory)
            }
        }
        return try body(mode)
    }

    /// As `enter`, but always a new user namespace, with `map`.
    package static func enterNew(_ map: IDMap, _ mode: Mode) throws(UserNamespaceError) {
        try create(map, mode)
        try ownMountNamespace()
    }

    private static func ownMountNamespace() throws(UserNamespaceError) {
        do throws(SystemError) {
            try NamespaceSet.mount.unshare()
            // Slave and not private: what the host mounts later (a USB stick, an NFS home) stays visible in
            // recursive binds, and nothing of ours travels back.
            try MountCalls.mount(nil, on: "/", [.slave, .recursive])
        } catch { throw .failed(error) }
    }

    // MARK: joining

    // One symbolic link per process that can be joined, PID -> "MODE:START TIME", in a directory of their own.
    private static func publications(_ runDirectory: String) -> String { "\(runDirectory)/userns" }

    // setns on a pidfd asks for ptrace access, which an undumpable process, as one is that has changed its user, refuses to its own.
    private static func allowJoining() { Hardening.setDumpable(true) }

    /// Lets later starts join the namespace of the calling process, a supervisor inside it that has entered it for that, as long as
    /// it lives.
    package static func publish(runDirectory: String, mode: Mode) {
        guard mode != .host, let own = ProcessIdentity.current() else { return }
        let directory = publications(runDirectory)
        let name = "\(directory)/\(own.pid)"
        let content = "\(mode.rawValue):\(own.startTime)"
        if symlink(content, name) == 0 { return }
        switch Errno.current {
        case .noEntry:
            guard mkdir(directory, 0o700) == 0 || Errno.current == .exists else { return }
        case .exists:
            // Left by a dead process with our number.
            unlink(name)
        default: return
        }
        _ = symlink(content, name)
    }

    /// Takes the process `pid`, by default the calling one, out of what later starts join.
    package static func withdraw(runDirectory: String, _ pid: ProcessID = getpid()) {
        unlink("\(publications(runDirectory))/\(pid)")
    }

    /// The user's namespace, as a file that keeps it there.
    package struct Living: ~Copyable {
        private let file: FileDescriptor

        fileprivate init(_ file: consuming FileDescriptor) { self.file = file }

        /// What a process that is forked while the file is open joins it by.
        package struct Mark: Equatable, Sendable {
            /// The number of the file.
            package let number: CInt
        }

        package var mark: Mark { Mark(number: file.rawValue) }

        /// Gives the file away.
        package consuming func takeFile() -> FileDescriptor { file }
    }

    /// The namespace of a process that can be joined by one that works with the ids of `mode`, whatever becomes of that process;
    /// nil where there is none.
    package static func living(runDirectory: String, mode: Mode) -> Living? {
        var found: Living?
        _ = search(runDirectory: runDirectory, mode: mode) { process in
            // The number may be another's by the second look, and then the file may be, too.
            guard let file = try? FileDescriptor.open("/proc/\(process.pid)/ns/user", O_RDONLY), process.isAlive else {
                return false
            }
            found = Living(file)
            return true
        }
        return found
    }

    private static func join(_ living: Living.Mark?) -> Bool {
        guard let living else { return false }
        return (try? NamespaceSet.user.enter(living.number)) != nil && (try? Credentials.becomeRoot()) != nil
    }

    private static func join(runDirectory: String, mode: Mode) -> Bool {
        var isRoot = false
        let isFound = search(runDirectory: runDirectory, mode: mode) { process in
            // Not entered where it ended between the two calls.
            guard let pidfd = process.open(), enter(pidfd, process) else { return false }
            isRoot = (try? Credentials.becomeRoot()) != nil
            return true
        }
        return isFound && isRoot
    }

    // Goes through the processes that can be joined, until one will do; false where none does.
    private static func search(
        runDirectory: String, mode: Mode,
        _ willDo: (_ process: ProcessIdentity) -> Bool
    ) -> Bool {
        let directory = publications(runDirectory)
        guard let names = try? Files.list(directory) else { return false }
        for name in names {
            let path = "\(directory)/\(name)"
            guard let pid = ProcessID(name), let content = try? Files.readLink(path) else { continue }
            let fields = content.split(on: ":")
            guard fields.count == 2, let raw = UInt8(fields[0]), let published = Mode(rawValue: raw),
                published != .host, let start = UInt64(fields[1])
            else {
                unlink(path)
                continue
            }
            let process = ProcessIdentity(pid: pid, startTime: start)
            if published == mode, willDo(process) { return true }
            // Without a descriptor to spare a living one will not do either.
            if (try? process.isGone()) == true { unlink(path) }
        }
        return false
    }

    private static func enter(_ pidfd: borrowing FileDescriptor, _ process: ProcessIdentity) -> Bool {
        do throws(SystemError) {
            try NamespaceSet.user.enter(pidfd)
            return true
        } catch {
            // Before Linux 5.8 a pidfd is no namespace, and a directory of /proc never is.
            guard error.errno == .invalid || error.errno == .notImplemented || error.errno == .notPermitted,
                let file = try? FileDescriptor.open("/proc/\(process.pid)/ns/user", O_RDONLY), process.isAlive
            else { return false }
            return (try? NamespaceSet.user.enter(file)) != nil
        }
    }

    // MARK: creating

    /// Where newuidmap(1) or newgidmap(1) is; nil where it is not.
    package static func helper(_ name: String) -> String? {
        SearchPath(["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"]).find(name)
    }

    private static func create(_ map: IDMap, _ mode: Mode) throws(UserNamespaceError) {
        if mode == .mapped {
            try createMapped(map)
        } else {
            try createSingle(map)
        }
        do throws(SystemError) { try Credentials.becomeRoot() } catch { throw .failed(error) }
    }

    private static func createSingle(_ map: IDMap) throws(UserNamespaceError) {
        do throws(SystemError) { try NamespaceSet.user.unshare() } catch { throw .forbidden(error) }
        do throws(SystemError) {
            // Linux 3.19: without it an unprivileged process may not write its gid_map (user_namespaces(7)).
            try Files.writeControl("deny", to: "/proc/self/setgroups")
            try Files.writeControl(IDMap.text(map.users), to: "/proc/self/uid_map")
            try Files.writeControl(IDMap.text(map.groups), to: "/proc/self/gid_map")
        } catch { throw .failed(error) }
    }

    // The helpers must run outside the namespace that they map, so a child that stays behind runs them. Both
    // at once: one after the other costs 0.8 ms more.
    private static func createMapped(_ map: IDMap) throws(UserNamespaceError) {
        guard let uidHelper = helper("newuidmap"), let gidHelper = helper("newgidmap") else {
            throw .failed(SystemError("exec", "newuidmap", .noEntry))
        }
        let own = getpid()
        var failure: SystemError?
        var status = ExitStatus.exited(code: 0)
        do throws(SystemError) {
            var go = try FileDescriptor.pipe()
            let read = go.takeFirst()
            let write = go.takeSecond().release()
            let child = try fork {
                close(write)
                var byte: UInt8 = 0
                guard Glibc.read(read.rawValue, &byte, 1) == 1 else { return 3 }
                let users = start(uidHelper, own, map.users)
                let groups = start(gidHelper, own, map.groups)
                guard users > 0, groups > 0 else { return 3 }
                if (try? waitForExit(of: users)) != .exited(code: 0) { return 1 }
                return (try? waitForExit(of: groups)) == .exited(code: 0) ? 0 : 2
            }
            do throws(SystemError) { try NamespaceSet.user.unshare() } catch { failure = error }
            // A closed pipe without a byte tells the child to give up.
            var byte: UInt8 = 1
            if failure == nil { _ = Glibc.write(write, &byte, 1) }
            close(write)
            status = try waitForExit(of: child)
        } catch { throw .failed(error) }
        if let failure { throw .forbidden(failure) }
        guard status == .exited(code: 0) else {
            throw .mapRefused(helper: status == .exited(code: 2) ? "newgidmap" : "newuidmap", status)
        }
    }

    static func start(_ helper: String, _ pid: ProcessID, _ mappings: [RuntimeSpec.IDMapping]) -> ProcessID {
        var arguments = [helper, String(pid)]
        for mapping in mappings {
            arguments += [String(mapping.containerID), String(mapping.hostID), String(mapping.size)]
        }
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        var pid: ProcessID = -1
        // posix_spawn shares the address space until the exec: no page tables are copied. The C library's takes clone3(2)
        // and does not look further where a filter says EPERM.
        if posix_spawn(&pid, helper, nil, nil, pointers, environ) == 0 { return pid }
        return
            (try? fork {
                execv(helper, pointers)
                return 127
            }) ?? -1
    }
}
