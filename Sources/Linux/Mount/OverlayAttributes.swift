/// The marks of an overlay layer that is mounted with `userxattr` (overlayfs.rst).
package enum OverlayAttributes {
    /// What makes a directory opaque.
    static let opaque = RawName("user.overlay.opaque")
    private static let reserved = [
        Array("user.overlay.".utf8), Array("trusted.overlay.".utf8), Array("user.fuseoverlayfs.".utf8),
    ]

    /// Whether `name` means something to overlayfs or to fuse-overlayfs: one that comes with a layer is not stored, since it could
    /// hide or redirect what is below.
    package static func reserves(_ name: RawName) -> Bool {
        let bytes = name.bytes
        return reserved.contains { bytes.starts(with: $0) }
    }

    /// Whether the open directory hides the directories of the same name below it.
    package static func isOpaque(_ directory: CInt) throws(SystemError) -> Bool {
        try ExtendedAttributes.get(opaque, of: directory) == [UInt8(ascii: "y")]
    }

    /// Whether the open directory hides those below it by what fuse-overlayfs writes in a container's own layer: as root the
    /// kernel's privileged name, in a user namespace one of its own.
    package static func isOpaqueByFuse(_ directory: CInt) throws(SystemError) -> Bool {
        for name in [opaque, RawName("user.fuseoverlayfs.opaque"), RawName("trusted.overlay.opaque")]
        where try ExtendedAttributes.get(name, of: directory) == [UInt8(ascii: "y")] { return true }
        return false
    }

    /// What fuse-overlayfs means by a file of a container's own layer with the name `name`: nothing in particular, that the
    /// file with the name in question is gone, or something about the directory.
    package static func fuseMark(_ name: RawName) -> FuseMark {
        let bytes = name.bytes
        guard bytes.starts(with: Array(".wh.".utf8)) else { return .none }
        if bytes.count == 4 || bytes.starts(with: Array(".wh..".utf8)) { return .directory }
        return .gone(RawName(name.dropFirst(4)))
    }

    /// See `fuseMark(_:)`.
    package enum FuseMark: Equatable, Sendable {
        case none
        /// Where no whiteout can be made, as on a network file system.
        case gone(RawName)
        case directory
    }

    /// Makes the open directory hide the directories of the same name below it.
    package static func setOpaque(_ directory: CInt) throws(SystemError) {
        try ExtendedAttributes.set(opaque, of: directory, to: [UInt8(ascii: "y")])
    }
}
