import Glibc
package import Linux

/// The files of an image at a directory, without a container.
package enum ImageRoot {
    /// Mounts the layers, of which the lowest comes first, read-only at the directory `place` of the calling process's mount
    /// namespace. Throws `SystemError`: ENOSYS before Linux 5.2, and what the kernel says of an overlay that it refuses.
    package static func mount(_ layers: [String], at place: String) throws(SystemError) {
        guard MountInterface.hasTrees else { throw SystemError("fsopen", "overlay", .notImplemented) }
        let root = try RootMount.makeReadOnly(
            RootMount.Layers(image: layers, mountPoints: nil), mountPoints: [], directory: place, volatile: true,
            opensDevices: false)
        // One layer alone is that very directory of the store. Before Linux 5.12 only what is attached can be changed.
        let hasAttributes = MountInterface.hasAttributes
        if hasAttributes { try root.setMountAttributes(.readOnly) }
        let tree = MountTree(owning: root)
        try tree.attach(to: place)
        guard !hasAttributes else { return }
        let attached = tree.release()
        let flags: MountFlags = [.remount, .bind, .readOnly, try attached.mountFlags()]
        do throws(SystemError) { try MountCalls.mount(nil, on: attached, flags) } catch {
            try? MountCalls.detach(place)
            throw error
        }
    }
}
