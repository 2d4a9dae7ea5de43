import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Makes the devices that every container has and those of the specification, and the links beside them
    /// (config-linux.md, Default Devices; runtime-linux.md, Dev symbolic links).
    func createDevices(_ root: borrowing RootDirectory) throws(LaunchError) {
        var mount: RuntimeSpec.Mount?
        for candidate in spec.mounts ?? []
        where candidate.destination == "/dev" || candidate.destination == "/dev/" { mount = candidate }
        let options = MountOptions(mount?.options ?? [])
        // The host's own /dev, bound: what it has is there already.
        if options.isBind || mount?.type == "bind" { return }

        let folder = try step(.devices, "/dev") { () throws(SystemError) in
            try root.openOrCreate("/dev", .directory)
        }
        var maker = DeviceMaker()
        let listed = linux.devices ?? []
        for (name, major, minor) in Self.defaults {
            let path = "/dev/" + name
            if listed.contains(where: { $0.path == path }) { continue }
            try maker.make(
                RuntimeSpec.Device(type: "c", path: path, major: major, minor: minor, fileMode: 0o666), name, folder)
        }
        for (index, device) in listed.enumerated() {
            maker.ready = earlyMounts.takeDevice(index)
            guard let (parent, name) = RootDirectory.split(device.path) else {
                throw LaunchError(.devices, sentence: "the path of the device \"\(device.path)\" is empty")
            }
            if parent == "/dev" {
                try maker.make(device, name, folder)
            } else {
                let folder = try step(.devices, device.path) { () throws(SystemError) in
                    try root.openOrCreate(parent, .directory)
                }
                try maker.make(device, name, folder)
            }
        }
        try makeLinks(folder)
        if mount != nil, options.set.contains(.readOnly) {
            try step(.devices, "/dev") { () throws(SystemError) in try MountChange.makeReadOnly(folder) }
        }
    }

    private static let defaults: [(name: String, major: Int64, minor: Int64)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]

    private func makeLinks(_ folder: borrowing FileDescriptor) throws(LaunchError) {
        func link(_ name: String, _ target: String) throws(LaunchError) {
            // An image's own file of the name stays.
            let result = target.withCString { target in
                name.withCString { symlinkat(target, folder.rawValue, $0) }
            }
            if result < 0, Errno.current != .exists {
                throw LaunchError(.devices, SystemError("symlink", "/dev/\(name)"))
            }
        }
        try link("fd", "/proc/self/fd")
        try link("stdin", "/proc/self/fd/0")
        try link("stdout", "/proc/self/fd/1")
        try link("stderr", "/proc/self/fd/2")
        try link("ptmx", "pts/ptmx")
        try link("core", "/proc/kcore")
    }
}

/// Makes device nodes, or, where that is not allowed (in a user namespace), binds the host's.
private struct DeviceMaker: ~Copyable {
    /// The node itself, made by the caller.
    var ready: MountTree?
    // What mknod(2) said once it says of every device.
    private var binds = false

    init() { ready = nil }

    mutating func make(
        _ device: RuntimeSpec.Device, _ name: String, _ folder: borrowing FileDescriptor
    ) throws(LaunchError) {
        guard let kind = device.nodeKind else {
            throw LaunchError(
                .devices, sentence: "the type \"\(device.type)\" of the device \(device.path) is unknown")
        }
        if let tree = ready.take() { return try Self.attach(tree, device, name, folder) }
        let mode = device.fileMode ?? 0o666
        let number = device.number
        if binds, kind != S_IFIFO { return try bind(device, kind, name, folder) }
        if name.withCString({ mknodat(folder.rawValue, $0, kind | (mode & 0o7777), number) }) < 0 {
            switch Errno.current {
            case .exists: return try checkPresent(device, kind, number, name, folder)
            case .notPermitted where kind != S_IFIFO:
                binds = true
                return try bind(device, kind, name, folder)
            case let errno: throw LaunchError(.devices, SystemError("mknod", nil, errno), about: device.path)
            }
        }
        if device.uid ?? 0 != 0 || device.gid ?? 0 != 0,
            fchownat(folder.rawValue, name, device.uid ?? 0, device.gid ?? 0, AT_SYMLINK_NOFOLLOW) < 0
        {
            throw LaunchError(.devices, SystemError("chown"), about: device.path)
        }
    }

    // An image may bring the node; a file that is something else is not taken for it.
    private func checkPresent(
        _ device: RuntimeSpec.Device, _ kind: FileMode, _ number: UInt, _ name: String,
        _ folder: borrowing FileDescriptor
    ) throws(LaunchError) {
        let status = try step(.devices, device.path) { () throws(SystemError) in
            try Files.status(name, in: folder.rawValue, following: false)
        }
        if status.raw.st_mode & S_IFMT == kind, kind == S_IFIFO || status.raw.st_rdev == number { return }
        throw LaunchError(
            .devices, sentence: "cannot create the device \(device.path): the image has another file of that name",
            errno: .exists)
    }

    private static func attach(
        _ tree: borrowing MountTree, _ device: RuntimeSpec.Device, _ name: String, _ folder: borrowing FileDescriptor
    ) throws(LaunchError) {
        let isNew = try makePlace(device, name, folder)
        try step(.devices, device.path) { () throws(SystemError) in
            // No link in the place of the name is followed.
            if isNew { return try tree.attach(to: name, in: folder.rawValue) }
            try tree.attach(to: try openPlace(device, name, folder, isNew: isNew))
        }
    }

    // False where something has the name.
    private static func makePlace(
        _ device: RuntimeSpec.Device, _ name: String, _ folder: borrowing FileDescriptor
    ) throws(LaunchError) -> Bool {
        if name.withCString({ mknodat(folder.rawValue, $0, S_IFREG | 0o644, 0) }) == 0 { return true }
        if Errno.current == .exists { return false }
        throw LaunchError(.devices, SystemError("mknod"), about: device.path)
    }

    private static func openPlace(
        _ device: RuntimeSpec.Device, _ name: String, _ folder: borrowing FileDescriptor, isNew: Bool
    ) throws(SystemError) -> FileDescriptor {
        let place = try FileDescriptor.open(name, in: folder.rawValue, FileDescriptor.pathOnly | O_NOFOLLOW)
        if !isNew, try place.status().isSymbolicLink { throw SystemError("open", device.path, .loop) }
        return place
    }

    private func bind(
        _ device: RuntimeSpec.Device, _ kind: FileMode, _ name: String, _ folder: borrowing FileDescriptor
    ) throws(LaunchError) {
        // Of the host's own /dev: this process still sees it.
        if let tree = try hostCopy(device) {
            try Self.checkHost(device, kind, tree.descriptor)
            return try Self.attach(tree, device, name, folder)
        }
        let source = try step(.devices, device.path, sentence: { Self.isMissing(device, $0) }) {
            () throws(SystemError) in try FileDescriptor.open(device.path, FileDescriptor.pathOnly | O_NOFOLLOW)
        }
        try Self.checkHost(device, kind, source)
        let isNew = try Self.makePlace(device, name, folder)
        try step(.devices, device.path) { () throws(SystemError) in
            let place = try Self.openPlace(device, name, folder, isNew: isNew)
            try MountCalls.mount("/proc/self/fd/\(source.rawValue)", on: place, .bind)
        }
    }

    // Nil where the call is not there.
    private func hostCopy(_ device: RuntimeSpec.Device) throws(LaunchError) -> MountTree? {
        do throws(SystemError) {
            return try MountTree.clone(device.path, recursive: false, following: false)
        } catch {
            if error.errno == .notImplemented || error.errno == .notPermitted { return nil }
            throw LaunchError(.devices, error, about: device.path, sentence: Self.isMissing(device, error))
        }
    }

    private static func isMissing(_ device: RuntimeSpec.Device, _ error: SystemError) -> String {
        "cannot create the device \(device.path): without the right to make device nodes, the host has to have it at "
            + "the same path, and there: \(error.errno)"
    }

    private static func checkHost(
        _ device: RuntimeSpec.Device, _ kind: FileMode, _ source: borrowing FileDescriptor
    ) throws(LaunchError) {
        let status = try step(.devices, device.path) { () throws(SystemError) in try source.status() }
        if status.raw.st_mode & S_IFMT == kind, status.raw.st_rdev == device.number { return }
        throw LaunchError(
            .devices, sentence: "cannot create the device \(device.path): the host has another file at that path")
    }
}

extension RuntimeSpec.Device {
    /// The kind of its node, as `st_mode` has it; nil for a type that there is not.
    var nodeKind: FileMode? {
        switch type {
        case "c", "u": S_IFCHR
        case "b": S_IFBLK
        case "p": S_IFIFO
        default: nil
        }
    }

    /// The number of its node.
    var number: UInt { makeDevice(major ?? 0, minor ?? 0) }
}
