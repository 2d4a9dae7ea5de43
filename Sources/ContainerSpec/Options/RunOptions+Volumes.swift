package import Bytes
package import Errors
package import OCI

/// Which mounts come along with other containers and with the image, and whose word counts at one place.
extension RunOptions {
    /// The names of the volumes that it mounts.
    package var volumeNames: [String] {
        mounts.compactMap { mount in
            if case .volume(let volume) = mount.kind { volume.name } else { nil }
        }
    }

    /// Whether it mounts a volume that has no name yet.
    package var hasUnnamedVolumes: Bool {
        mounts.contains { mount in
            if case .volume(let volume) = mount.kind { volume.name == nil } else { false }
        }
    }

    /// The places of a container's configuration that have volumes: the image's, and those of `-v` without a name.
    package func declaredVolumes(_ image: ContainerConfig) -> [ByteKey: EmptyObject]? {
        var all = image.volumes
        for mount in mounts where mount.shortForm != nil && mount.origin == nil {
            guard case .volume(let volume) = mount.kind, volume.name == nil || volume.isAnonymous else { continue }
            all = (all ?? [:]).merging([ByteKey(mount.destination): EmptyObject()]) { $1 }
        }
        return all
    }

    /// Settles the user's own mounts: a place without a source (`-v /path`) is what an image could have asked for, and any
    /// other mount has it. Throws where two others are at one place.
    package mutating func settleMounts() throws(OptionError) {
        for (place, mount) in mounts.enumerated().reversed() where mount.isPlaceAlone {
            let others = mounts[..<place] + mounts[(place + 1)...]
            if others.contains(where: { $0.destination.isSame(as: mount.destination) }) { mounts.remove(at: place) }
        }
        for (place, mount) in mounts.enumerated()
        where mounts[..<place].contains(where: { $0.destination.isSame(as: mount.destination) }) {
            throw OptionError("Duplicate mount point: \(mount.destination)")
        }
    }

    /// Adds what another container has mounted of the host's and of the store's, where the user wants nothing else to be;
    /// the last of several counts. `mode` is what stands behind its name (`--volumes-from`). Throws for a mode that is none.
    package mutating func inherit(_ others: [MountOption], mode: String?) throws(OptionError) {
        if let mode, !["ro", "rw", "z", "Z"].contains(mode) { throw OptionError("invalid mode: \(mode)") }
        for var mount in others {
            switch mount.kind {
            case .tmpfs, .image: continue
            case .bind, .volume: break
            }
            if mounts.contains(where: { $0.destination.isSame(as: mount.destination) && $0.origin == nil }) { continue }
            mounts.removeAll { $0.destination.isSame(as: mount.destination) }
            mount.origin = .container
            mount.keepOwner()
            mount.shortForm = ""
            if mode == "ro" { mount.readOnly = true }
            mounts.append(mount)
        }
    }

    /// Adds a volume for each place that the image has one for and nothing else is at.
    package mutating func addVolumes(of image: ContainerConfig) {
        let places = (image.volumes?.names ?? []).map { cleanPath("/" + $0) }
        for path in places.sorted(by: { $0.comes(before: $1) }) {
            guard path != "/", !mounts.contains(where: { $0.destination.isSame(as: path) }) else { continue }
            var mount = MountOption(destination: path, kind: .volume(.init(name: nil)))
            mount.origin = .image
            mount.shortForm = ""
            mounts.append(mount)
        }
    }
}

extension MountOption {
    // Whose files they are is that container's to say, not that of whoever mounts them as well.
    fileprivate mutating func keepOwner() {
        switch kind {
        case .bind(var bind):
            bind.changesOwner = nil
            kind = .bind(bind)
        case .volume(var volume):
            volume.changesOwner = nil
            kind = .volume(volume)
        case .tmpfs, .image: break
        }
    }

    // `-v /path`.
    fileprivate var isPlaceAlone: Bool {
        guard case .volume(let volume) = kind else { return false }
        return volume.name == nil && shortForm != nil
    }
}
