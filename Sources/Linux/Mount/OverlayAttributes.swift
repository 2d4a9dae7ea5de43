/// The marks of an overlay layer that is mounted with `userxattr` (overlayfs.rst).
package enum OverlayAttributes {
    /// What makes a directory opaque.
    static let opaque = RawName("user.overlay.opaque")
    private static let reserved = [Array("user.overlay.".utf8), Array("trusted.overlay.".utf8)]

    /// Whether `name` means something to overlayfs: one that comes with a layer is not stored, since it could
    /// hide or redirect what is below.
    package static func reserves(_ name: RawName) -> Bool {
        let bytes = name.bytes
        return reserved.contains { bytes.starts(with: $0) }
    }

    /// Whether the open directory hides the directories of the same name below it.
    package static func isOpaque(_ directory: CInt) throws(SystemError) -> Bool {
        try ExtendedAttributes.get(opaque, of: directory) == [UInt8(ascii: "y")]
    }

    /// Makes the open directory hide the directories of the same name below it.
    package static func setOpaque(_ directory: CInt) throws(SystemError) {
        try ExtendedAttributes.set(opaque, of: directory, to: [UInt8(ascii: "y")])
    }
}
