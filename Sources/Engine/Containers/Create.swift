import Glibc
import Linux
import OCI
import Runtime
package import Store

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
        let claim: ContainerClaim
        do throws(StoreError) { claim = try containers.create(name: options.name) } catch { throw EngineError(error) }
        let (id, name) = (claim.id, claim.name)
        let config = record?.config ?? ContainerConfig()
        do throws(EngineError) {
            // All that can be wrong with the options is said now.
            let request = try supervisorRequest(
                options, config, id: id, name: name, root: root, mode: mode, imageID: record?.imageID, size: nil,
                streams: .none, lingering: 0, isNew: false)
            let description = ContainerDescription(
                id: id, name: name, created: Timestamp.now().rfc3339, options: options, imageConfig: config,
                imageReference: record?.reference, imageID: record?.imageID, platform: record?.platform,
                command: request.plan.spec.process?.args ?? [], hostname: request.plan.hostname)
            if let path = options.containerIDFile { try writeContainerIDFile(path, id) }
            do throws(EngineError) {
                // Also with --rm: it goes when it has run.
                try write(description, layers: record?.layers ?? [], isEphemeral: false)
            } catch {
                if let path = options.containerIDFile { unlink(path) }
                throw error
            }
            note(.create, description)
            return CreatedContainer(id: id, name: name, warnings: request.plan.warnings)
        } catch {
            if let doomed = try? containers.remove(id, name: name) { try? Files.removeTree(doomed) }
            throw error
        }
    }
}
