import Linux

extension ContainerStore {
    private func statePath(_ id: String) -> String { runDirectory(id) + "/state" }
    private func finalStatePath(_ id: String) -> String { directory(id) + "/state" }

    /// Writes the state of a container that has a supervisor. It does not outlive the boot; no fsync.
    package func writeState(_ state: ContainerState, of id: String) throws(StoreError) {
        let bytes = state.encoded()
        try doing("write the state of container \(id.prefix(12))") { () throws(SystemError) in
            do throws(SystemError) {
                try Files.replace(statePath(id), with: bytes, mode: 0o600, durable: false)
            } catch  where error.errno == .noEntry {
                // The run directory goes with the user's session, the container not always.
                try Files.makeDirectories(runDirectory(id), mode: 0o700)
                try Files.replace(statePath(id), with: bytes, mode: 0o600, durable: false)
            }
        }
    }

    /// Writes how the container ended: first where everybody looks, then, for one that outlives its supervisor,
    /// to the disk.
    package func writeFinalState(_ state: ContainerState, of id: String, isEphemeral: Bool) throws(StoreError) {
        try writeState(state, of: id)
        guard !isEphemeral else { return }
        let bytes = state.encoded()
        try doing("write the state of container \(id.prefix(12))") { () throws(SystemError) in
            try Files.replace(finalStatePath(id), with: bytes, mode: 0o600)
        }
    }

    /// The container's state: a running one whose supervisor is gone is `exited` with no exit code.
    package func state(_ id: String) -> ContainerState {
        if let bytes = try? Files.read(statePath(id), limit: 1 << 20), let state = ContainerState(bytes) {
            guard state.isActive || state.status == .removing else { return state }
            if state.supervisor?.isAlive ?? false { return state }
            return Self.orphaned(state)
        }
        // After a reboot, or the end of a session that took the run directory along.
        if !Files.exists(runDirectory(id)), isHeld(id) { return ContainerState(.running) }
        if let bytes = try? Files.read(finalStatePath(id), limit: 1 << 20), let state = ContainerState(bytes) {
            return state.isActive ? Self.orphaned(state) : state
        }
        return ContainerState(.created)
    }

    private static func orphaned(_ state: ContainerState) -> ContainerState {
        var dead = state
        dead.status = .exited
        dead.process = nil
        dead.supervisor = nil
        dead.exitCode = nil
        dead.error = dead.error ?? "the container's supervisor ended without a word"
        return dead
    }
}
