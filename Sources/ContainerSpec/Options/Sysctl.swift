import Bytes
package import Errors

/// Kernel parameters of the container's own namespaces (`--sysctl`).
package enum Sysctl {
    private static let ipc: Set<String> = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    /// Reads `name=value`, for the names that a namespace has of its own. Throws `OptionError`.
    package static func parse(_ text: String) throws(OptionError) -> (String, String) {
        guard let (written, value) = splitOnce(text, "="), !written.isEmpty else {
            throw OptionError("sysctl '\(text)' is not allowed: it must be name=value")
        }
        // sysctl(8) takes slashes as well.
        let name =
            written.has("/") && !written.has(".") ? String(written.map { $0 == "/" ? "." : $0 }) : written
        guard isInIPC(name) || name.begins(with: "net."), !name.has("/"), !name.contains("..") else {
            throw OptionError(
                "sysctl '\(text)' is not allowed: only net., fs.mqueue. and the kernel's ipc names are a "
                    + "container's own"
            )
        }
        return (name, value)
    }

    private static func isInIPC(_ name: String) -> Bool { ipc.contains(name) || name.begins(with: "fs.mqueue.") }

    /// Throws `OptionError` for a name whose namespace would be the host's.
    static func check(_ name: String, network: NetworkMode, ipc: IPCMode) throws(OptionError) {
        if name.begins(with: "net."), network == .host {
            throw OptionError("sysctl '\(name)' is not allowed in the network namespace of the host")
        }
        if isInIPC(name), ipc == .host {
            throw OptionError("sysctl '\(name)' is not allowed in the ipc namespace of the host")
        }
    }
}
