package import Linux

/// A file system of a volume: what mount(8) takes of a line of fstab(5).
package struct VolumeFileSystem: Equatable, Sendable {
    package let type: String
    package let source: String
    /// Flags of the mount; the rest is the file system's.
    private let parsed: MountOptions

    package init(type: String, source: String, options: [String]) {
        self.type = type
        self.source = source
        parsed = MountOptions(options.filter { !$0.isEmpty })
    }

    /// What its options say to the file system, with commas between them.
    package var data: String { parsed.data }
    /// Its flags, as mount(2) gets them.
    package var flags: MountFlags { parsed.set }

    /// Mounts it on the directory `target`, in the mount namespace of the caller. Throws `SystemError`: EINVAL also for
    /// options of mounts that are none of a new file system.
    package func mount(on target: String) throws(SystemError) {
        guard !parsed.isRemount, !parsed.isBind, !parsed.mapsIDs, !parsed.copiesUp, parsed.recursiveSet.isEmpty,
            parsed.recursiveClear.isEmpty
        else { throw SystemError("mount", source, .invalid) }
        try MountCalls.mount(
            source, on: target, type: type, parsed.set, data: parsed.data.isEmpty ? nil : parsed.data)
        guard !parsed.propagation.isEmpty else { return }
        try MountCalls.mount(nil, on: target, parsed.propagation)
    }
}
