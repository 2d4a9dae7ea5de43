package import Linux

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

    /// Notes on the disk that the container was started, for the time after the boot; `durable`: an fsync makes sure of it.
    package func writeStartedState(_ state: ContainerState, of id: String, durable: Bool) throws(StoreError) {
        let bytes = state.encoded()
        try doing("write the state of container \(id.prefix(12))") { () throws(SystemError) in
            try Files.replace(finalStatePath(id), with: bytes, mode: 0o600, durable: durable)
        }
    }

    /// What the disk says of a container, whatever became of it since: for the time after a boot.
    package func durableState(_ id: String) -> ContainerState? {
        (try? Files.read(finalStatePath(id), limit: 1 << 20)).flatMap { ContainerState($0) }
    }

    /// The container's state. One that should run and has no supervisor is `exited`: with 137 where that was killed, and
    /// the container with it, with 255 where the machine ended before it.
    package func state(_ id: String) -> ContainerState {
        if let bytes = try? Files.read(statePath(id), limit: 1 << 20), let state = ContainerState(bytes) {
            guard state.isActive || state.status == .removing else { return state }
            if state.supervisor?.isAtWork ?? false { return state }
            return Self.orphaned(state, exitCode: 137)
        }
        // After a reboot, or the end of a session that took the run directory along.
        if !Files.exists(runDirectory(id)), isHeld(id) { return ContainerState(.running) }
        if let bytes = try? Files.read(finalStatePath(id), limit: 1 << 20), let state = ContainerState(bytes) {
            return state.isActive ? Self.orphaned(state, exitCode: 255) : state
        }
        return ContainerState(.created)
    }

    /// The first process of a container whose supervisor is gone, should it have outlived it: a program with set-user-ID
    /// is not sent the death signal of its parent (prctl(2), PR_SET_PDEATHSIG).
    package func orphan(_ id: String) -> ProcessIdentity? {
        guard let bytes = try? Files.read(statePath(id), limit: 1 << 20), let state = ContainerState(bytes),
            !(state.supervisor?.isAtWork ?? false), let process = state.process, process.isAlive
        else { return nil }
        return process
    }

    private static func orphaned(_ state: ContainerState, exitCode: Int32) -> ContainerState {
        var dead = state
        dead.status = .exited
        dead.process = nil
        dead.supervisor = nil
        dead.exitCode = exitCode
        dead.error =
            dead.error
            ?? (exitCode == 137
                ? "the container's supervisor ended without a word" : "the machine ended before the container")
        return dead
    }
}
