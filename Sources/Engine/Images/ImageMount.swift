import Bytes
import ContainerSpec
package import Errors
import Glibc
import Linux
package import OCI
import Runtime
import Store
import Supervision

/// An image whose files are at a directory (`image mount`), in the mount namespace of whoever asks.
package struct ImageMount: Sendable {
    package let id: Digest
    /// The image's names; none where it has none any more.
    package let names: [String]
    /// The directory.
    package let path: String
}

extension Engine {
    /// Mounts the files of the image `name`, read-only, at a directory of its own below the run directory; one that is mounted
    /// already stays as it is. The mount is one of the caller's mount namespace and ends with that. Throws `EngineError`: for
    /// who has no right to mount, and where there is no such image.
    package func mountImage(_ name: String) throws(EngineError) -> ImageMount {
        try Self.requireMounts()
        let image = try image(name)
        let mount = ImageMount(
            id: image.id, names: Self.familiar(image.names), path: "\(mountedImages)/\(image.id.hex)")
        try engine {
            // No sweep takes the layers meanwhile.
            let hold = try holdOffSweeps()
            defer { hold.descriptor.unlock() }
            if try mountedHexes().contains(ByteKey(image.id.hex)) { return }
            let record = try prepareLaunch(image.id.description)
            let store = LayerStore(paths, UserNamespace.plan().mode)
            guard record.isUnpacked(store.ownership) else {
                throw EngineError("image \(name) was unpacked for another id map: pull it again")
            }
            try Files.makeDirectories(mount.path)
            do throws(SystemError) {
                try ImageRoot.mount(record.layers.map { store.path(of: $0) }, at: mount.path)
            } catch {
                _ = rmdir(mount.path)
                throw EngineError("cannot mount image \(name): \(error)")
            }
        }
        return mount
    }

    /// The images that `mountImage` has mounted, as far as the calling process sees their mounts. Throws `EngineError`.
    package func imageMounts() throws(EngineError) -> [ImageMount] {
        try engine {
            let mounted = try mountedHexes()
            if mounted.isEmpty { return [] }
            let list = try images.images().images
            return mounted.sorted().compactMap { hex in
                guard let id = Digest("sha256:\(hex.text)") else { return nil }
                let names = Self.familiar(list.first { $0.id == id }?.names ?? [])
                return ImageMount(id: id, names: names, path: "\(mountedImages)/\(hex.text)")
            }
        }
    }

    /// Unmounts the image `name`, also if it is in use somewhere: whoever has it open keeps it. Returns its id. Throws
    /// `EngineError` where there is no such image, and where it is not mounted.
    package func unmountImage(_ name: String) throws(EngineError) -> Digest {
        try Self.requireMounts()
        let id: Digest
        do throws(EngineError) { id = try image(name).id } catch {
            // Its image may have gone by another way.
            guard let mounted = try imageMounts().first(where: { $0.id.hex.begins(with: name) && !name.isEmpty }) else {
                throw error
            }
            id = mounted.id
        }
        try engine {
            guard try mountedHexes().contains(ByteKey(id.hex)) else {
                throw EngineError("image \(name) is not mounted", .conflict)
            }
            let place = "\(mountedImages)/\(id.hex)"
            try MountCalls.detach(place)
            _ = rmdir(place)
        }
        return id
    }

    /// Where an image is mounted as far as this process sees; nil where it is not.
    func mountPlace(of id: Digest) throws(EngineError) -> String? {
        try engine { try mountedHexes().contains(ByteKey(id.hex)) ? "\(mountedImages)/\(id.hex)" : nil }
    }

    private var mountedImages: String { "\(paths.run)/mounted-images" }

    private func mountedHexes() throws(SystemError) -> Set<ByteKey> {
        guard try Files.isPresent(mountedImages) else { return [] }
        var found: Set<ByteKey> = []
        for name in try MountList.below(mountedImages) where !name.utf8.contains(UInt8(ascii: "/")) {
            found.insert(ByteKey(name))
        }
        return found
    }

    private static func familiar(_ names: [String]) -> [String] {
        names.map { name in (try? Reference(name))?.familiar ?? name }
    }

    private static func requireMounts() throws(EngineError) {
        guard geteuid() != 0 else { return }
        throw EngineError(
            "images are mounted by root alone: run 'apus unshare' first, and this below it; the mounts end with that shell",
            .forbidden)
    }
}
