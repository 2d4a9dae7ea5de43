import Bytes
import Glibc
import Linux

/// Where a user's images, layers and containers are (`data`), and what does not outlive the boot (`run`).
///
/// On the path of every command: no Foundation here.
package struct StorePaths: Hashable, Sendable {
    /// Absolute path: `$XDG_DATA_HOME/apus`, `~/.local/share/apus`, or `/var/lib/apus` for root.
    package let data: String
    /// Absolute path: `$XDG_RUNTIME_DIR/apus`, `/run/user/UID/apus`, `/tmp/apus-UID`, or `/run/apus` for root; below it,
    /// in `stores`, for a store that was named where the run directory was not.
    package internal(set) var run: String
    /// Where the user's own store is, whose run directory `run` is until `prepared()` has found that this is another store; nil
    /// where the run directory was named, too.
    var owner: String?

    /// Whether `run` is where it will be after `prepared()`, as far as that is known.
    package var isRunFinal: Bool { owner == nil }

    /// Names both directories; `prepared()` creates them.
    package init(data: String, run: String) {
        self.data = data
        self.run = run
    }

    /// The directories of `user`, from (first wins) the arguments, `APUS_ROOT` and `APUS_RUN`, the XDG base
    /// directories, and the account's home. Relative arguments count from the working directory.
    ///
    /// Throws `StoreError.noHome` where nothing says where the data is.
    package static func locate(
        root: String? = nil, run: String? = nil, user: UInt32 = geteuid(), environment: (String) -> String?
    ) throws(StoreError) -> StorePaths {
        func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        // The XDG specification: "If an implementation encounters a relative path … it should … ignore it."
        func absolute(_ name: String) -> String? { variable(name).flatMap { $0.begins(with: "/") ? $0 : nil } }
        func own() -> String? {
            if user == 0 { return "/var/lib/apus" }
            if let home = absolute("XDG_DATA_HOME") { return home + "/apus" }
            let home = absolute("HOME") ?? Account.home(of: user)
            return home.flatMap { $0.begins(with: "/") ? $0 + "/.local/share/apus" : nil }
        }
        let named = root ?? variable("APUS_ROOT")
        guard let data = try named.map(fromWorkingDirectory) ?? own() else { throw .noHome }
        if let given = run ?? variable("APUS_RUN") {
            return StorePaths(data: data, run: try fromWorkingDirectory(given))
        }
        // Of another user after su(1), open to others, or gone with the session: then the next place is taken.
        func isGood(_ folder: String) -> Bool { PrivateDirectory.isTrusted(folder, user: user, following: true) }
        let runtime: String
        if user == 0 {
            runtime = "/run/apus"
        } else if let folder = absolute("XDG_RUNTIME_DIR"), isGood(folder) {
            runtime = folder + "/apus"
        } else if isGood("/run/user/\(user)") {
            runtime = "/run/user/\(user)/apus"
        } else {
            runtime = "/tmp/apus-\(user)"
        }
        var paths = StorePaths(data: data, run: runtime)
        if named != nil { paths.owner = own() ?? "" }
        return paths
    }

    private static func fromWorkingDirectory(_ path: String) throws(StoreError) -> String {
        var trimmed = Substring(path)
        while trimmed.utf8.count > 1, trimmed.lastLetter == "/" { trimmed = trimmed.droppingLast(1) }
        if trimmed.begins(with: "/") { return String(trimmed) }
        guard let working = getcwd(nil, 0) else {
            throw .failed(action: "find the working directory", SystemError("getcwd"))
        }
        defer { free(working) }
        return String(cString: working) + "/" + trimmed
    }
}

extension StorePaths {
    /// The OCI image layout.
    package var images: String { data + "/images" }
    /// Unpacked layers with all their owners.
    package var layers: String { data + "/layers" }
    /// Unpacked layers whose files all belong to one user.
    package var squashedLayers: String { data + "/layers-squashed" }
    package var containers: String { data + "/containers" }
    /// Symbolic links from containers' names to their ids.
    package var names: String { data + "/names" }
    /// Pulls, loads and builds in progress, and what they must find again.
    package var leases: String { data + "/leases" }
    package var cache: String { data + "/cache" }
    package var launchRecords: String { data + "/cache/launch" }
    /// Held shared while a reference to an image's parts is being made, exclusively by the sweep.
    package var sweepLock: String { data + "/sweep.lock" }
    /// The state of running containers.
    package var runningContainers: String { run + "/containers" }
}
