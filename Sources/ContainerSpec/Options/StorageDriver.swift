import Bytes
package import Errors
package import Linux

/// What a container's root file system is mounted with. The names are those that Docker and podman have for the same.
package enum StorageDriver: String, Codable, Hashable, Sendable, CaseIterable {
    /// The kernel's overlay, in the user's namespace.
    case overlay = "overlay2"
    /// The program fuse-overlayfs, one process for each running container.
    case fuseOverlay = "fuse-overlayfs"
    /// A copy of all layers for each container.
    case copy = "vfs"

    /// By the name that a user gives. Throws `OptionError` for one that is none of ours.
    package init(named text: String) throws(OptionError) {
        switch text {
        case "overlay2", "overlay": self = .overlay
        case "fuse-overlayfs": self = .fuseOverlay
        case "vfs", "copy": self = .copy
        default:
            throw OptionError(
                "unknown storage driver \"\(text)\": there are overlay2, fuse-overlayfs and vfs; leave it out, and the best "
                    + "that works here is taken")
        }
    }

    /// The directory of a container in which the driver keeps what the container writes; with `copy`, all of it.
    package var directory: String {
        switch self {
        case .overlay: "upper"
        case .fuseOverlay: "fuse-upper"
        case .copy: "rootfs"
        }
    }

    /// The driver whose files are in the directory `path` of a container; nil where it has none, since the container was
    /// never started or cannot write its root. Throws `SystemError` where that cannot be looked at.
    package static func keeping(_ path: String) throws(SystemError) -> StorageDriver? {
        // One that gave way to another has left its directory empty.
        for driver in [copy, fuseOverlay, overlay] where try Files.isPresent("\(path)/\(driver.directory)") {
            return driver
        }
        return nil
    }
}
