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
        // Most containers have none.
        guard
            options.volumesFrom != nil || !(image?.volumes ?? [:]).isEmpty || options.hasUnnamedVolumes
                || !options.volumeNames.isEmpty
        else { return options }
        var options = options
        do throws(OptionError) { try options.settleMounts() } catch { throw EngineError(error) }
        for source in options.volumesFrom ?? [] { try inherit(source, &options) }
        if let image { options.addVolumes(of: image) }
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

    // `container[:mode]`.
    private func inherit(_ text: String, _ options: inout RunOptions) throws(EngineError) {
        let name = String(text.until(":"))
        guard !name.isEmpty else { throw EngineError("volumes-from specification cannot be an empty string", .invalid) }
        let mode = text.place(of: ":").map { String(text.behind($0)) }
        let mounts = try container(name).description.options.mounts
        do throws(OptionError) { try options.inherit(mounts, mode: mode) } catch { throw EngineError(error) }
    }

    /// Gives the volumes of a container that was created, and does not run, what its image has for them, in a process of its
    /// own. Throws.
    func fillVolumes(of description: ContainerDescription, layers: [Digest]) throws(EngineError) {
        guard !description.options.volumeNames.isEmpty else { return }
        let work = SuperviseRequest(
            paths: paths, id: description.id, name: description.name, description: description, layers: layers,
            size: nil,
            streams: .none, lingering: 0)
        let file = try engine { try work.file() }
        _ = try Worker.fillVolumes.answer(executable, [], passing: [file.rawValue])
    }
}
