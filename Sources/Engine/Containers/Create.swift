package import ContainerSpec
package import Errors
import Glibc
import Linux
import OCI
import Runtime
package import Store
import Supervision

/// A container that was created and not started.
package struct CreatedContainer: Sendable {
    package let id: String
    package let name: String
    /// One sentence for each thing that is not quite as asked.
    package let warnings: [String]
}

extension Engine {
    /// Creates a container from `record`, or for a directory with `--rootfs` (nil). Throws `EngineError`; nothing is left
    /// behind then.
    package func create(_ options: RunOptions, image record: LaunchRecord?) throws(EngineError) -> CreatedContainer {
        let (mode, _) = UserNamespace.plan()
        let root = try rootSource(options, record, mode)
        let guarding = try holdOffSweeps()
        defer { guarding.descriptor.unlock() }
        try requireLayers(of: record, options, mode)
        let claim = try claimContainer(options)
        let (id, name) = (claim.id, claim.name)
        var options = options
        options.storageDriver = storageDriver
        do throws(EngineError) {
            try requireStorageDriver()
            options = try claimVolumes(options, image: record?.config, for: id)
            let preparation = preparation(id, name: name, options, record, root, mode)
            // All that can be wrong with the options is said now.
            let request = try preparation.supervisorRequest()
            let description = ContainerDescription(
                creating: id, name: name, options, record, preparation.image, request.plan)
            if let path = options.containerIDFile { try writeContainerIDFile(path, id) }
            do throws(EngineError) {
                // Also with --rm: it goes when it has run.
                try write(description, layers: record?.layers ?? [], isEphemeral: false)
                try fillVolumes(of: description, layers: record?.layers ?? [])
            } catch {
                if let path = options.containerIDFile { unlink(path) }
                throw error
            }
            note(.create, description)
            return CreatedContainer(id: id, name: name, warnings: request.plan.warnings)
        } catch {
            giveUp(id, name: name, options)
            throw error
        }
    }

    /// The directories and the name of a new container, held by the caller. Throws `EngineError`.
    func claimContainer(_ options: RunOptions, _ beginning: Beginning? = nil) throws(EngineError) -> ContainerClaim {
        do throws(StoreError) {
            if let beginning { return try beginning.claim(name: options.name) }
            return try containers.create(name: options.name)
        } catch { throw EngineError(error) }
    }

    /// Takes back what `claimContainer` made, and what was written into it.
    func giveUp(_ id: String, name: String, _ options: RunOptions) {
        if let doomed = try? containers.remove(id, name: name) { try? removeTrees([doomed]) }
        leaveVolumes(options, by: id)
    }
}

extension ContainerDescription {
    /// Of a container that is made now, from the image of `record`, or with `--rootfs` (nil).
    init(
        creating id: String, name: String, _ options: RunOptions, _ record: LaunchRecord?, _ config: ContainerConfig,
        _ plan: LaunchPlan
    ) {
        self.init(
            id: id, name: name, created: Timestamp.now().rfc3339, options: options, imageConfig: config,
            imageReference: record?.reference, imageID: record?.imageID, platform: record?.platform,
            command: plan.spec.process?.args ?? [], hostname: plan.hostname)
    }
}
