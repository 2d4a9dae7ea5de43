import Bytes
package import Errors

extension MountOption {
    /// Reads a `-v` value, `[source:]destination[:options]`, with Docker's rules: a source that starts with `.` is
    /// relative to `directory`, one with `/` is a path of the host, any other is the name of a volume.
    /// Throws `OptionError`.
    package init(volume text: String, relativeTo directory: String) throws(OptionError) {
        let parts = text.split(on: ":", omittingEmptySubsequences: false).map(String.init)
        guard !text.isEmpty else { throw OptionError.usage("invalid empty volume spec") }
        guard !parts.contains("") else {
            throw OptionError.usage("invalid spec: \(text): empty section between colons")
        }
        guard parts.count <= 3 else { throw OptionError.usage("invalid spec: \(text): too many colons") }
        if parts.count == 1 || (parts.count == 2 && Self.isMode(parts[1])) {
            throw .refused(
                "-v \(text)",
                "volumes are not there yet; use a directory of the host (-v /path:\(parts[0])), or "
                    + "leave it out: the container's own file system keeps the files")
        }
        var source = parts[0]
        if source.begins(with: ".") {
            source = cleanPath(directory + "/" + source)
        } else if !source.begins(with: "/") {
            throw Self.notAPath(source, text)
        }
        var bind = Bind(source: cleanPath(source))
        bind.createSource = true
        var readOnly = false
        if parts.count == 3 { try Self.apply(modes: parts[2], of: text, to: &bind, &readOnly) }
        let what = "invalid volume specification: '\(source):\(parts.dropFirst().joined(separator: ":"))': "
        self.init(
            destination: try Self.destination(parts[1], what + "invalid mount config for type \"bind\": "),
            kind: .bind(bind))
        self.readOnly = readOnly
        shortForm = parts.count == 3 ? parts[2] : ""
    }

    private static func notAPath(_ source: String, _ text: String) -> OptionError {
        let isName =
            source.utf8.count > 1 && source.first!.isASCII && (source.first!.isLetter || source.first!.isNumber)
            && source.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
        if isName {
            return .refused(
                "-v \(text)", "named volumes are not there yet; use a directory of the host by its path (./\(source))")
        }
        return OptionError(
            "create \(source): \"\(source)\" includes invalid characters for a local volume name, only "
                + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )
    }

    private static let modes: Set<String> = [
        "ro", "rw", "z", "Z", "private", "rprivate", "shared", "rshared", "slave", "rslave", "consistent", "cached",
        "delegated", "nocopy", "rbind", "bind", "U", "O", "idmap", "rro",
    ]

    private static func isMode(_ text: String) -> Bool {
        !text.isEmpty
            && text.split(on: ",", omittingEmptySubsequences: false).allSatisfy { modes.contains(String($0)) }
    }

    private static func apply(
        modes text: String, of specification: String, to bind: inout Bind, _ readOnly: inout Bool
    ) throws(OptionError) {
        var access: String?
        var propagation: Propagation?
        for mode in text.split(on: ",", omittingEmptySubsequences: false).map(String.init) {
            func once(_ seen: Bool) throws(OptionError) {
                if seen { throw OptionError("invalid mode: \(text)") }
            }
            switch mode {
            case "ro", "rw":
                try once(access != nil)
                access = mode
            case "rro":
                try once(access != nil)
                access = mode
                bind.recursion = .readonly
            case "z", "Z":
                try once(bind.relabel != nil)
                bind.relabel = mode == "z" ? .shared : .private
            case "rbind": bind.recursion = bind.recursion == .disabled ? .enabled : bind.recursion
            case "bind": bind.recursion = .disabled
            // Hints for file shares of Docker Desktop; on Linux they have no meaning.
            case "consistent", "cached", "delegated": break
            case "nocopy":
                throw OptionError(
                    "invalid volume specification: '\(specification)': invalid mount config for type \"bind\": field "
                        + "VolumeOptions must not be specified: nocopy is for volumes, not for directories")
            case "U", "O", "idmap":
                throw .refused(
                    "mount option '\(mode)' in '\(specification)'", "this engine does not change the owners of a mount")
            default:
                guard let value = Propagation(rawValue: mode) else {
                    throw OptionError("invalid mode: \(text)")
                }
                try once(propagation != nil)
                propagation = value
            }
        }
        readOnly = access == "ro" || access == "rro"
        if let propagation { bind.propagation = propagation }
    }
}
