import Bytes
import ContainerSpec
import DockerTypes
import Errors
import Linux
import OCI
import Store
import Supervision
import Workers

/// The volumes of a container that is being made.
extension Engine {
    /// The options with all that the container `id`, which the caller holds, is to have mounted: what comes along from
    /// other containers and from the image, and a name for each volume. The volumes that are not there yet are made, and the
    /// container's references to all of them written. Throws; nothing refers to anything then, and what was made without a
    /// name is gone.
    func claimVolumes(
        _ options: RunOptions, image: ContainerConfig?, for id: String
    ) throws(EngineError) -> RunOptions {
        let imageVolumes = image?.volumes ?? [:]
        // Most containers have none.
        guard options.volumesFrom != nil || !imageVolumes.isEmpty || !options.volumeNames.isEmpty || options.hasNewVolumes
        else { return options }
        var options = options
        // A place without a source is what the image could have asked for: any other mount has it.
        for (place, mount) in options.mounts.enumerated().reversed() where mount.isPlaceAlone {
            let others = options.mounts[..<place] + options.mounts[(place + 1)...]
            if others.contains(where: { $0.destination.isSame(as: mount.destination) }) { options.mounts.remove(at: place) }
        }
        try refuseDuplicates(options.mounts)
        for source in options.volumesFrom ?? [] { try inherit(source, &options.mounts) }
        for path in imageVolumes.names.map({ cleanPath("/" + $0) }).sorted(by: { $0.comes(before: $1) }) {
            guard path != "/", !options.mounts.contains(where: { $0.destination.isSame(as: path) }) else { continue }
            var mount = MountOption(destination: path, kind: .volume(.init(name: nil)))
            mount.origin = .image
            mount.shortForm = ""
            options.mounts.append(mount)
        }
        do throws(EngineError) {
            for place in options.mounts.indices {
                guard case .volume(let volume) = options.mounts[place].kind else { continue }
                let claimed = try claim(volume, options, for: id)
                options.mounts[place].kind = .volume(claimed)
            }
        } catch {
            leaveVolumes(options, by: id)
            throw error
        }
        return options
    }

    /// Takes back what `claimVolumes` did.
    func leaveVolumes(_ options: RunOptions, by id: String) {
        try? removeTrees(volumes.leave(options.volumeNames, by: id, removing: true))
    }

    private func refuseDuplicates(_ mounts: [MountOption]) throws(EngineError) {
        for (place, mount) in mounts.enumerated()
        where mounts[..<place].contains(where: { $0.destination.isSame(as: mount.destination) }) {
            throw EngineError("Duplicate mount point: \(mount.destination)", .invalid)
        }
    }

    private func claim(
        _ wanted: MountOption.Volume, _ options: RunOptions, for id: String
    ) throws(EngineError) -> MountOption.Volume {
        var volume = wanted
        var request = VolumeRequest(name: wanted.name)
        request.driver = wanted.driver ?? options.volumeDriver
        request.options = wanted.driverOptions
        request.labels = wanted.labels
        let name = wanted.name ?? randomHex(bytes: 32)
        let made = try create(
            request, named: name, isAnonymous: wanted.name == nil,
            owner: wanted.name == nil && options.autoRemove ? id : nil)
        volume.name = made.name
        volume.isAnonymous = made.isAnonymous
        do throws(StoreError) {
            try volumes.addReference(to: made.name, of: id, durable: !options.autoRemove)
        } catch { throw EngineError(error) }
        return volume
    }

    // `container[:mode]`: what it has mounted of the host's and of the store's, where nothing else is to be.
    private func inherit(_ text: String, _ mounts: inout [MountOption]) throws(EngineError) {
        let name = String(text.until(":"))
        guard !name.isEmpty else { throw EngineError("volumes-from specification cannot be an empty string", .invalid) }
        let mode = text.place(of: ":").map { String(text.behind($0)) }
        if let mode, !["ro", "rw", "z", "Z"].contains(mode) { throw EngineError("invalid mode: \(mode)", .invalid) }
        let other = try container(name).description.options
        for var mount in other.mounts {
            if case .tmpfs = mount.kind { continue }
            if mounts.contains(where: { $0.destination.isSame(as: mount.destination) && $0.origin == nil }) { continue }
            mounts.removeAll { $0.destination.isSame(as: mount.destination) }
            mount.origin = .container
            mount.shortForm = ""
            if mode == "ro" { mount.readOnly = true }
            mounts.append(mount)
        }
    }

    /// Gives the volumes of a container that was created, and does not run, what its image has for them, in a process of its
    /// own. Throws.
    func fillVolumes(of description: ContainerDescription, layers: [Digest]) throws(EngineError) {
        guard !description.options.volumeNames.isEmpty else { return }
        let work = SuperviseRequest(
            paths: paths, id: description.id, name: description.name, description: description, layers: layers, size: nil,
            streams: .none, lingering: 0)
        try engine {
            let file = try work.file()
            var ends = try FileDescriptor.pipe()
            let output = ends.takeFirst()
            let input = ends.takeSecond()
            let pid = try Worker.fillVolumes.start(executable, [], inheriting: [nil, nil, input.rawValue, file.rawValue])
            endLifetime(input)
            let message = try output.readAll(limit: 1 << 16)
            guard try waitForExit(of: pid) == .exited(code: 0) else {
                throw EngineError(String(decoding: message, as: UTF8.self))
            }
        }
    }
}

extension MountOption {
    // `-v /path`.
    fileprivate var isPlaceAlone: Bool {
        guard case .volume(let volume) = kind else { return false }
        return volume.name == nil && shortForm != nil
    }
}

extension RunOptions {
    /// The volumes that it names.
    var volumeNames: [String] {
        mounts.compactMap { mount in
            if case .volume(let volume) = mount.kind { volume.name } else { nil }
        }
    }

    fileprivate var hasNewVolumes: Bool {
        mounts.contains { mount in
            if case .volume(let volume) = mount.kind { volume.name == nil } else { false }
        }
    }
}
