import Bytes
package import Errors
import Store

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
        if parts.count == 1 {
            self.init(destination: try Self.destination(parts[0]), kind: .volume(Volume(name: nil)))
            shortForm = ""
            return
        }
        var source = parts[0]
        if source.begins(with: ".") {
            source = cleanPath(directory + "/" + source)
        } else if !source.begins(with: "/") {
            self = try Self.named(source, parts, text)
            return
        }
        var bind = Bind(source: cleanPath(source))
        bind.createSource = true
        let what = "invalid volume specification: '\(source):\(parts.dropFirst().joined(separator: ":"))': "
        self.init(
            destination: try Self.destination(parts[1], what + "invalid mount config for type \"bind\": "),
            kind: .bind(bind))
        guard parts.count == 3 else {
            shortForm = ""
            return
        }
        let modes = try Modes(parts[2], of: text)
        if modes.noCopy {
            throw OptionError(
                "invalid volume specification: '\(text)': invalid mount config for type \"bind\": field VolumeOptions "
                    + "must not be specified")
        }
        bind.relabel = modes.relabel
        bind.changesOwner = modes.changesOwner
        bind.mappedIDs = modes.mappedIDs
        bind.recursion = modes.recursion
        if let propagation = modes.propagation { bind.propagation = propagation }
        kind = .bind(bind)
        readOnly = modes.readOnly
        shortForm = parts[2]
    }

    private static func named(_ name: String, _ parts: [String], _ text: String) throws(OptionError) -> MountOption {
        let what = "invalid volume specification: '\(text)': invalid mount config for type \"volume\": "
        do throws(StoreError) { try VolumeStore.checkName(name) } catch {
            throw OptionError(error.description, error.kind)
        }
        var volume = Volume(name: name)
        var option = MountOption(destination: try destination(parts[1], what), kind: .volume(volume))
        option.shortForm = parts.count == 3 ? parts[2] : ""
        guard parts.count == 3 else { return option }
        let modes = try Modes(parts[2], of: text)
        guard modes.propagation == nil, modes.recursion == .enabled else {
            throw OptionError(what + "field BindOptions must not be specified")
        }
        volume.copiesContent = !modes.noCopy
        volume.relabel = modes.relabel
        volume.changesOwner = modes.changesOwner
        volume.mappedIDs = modes.mappedIDs
        option.kind = .volume(volume)
        option.readOnly = modes.readOnly
        return option
    }

    /// What stands behind the destination of `-v`.
    private struct Modes {
        var readOnly = false
        var propagation: Propagation?
        var recursion = Recursion.enabled
        var relabel: Relabel?
        var noCopy = false
        var changesOwner: Bool?
        var mappedIDs: MappedIDs?

        init(_ text: String, of specification: String) throws(OptionError) {
            var access: String?
            func once(_ seen: Bool) throws(OptionError) {
                if seen { throw OptionError("invalid mode: \(text)") }
            }
            for mode in text.split(on: ",", omittingEmptySubsequences: false).map(String.init) {
                switch mode {
                case "ro", "rw":
                    try once(access != nil)
                    access = mode
                case "rro":
                    try once(access != nil)
                    access = mode
                    recursion = .readonly
                case "z", "Z":
                    try once(relabel != nil)
                    relabel = mode == "z" ? .shared : .private
                case "rbind": recursion = recursion == .disabled ? .enabled : recursion
                case "bind": recursion = .disabled
                // Hints for file shares of Docker Desktop; on Linux they have no meaning.
                case "consistent", "cached", "delegated": break
                case "nocopy":
                    try once(noCopy)
                    noCopy = true
                case "U":
                    try once(changesOwner != nil)
                    changesOwner = true
                case "O":
                    throw .refused(
                        "mount option 'O' in '\(specification)'", "this engine makes no overlays of a mount")
                case "idmap":
                    try once(mappedIDs != nil)
                    mappedIDs = MappedIDs("")
                default:
                    if let (word, map) = splitOnce(mode, "="), word == "idmap" {
                        guard let map = MappedIDs(map) else { throw OptionError("invalid mode: \(text)") }
                        try once(mappedIDs != nil)
                        mappedIDs = map
                        continue
                    }
                    guard let value = Propagation(rawValue: mode) else {
                        throw OptionError("invalid mode: \(text)")
                    }
                    try once(propagation != nil)
                    propagation = value
                }
            }
            readOnly = access == "ro" || access == "rro"
            if changesOwner ?? false, mappedIDs != nil { throw OptionError("invalid mode: \(text)") }
        }
    }
}
