import Bytes
import Glibc
import Linux

/// What this machine gives the calling process of cgroup v2.
package struct CgroupSupport: Sendable {
    /// How the kernel's hierarchies are mounted.
    package enum Hierarchy: String, Sendable {
        /// The one hierarchy of version 2.
        case v2
        /// Version 2 beside version 1, which has some or all controllers.
        case hybrid
        case v1
        case none
    }

    package var hierarchy: Hierarchy
    /// Where version 2 is mounted; nil as `v1` and `none`.
    package var mountPoint: String?
    /// Our own cgroup as a directory of the file system; nil where it is not below the mount.
    package var ownDirectory: String?
    /// The controllers that our own cgroup has.
    package var available: Controllers {
        ownDirectory.map { Controllers((try? Files.readText("\($0)/cgroup.controllers")) ?? "") } ?? []
    }
    /// The controllers that a cgroup which we make beside our own, or below it, can have.
    package var delegated: Controllers { delegable() }
    /// Whether we may make cgroups ourselves.
    package var isWritable: Bool { ownDirectory.map(Self.isWritable) ?? false }
    /// Whether our own cgroup was handed to us by systemd (`Delegate=`), which then leaves what is below it alone.
    package var isDelegatedUnit: Bool {
        guard let ownDirectory, let mountPoint else { return false }
        return Self.isDelegated(ownDirectory, below: mountPoint)
    }
    /// The systemd that can be asked for a scope; nil where there is none.
    package var manager: SystemdManager?

    /// Whether a cgroup can be made at all, by ourselves or by systemd.
    package var canMake: Bool { isWritable || manager != nil && hierarchy == .v2 }

    package init(_ hierarchy: Hierarchy) { self.hierarchy = hierarchy }

    /// Asks the running machine where version 2 is and who manages it, with some ten system calls; more is asked when it is
    /// wanted, and each time. `user` is the caller's user id where it may be in a user
    /// namespace meanwhile.
    package static func detect(user: UInt32? = nil) -> CgroupSupport {
        detect(mountPoint: "/sys/fs/cgroup", manager: SystemdManager.find(user: user ?? geteuid()))
    }

    static func detect(mountPoint: String, manager: SystemdManager?) -> CgroupSupport {
        guard var support = mounted(mountPoint) else {
            return CgroupSupport(Files.exists("\(mountPoint)/memory") || Files.exists("/proc/cgroups") ? .v1 : .none)
        }
        support.manager = manager
        guard let mount = support.mountPoint, let own = ownPath(),
            let directory = directory(of: own, mountPoint: mount)
        else { return support }
        support.ownDirectory = directory
        return support
    }

    // What a child of the own cgroup, or of one above it that is ours as well, can get.
    private func delegable() -> Controllers {
        var found: Controllers = []
        for place in ownPlaces() {
            if place.mayEnable { found.formUnion(place.available) } else { found.formUnion(place.enabled) }
        }
        return found
    }

    // MARK: parts

    private static func mounted(_ mountPoint: String) -> CgroupSupport? {
        mounted(mountPoint, .v2) ?? mounted("\(mountPoint)/unified", .hybrid)
    }

    private static func mounted(_ path: String, _ hierarchy: Hierarchy) -> CgroupSupport? {
        guard let folder = try? FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY),
            (try? folder.fileSystemType()) == .cgroup2
        else { return nil }
        var support = CgroupSupport(hierarchy)
        support.mountPoint = path
        return support
    }

    /// Our own cgroup as `/proc/self/cgroup` has it: a path below the root of the cgroup namespace.
    package static func ownPath() -> String? {
        (try? Files.readControl("/proc/self/cgroup")).flatMap { path(inProcFile: String(decoding: $0, as: UTF8.self)) }
    }

    /// The path of the version 2 hierarchy ("0::PATH") in a file `/proc/PID/cgroup`.
    package static func path(inProcFile text: String) -> String? {
        for line in text.split(on: "\n") where line.begins(with: "0::/") {
            let path = String(line.dropping(3))
            return path.ends(with: " (deleted)") ? nil : path
        }
        return nil
    }

    /// The directory of the cgroup `path` (as `/proc/PID/cgroup` has it) below a mount; nil where the mount does not
    /// show it.
    package static func directory(of path: String, mountPoint: String) -> String? {
        guard !path.begins(with: "/..") else { return nil }
        let direct = path == "/" ? mountPoint : mountPoint + path
        if Files.exists("\(direct)/cgroup.procs") { return direct }
        // A part of the hierarchy is mounted, as in a container that keeps the host's cgroup namespace.
        guard let root = mountedRoot(mountPoint), root != "/" else { return nil }
        return directory(of: path, mountedRoot: root, mountPoint: mountPoint)
    }

    static func directory(of path: String, mountedRoot root: String, mountPoint: String) -> String? {
        if path == root { return mountPoint }
        guard path.begins(with: root + "/") else { return nil }
        return mountPoint + path.dropping(root.utf8.count)
    }

    // Field 4 of the mount's line (proc_pid_mountinfo(5)).
    private static func mountedRoot(_ mountPoint: String) -> String? {
        guard let text = try? Files.readText("/proc/self/mountinfo") else { return nil }
        var root: String?
        for line in text.split(on: "\n") {
            let fields = line.split(on: " ")
            if fields.count > 4, fields[4] == mountPoint { root = String(fields[3]) }
        }
        return root
    }

    // systemd marks what it has handed over by an extended attribute: `user.` since version 251, before that where
    // root alone can read it. What counts is the unit that we are in, which may be above our own cgroup.
    private static func isDelegated(_ directory: String, below mount: String) -> Bool {
        var place = directory
        while place.utf8.count > mount.utf8.count {
            let name = Files.split(place).name
            if isMarked(place) { return !name.begins(with: "user@") }
            if [".service", ".scope", ".slice"].contains(where: name.ends) { return false }
            place = Files.split(place).parent
        }
        return false
    }

    private static func isMarked(_ directory: String) -> Bool {
        guard let folder = try? FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY) else { return false }
        return ["user.delegate", "trusted.delegate"].contains { name in
            (try? ExtendedAttributes.get(RawName(name), of: folder.rawValue)) == [UInt8(ascii: "1")]
        }
    }

    static func isWritable(_ directory: String) -> Bool {
        access(directory, W_OK | X_OK) == 0 && access("\(directory)/cgroup.procs", W_OK) == 0
    }
}
