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
                try Files.makeDirectories(runDirectory(id), mode: Self.runDirectoryMode)
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
    package func durableState(_ id: String) throws(StoreError) -> ContainerState? {
        try readState(finalStatePath(id), of: id)
    }

    // nil for a file that is not there, or is no state.
    private func readState(_ path: String, of id: String) throws(StoreError) -> ContainerState? {
        do throws(SystemError) { return ContainerState(try Files.read(path, limit: 1 << 20)) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .failed(action: "read the state of container \(id.prefix(12))", error)
        }
    }

    private func isAtWork(_ process: ProcessIdentity?, of id: String) throws(StoreError) -> Bool {
        guard let process else { return false }
        return try doing("look at the processes of container \(id.prefix(12))") { () throws(SystemError) in
            try !process.hasEnded()
        }
    }

    /// The container's state. One that should run and has no supervisor is `exited`: with 137 where that was killed, and
    /// the container with it, with 255 where the machine ended before it. Throws where a file cannot be read: then it is
    /// not known whether the container runs.
    package func state(_ id: String) throws(StoreError) -> ContainerState {
        if let state = try readState(statePath(id), of: id) {
            guard state.isActive || state.status == .removing else { return state }
            if try isAtWork(state.supervisor, of: id) { return state }
            return Self.orphaned(state, exitCode: 137)
        }
        // After a reboot, or the end of a session that took the run directory along.
        if try !isPresent(runDirectory(id)), try isHeld(id) { return ContainerState(.running) }
        if let state = try readState(finalStatePath(id), of: id) {
            return state.isActive ? Self.orphaned(state, exitCode: 255) : state
        }
        return ContainerState(.created)
    }

    /// The first process of a container whose supervisor is gone, should it have outlived it: a program with set-user-ID
    /// is not sent the death signal of its parent (prctl(2), PR_SET_PDEATHSIG).
    package func orphan(_ id: String) throws(StoreError) -> ProcessIdentity? {
        guard let state = try readState(statePath(id), of: id), let process = state.process,
            try !isAtWork(state.supervisor, of: id)
        else { return nil }
        let isGone = try doing("look at the processes of container \(id.prefix(12))") { () throws(SystemError) in
            try process.isGone()
        }
        return isGone ? nil : process
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
