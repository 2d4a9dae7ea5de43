import Bytes
package import Errors

/// What `--security-opt` values ask for.
package struct SecurityOptions: Codable, Hashable, Sendable {
    /// nil: the default profile, or none for a privileged container.
    package var seccomp: Seccomp?
    package var noNewPrivileges = false
    /// Paths below /proc and /sys that are to be seen or written after all; `ALL` for every one.
    package var unmask: [String] = []
    /// Further paths to hide.
    package var mask: [String] = []
    /// Whether no path is masked or read-only.
    package var systemPathsUnconfined = false
    /// nil: the default.
    package var appArmorProfile: String?

    /// Which system calls are let through.
    package enum Seccomp: Codable, Hashable, Sendable {
        /// Docker's default profile.
        case standard
        case unconfined
        /// A profile in Docker's JSON, at this absolute path.
        case file(String)
    }

    /// Nothing asked for.
    package init() {}

    /// Adds one value, `key=value` or `key:value` or a word; a profile's path is relative to `directory`. Throws
    /// `OptionError`.
    package mutating func add(_ text: String, relativeTo directory: String) throws(OptionError) {
        // Docker's older form has a colon; a path may have either behind the first.
        let separator = text.firstIndex { $0 == "=" || $0 == ":" }
        let key = separator.map { String(text[..<$0]) } ?? text
        let value = separator.map { String(text.behind($0)) }
        switch (key, value) {
        case ("no-new-privileges", nil): noNewPrivileges = true
        case ("no-new-privileges", let value?):
            guard let flag = goBool(value) else { throw OptionError("invalid --security-opt 2: \"\(text)\"") }
            noNewPrivileges = flag
        case ("seccomp", "unconfined"?): seccomp = .unconfined
        case ("seccomp", "builtin"?), ("seccomp", "default"?): seccomp = .standard
        case ("seccomp", let path?) where !path.isEmpty:
            seccomp = .file(path.begins(with: "/") ? path : cleanPath(directory + "/" + path))
        case ("systempaths", "unconfined"?): systemPathsUnconfined = true
        case ("unmask", let list?) where !list.isEmpty:
            unmask += list.split(on: ":").map(String.init)
        case ("mask", let list?) where !list.isEmpty:
            for path in list.split(on: ":").map(String.init) {
                guard path.begins(with: "/") else {
                    throw OptionError("invalid --security-opt '\(text)': '\(path)' is not an absolute path")
                }
                mask.append(cleanPath(path))
            }
        case ("apparmor", let profile?) where !profile.isEmpty: appArmorProfile = profile
        // Without labels there is nothing to switch off.
        case ("label", "disable"?): break
        case ("label", _?):
            throw .refused("--security-opt \(text)", "this engine sets no SELinux labels; use label=disable")
        case ("proc-opts", _?), ("credentialspec", _?), ("writable-cgroups", _?):
            throw .refused("--security-opt \(text)", "this engine does not offer it")
        default:
            if separator == nil { throw OptionError.usage("Invalid --security-opt: \"\(text)\"") }
            throw OptionError("invalid --security-opt 2: \"\(text)\"")
        }
    }
}
