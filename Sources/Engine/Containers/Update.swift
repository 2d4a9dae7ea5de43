import Cgroups
package import ContainerSpec
import DockerTypes
package import Errors
import Linux
import OCI
import Runtime
import Store
import Supervision

extension Engine {
    /// Changes the limits of the container that `text` names, at once where it runs and for all its further starts, and
    /// its restart policy where that is given. Throws `EngineError`; nothing is changed then.
    package func updateContainer(
        _ text: String, limits: ResourceOptions, restartPolicy: RestartPolicy?
    ) throws(EngineError) {
        let id = try containerID(text)
        // One at a time: each builds on what the other has written.
        let lock = try lockForUpdate(id)
        defer { lock.descriptor.unlock() }
        var record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        var description = try ContainerDescription(decoding: record.body, id: id)
        let resources = try merge(limits, into: &description.options)
        if let restartPolicy {
            guard !description.options.autoRemove || restartPolicy.name == .no else {
                throw EngineError(
                    "Cannot update container \(id): Restart policy cannot be updated because AutoRemove is enabled for the container",
                    .conflict)
            }
            description.options.restartPolicy = restartPolicy
        }
        let before = record
        record.body = try description.encoded()
        // That of `create --rm` lies where all do until it is started.
        let isEphemeral = try isEphemeral(id)
        func write(_ record: ContainerRecord) throws(EngineError) {
            do throws(StoreError) { try containers.writeRecord(record, of: id, isEphemeral: isEphemeral) } catch {
                throw EngineError(error)
            }
        }
        // What was done is taken back where the next step fails.
        try write(record)
        do throws(EngineError) { try updateRunning(id, resources, restartPolicy) } catch {
            try? write(before)
            throw error
        }
        note(.update, description, name: try currentName(id, was: description.name))
    }

    private func updateRunning(
        _ id: String, _ resources: RuntimeSpec.Resources?, _ restartPolicy: RestartPolicy?
    ) throws(EngineError) {
        let state = try settledState(id)
        guard state.isActive else {
            if let resources { try checkEnforceable(resources, id) }
            return
        }
        let takeBack = if let resources { try apply(resources, to: state, id) } else { {} as () -> Void }
        do throws(EngineError) {
            if let restartPolicy { try tell(id, restartPolicy) }
        } catch {
            takeBack()
            throw error
        }
    }

    // What a start would refuse is refused now: otherwise the container could not be started any more.
    private func checkEnforceable(_ resources: RuntimeSpec.Resources, _ id: String) throws(EngineError) {
        let needed: Controllers
        do throws(CgroupError) { needed = try CgroupSettings(resources).controllers } catch {
            throw EngineError("cannot update container \(id.prefix(12)): \(error)")
        }
        let here = ControlGroupFacts.current().controllers
        let missing = needed.list.filter { !here.contains($0) }
        guard missing.isEmpty else {
            throw EngineError(
                "cannot update container \(id.prefix(12)): it could not be started with these limits, for which the control "
                    + "groups of this machine lack \(missing.joined(separator: ", ")); 'apus system doctor' says why",
                .unsupported)
        }
    }

    // One that is just being started is waited for: its supervisor may have read the record as it was.
    func settledState(_ id: String) throws(EngineError) -> ContainerState {
        let seen = try state(id)
        guard !seen.isActive, try isHeld(id), case .frame = try ask(id, .ping) else { return seen }
        return try state(id)
    }

    /// Held while the record of the container is changed or moved.
    func lockForUpdate(_ id: String) throws(EngineError) -> FileLock {
        do throws(SystemError) { return try FileLock("\(containers.directory(id))/update.lock") } catch {
            throw EngineError("cannot lock container \(id.prefix(12)): \(error)")
        }
    }

    // The limits that the container then has; nil where none were named.
    private func merge(
        _ limits: ResourceOptions, into options: inout RunOptions
    ) throws(EngineError) -> RuntimeSpec.Resources? {
        guard limits != ResourceOptions() else { return nil }
        if let memory = limits.memory, limits.memorySwap == nil, let both = options.resources.memorySwap, both > 0,
            memory > both
        {
            throw EngineError(
                "memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
                .invalid)
        }
        options.resources.merge(limits)
        do throws(OptionError) {
            let host = HostFacts.current(mode: UserNamespace.plan().mode, runDirectory: containers.paths.run)
            return try options.resources.specification(host)
        } catch { throw EngineError(error) }
    }

    // Returns what takes it back.
    private func apply(
        _ resources: RuntimeSpec.Resources, to state: ContainerState, _ id: String
    ) throws(EngineError) -> () -> Void {
        guard let path = state.cgroup else {
            throw EngineError(
                "cannot update container \(id.prefix(12)) while it runs: it has no control group of its own; stop it first",
                .conflict)
        }
        do throws(CgroupError) {
            let former = try Cgroup.open(path).apply(resources)
            return { (try? Cgroup.open(path))?.restore(former) }
        } catch { throw EngineError("cannot update container \(id.prefix(12)): \(error)") }
    }

    private func tell(_ id: String, _ policy: RestartPolicy) throws(EngineError) {
        do throws(SystemError) {
            // Without a supervisor that listens it is ending: the record is all there is to change.
            guard let connection = try ControlConnection(runDirectory: containers.runDirectory(id), .update(policy))
            else { return }
            if case .failed(_, let message)? = try connection.receive(milliseconds: 10_000) {
                throw SystemError("update (\(message))", nil, .invalid)
            }
        } catch {
            throw EngineError("cannot update the restart policy of container \(id.prefix(12)): \(error)")
        }
    }
}
