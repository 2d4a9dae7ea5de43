/// Flags of mount(2), MS_*.
package struct MountFlags: OptionSet, Sendable {
    package let rawValue: UInt
    package init(rawValue: UInt) { self.rawValue = rawValue }

    /// The union of `elements`. The standard library's own is unspecialised here, and looks for conformances.
    package init(arrayLiteral elements: MountFlags...) {
        var bits: UInt = 0
        for element in elements { bits |= element.rawValue }
        self.init(rawValue: bits)
    }

    package static let readOnly = MountFlags(rawValue: 1)
    package static let noSUID = MountFlags(rawValue: 1 << 1)
    package static let noDevices = MountFlags(rawValue: 1 << 2)
    package static let noExec = MountFlags(rawValue: 1 << 3)
    package static let synchronous = MountFlags(rawValue: 1 << 4)
    package static let remount = MountFlags(rawValue: 1 << 5)
    package static let mandatoryLocks = MountFlags(rawValue: 1 << 6)
    package static let synchronousDirectories = MountFlags(rawValue: 1 << 7)
    /// Linux 5.10.
    package static let noSymlinkFollow = MountFlags(rawValue: 1 << 8)
    package static let noAccessTimes = MountFlags(rawValue: 1 << 10)
    package static let noDirectoryAccessTimes = MountFlags(rawValue: 1 << 11)
    package static let bind = MountFlags(rawValue: 1 << 12)
    package static let recursive = MountFlags(rawValue: 1 << 14)
    package static let silent = MountFlags(rawValue: 1 << 15)
    package static let unbindable = MountFlags(rawValue: 1 << 17)
    package static let `private` = MountFlags(rawValue: 1 << 18)
    package static let slave = MountFlags(rawValue: 1 << 19)
    package static let shared = MountFlags(rawValue: 1 << 20)
    package static let relativeAccessTimes = MountFlags(rawValue: 1 << 21)
    package static let inodeVersion = MountFlags(rawValue: 1 << 23)
    package static let strictAccessTimes = MountFlags(rawValue: 1 << 24)
    package static let lazyTimes = MountFlags(rawValue: 1 << 25)

    /// The four kinds of propagation (mount_namespaces(7)).
    package static let propagation: MountFlags = [.unbindable, .private, .slave, .shared]
    /// What says when access times are written; one value of an enumeration, in truth.
    package static let accessTimes: MountFlags = [.noAccessTimes, .relativeAccessTimes, .strictAccessTimes]
    /// What belongs to one mount and not to its file system: all that a bind mount can be given.
    package static let perMount: MountFlags = [
        .readOnly, .noSUID, .noDevices, .noExec, .noSymlinkFollow, .noDirectoryAccessTimes, .accessTimes,
    ]
}

/// Attributes of one mount, MOUNT_ATTR_* of mount_setattr(2).
package struct MountAttributes: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The union of `elements`. The standard library's own is unspecialised here, and looks for conformances.
    package init(arrayLiteral elements: MountAttributes...) {
        var bits: UInt64 = 0
        for element in elements { bits |= element.rawValue }
        self.init(rawValue: bits)
    }

    package static let readOnly = MountAttributes(rawValue: 1)
    package static let noSUID = MountAttributes(rawValue: 2)
    package static let noDevices = MountAttributes(rawValue: 4)
    package static let noExec = MountAttributes(rawValue: 8)
    package static let noAccessTimes = MountAttributes(rawValue: 0x10)
    package static let strictAccessTimes = MountAttributes(rawValue: 0x20)
    /// All bits of the access time enumeration, which has to be cleared whole before a value is set.
    package static let accessTimes = MountAttributes(rawValue: 0x70)
    package static let noDirectoryAccessTimes = MountAttributes(rawValue: 0x80)
    package static let idMapped = MountAttributes(rawValue: 0x10_0000)
    package static let noSymlinkFollow = MountAttributes(rawValue: 0x20_0000)

    /// The attributes that `flags` stand for, without those that belong to a file system.
    package init(_ flags: MountFlags) {
        var attributes: MountAttributes = []
        if flags.contains(.readOnly) { attributes.insert(.readOnly) }
        if flags.contains(.noSUID) { attributes.insert(.noSUID) }
        if flags.contains(.noDevices) { attributes.insert(.noDevices) }
        if flags.contains(.noExec) { attributes.insert(.noExec) }
        if flags.contains(.noSymlinkFollow) { attributes.insert(.noSymlinkFollow) }
        if flags.contains(.noDirectoryAccessTimes) { attributes.insert(.noDirectoryAccessTimes) }
        if flags.contains(.noAccessTimes) {
            attributes.insert(.noAccessTimes)
        } else if flags.contains(.strictAccessTimes) {
            attributes.insert(.strictAccessTimes)
        }
        self = attributes
    }
}
