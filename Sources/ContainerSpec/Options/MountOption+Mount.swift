import Bytes
package import Errors

extension MountOption {
    /// Reads a `--mount` value, comma-separated `key=value` fields, for `type=bind`, `volume`, `tmpfs` and `image`; `directory` is
    /// what a source that starts with `.` is relative to. Throws `OptionError`.
    package init(mount text: String, relativeTo directory: String) throws(OptionError) {
        guard let fields = commaSeparated(text) else {
            throw OptionError("parse error: extraneous or missing \" in quoted-field")
        }
        guard !text.isEmpty else { throw OptionError("EOF") }
        var fieldsOfMount = MountFields(text: text)
        for field in fields { try fieldsOfMount.take(field) }
        switch fieldsOfMount.type {
        case "bind": self = try fieldsOfMount.bind(relativeTo: directory)
        case "tmpfs": self = try fieldsOfMount.tmpfs()
        case "volume": self = try fieldsOfMount.volume()
        case "image": self = try fieldsOfMount.image()
        case "cluster", "npipe", "glob", "devpts", "ramfs":
            throw .refused(
                "--mount type=\(fieldsOfMount.type)", "only bind, volume, tmpfs and image mounts are there")
        case "": throw OptionError("type is required")
        default:
            _ = try fieldsOfMount.target()
            throw OptionError("invalid mount config for type \"\(fieldsOfMount.type)\": mount type unknown")
        }
    }
}

/// What the fields of one `--mount` value said.
private struct MountFields {
    let text: String
    var type = "volume"
    var source: String?
    var destinationText: String?
    var readOnly = false
    var propagation: MountOption.Propagation?
    var recursion: MountOption.Recursion?
    var createSource = false
    var changesOwner: Bool?
    var mappedIDs: MountOption.MappedIDs?
    var relabel: MountOption.Relabel?
    var tmpfsOptions: [String] = []
    // The keys that belong to one type, to refuse them beside another.
    var bindKeys: [String] = []
    var tmpfsKeys: [String] = []
    var volumeKeys: [String] = []
    var imageKeys: [String] = []
    var imageSubpath: String?
    // podman's `rw`, for images alone.
    var isWritable: Bool?
    var volumeOptions = MountOption.Volume(name: nil)

    init(text: String) { self.text = text }

    /// Takes one field. Throws for a key that no type of mount has, and for a value that its key cannot have.
    mutating func take(_ field: String) throws(OptionError) {
        let pair = splitOnce(field, "=")
        let key = (pair?.0 ?? field).lowercased()
        if try takeSwitch(key, pair?.1) { return }
        guard let value = pair?.1 else {
            throw OptionError("invalid field '\(field)' must be a key=value pair")
        }
        if takeCommon(key, value) { return }
        if try takeOfBind(key, value) { return bindKeys.append(key) }
        if try takeOfTmpfs(key, value) { return tmpfsKeys.append(key) }
        if try takeOfVolume(key, value) { return volumeKeys.append(key) }
        if key == "image-subpath" || key == "subpath", type == "image" || key == "image-subpath" {
            imageSubpath = value
            return imageKeys.append(key)
        }
        throw OptionError("unexpected key '\(key)' in '\(field)'")
    }

    // What every type of mount has; false where `key` is none of that, here and below.
    private mutating func takeCommon(_ key: String, _ value: String) -> Bool {
        switch key {
        case "type": type = value.lowercased()
        case "source", "src": source = value
        case "target", "dst", "destination": destinationText = value
        // Of Docker Desktop alone, which shares files with a virtual machine.
        case "consistency": break
        default: return false
        }
        return true
    }

    private mutating func takeOfBind(_ key: String, _ value: String) throws(OptionError) -> Bool {
        switch key {
        case "bind-propagation":
            guard let known = MountOption.Propagation(rawValue: value.lowercased()) else {
                throw OptionError("invalid mount config for type \"bind\": invalid propagation mode: \(value)")
            }
            propagation = known
        case "bind-recursive":
            // Go's booleans count as the two ends.
            switch goBool(value) {
            case true?: recursion = .enabled
            case false?: recursion = .disabled
            case nil:
                guard let known = MountOption.Recursion(rawValue: value) else {
                    throw OptionError(
                        "invalid value for bind-recursive: \(value) (must be \"enabled\", \"disabled\", \"writable\", or "
                            + "\"readonly\")")
                }
                recursion = known
            }
        case "relabel":
            guard let known = MountOption.Relabel(rawValue: value) else {
                throw OptionError("invalid value for relabel: '\(value)' (must be 'shared' or 'private')")
            }
            relabel = known
        default: return false
        }
        return true
    }

    private mutating func takeOfTmpfs(_ key: String, _ value: String) throws(OptionError) -> Bool {
        switch key {
        case "tmpfs-size":
            guard let size = try? ByteSize.parse(value) else { throw OptionError("invalid value for \(key): \(value)") }
            tmpfsOptions.append("size=\(size)")
        case "tmpfs-mode":
            guard let mode = parseOctal(value), mode <= 0o7777 else {
                throw OptionError("invalid value for \(key): \(value)")
            }
            tmpfsOptions.append("mode=\(String(mode, radix: 8))")
        default: return false
        }
        return true
    }

    private mutating func takeOfVolume(_ key: String, _ value: String) throws(OptionError) -> Bool {
        switch key {
        case "volume-driver": volumeOptions.driver = value
        case "volume-label", "volume-opt":
            let (name, text) = splitOnce(value, "=") ?? (value, "")
            if key.ends(with: "opt") {
                volumeOptions.driverOptions[ByteKey(name)] = text
            } else {
                volumeOptions.labels[ByteKey(name)] = text
            }
        case "volume-subpath": volumeOptions.subpath = value
        default: return false
        }
        return true
    }

    /// Takes a key that may stand without a value; false where `key` is none.
    private mutating func takeSwitch(_ key: String, _ value: String?) throws(OptionError) -> Bool {
        func on() throws(OptionError) -> Bool {
            guard let value else { return true }
            guard let flag = goBool(value) else { throw OptionError("invalid value for \(key): \(value)") }
            return flag
        }
        switch key {
        case "readonly", "ro": readOnly = try on()
        case "rw", "readwrite":
            guard type == "image" else { return false }
            isWritable = try on()
        case "bind-nonrecursive":
            bindKeys.append(key)
            if try on() { recursion = .disabled }
        case "bind-create-src", "bind-create-source":
            bindKeys.append(key)
            createSource = try on()
        case "u", "chown": changesOwner = try on() ? true : nil
        case "idmap":
            if let value, goBool(value) == nil {
                guard let map = MountOption.MappedIDs(value) else {
                    throw OptionError("invalid value for idmap: \(value)")
                }
                mappedIDs = map
            } else {
                mappedIDs = try on() ? MountOption.MappedIDs("") : nil
            }
        case "volume-nocopy":
            volumeKeys.append(key)
            volumeOptions.copiesContent = try !on()
        default: return false
        }
        return true
    }

    /// The place in the container as it was given. Throws `OptionError` where there is none.
    func target() throws(OptionError) -> String {
        guard let given = destinationText, !given.isEmpty else { throw OptionError("target is required") }
        return given
    }

    private func destination() throws(OptionError) -> String {
        try MountOption.destination(try target(), "invalid mount config for type \"\(type)\": ")
    }

    func bind(relativeTo directory: String) throws(OptionError) -> MountOption {
        try refuse([("tmpfs", tmpfsKeys), ("volume", volumeKeys), ("image", imageKeys)])
        _ = try target()
        guard var path = source, !path.isEmpty else {
            throw OptionError("invalid mount config for type \"bind\": field Source must not be empty")
        }
        if path == "." || path.begins(with: "./") || path == ".." || path.begins(with: "../") {
            path = directory + "/" + path
        }
        guard path.begins(with: "/") else {
            throw OptionError(
                "invalid mount config for type \"bind\": invalid mount path: '\(path)' mount path must be absolute")
        }
        var bind = MountOption.Bind(source: cleanPath(path))
        bind.createSource = createSource
        bind.relabel = relabel
        bind.changesOwner = changesOwner
        bind.mappedIDs = mappedIDs
        if let propagation { bind.propagation = propagation }
        if let recursion { bind.recursion = recursion }
        if bind.recursion == .writable || bind.recursion == .readonly {
            guard readOnly else {
                throw OptionError(
                    "option 'bind-recursive=\(bind.recursion)' requires 'readonly' to be specified in conjunction")
            }
            if bind.recursion == .readonly, bind.propagation != .rprivate || propagation == nil {
                throw OptionError("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate'")
            }
        }
        var option = MountOption(destination: try destination(), kind: .bind(bind))
        option.readOnly = readOnly
        return option
    }

    func image() throws(OptionError) -> MountOption {
        try refuse([("bind", bindKeys), ("tmpfs", tmpfsKeys), ("volume", volumeKeys)])
        _ = try target()
        let what = "invalid mount config for type \"image\": "
        guard let source, !source.isEmpty else { throw OptionError(what + "field Source must not be empty") }
        var image = MountOption.Image(source: source)
        if let subpath = imageSubpath {
            guard !subpath.isEmpty, !subpath.begins(with: "/"), !subpath.split(on: "/").contains("..") else {
                throw OptionError(what + "subpath must be a relative path within the volume")
            }
            image.subpath = subpath
        }
        if readOnly, isWritable == true { throw OptionError(what + "it cannot be readonly and rw") }
        var option = MountOption(destination: try destination(), kind: .image(image))
        option.readOnly = isWritable != true
        return option
    }

    private func refuse(_ others: [(String, [String])]) throws(OptionError) {
        if changesOwner ?? false, mappedIDs != nil {
            throw OptionError(
                "the options 'U' and 'idmap' contradict each other: one changes owners, and one shows others")
        }
        for (name, keys) in others where !keys.isEmpty {
            throw OptionError("cannot mix '\(name)-*' options with mount type '\(type)'")
        }
    }

    func volume() throws(OptionError) -> MountOption {
        try refuse([("bind", bindKeys), ("tmpfs", tmpfsKeys), ("image", imageKeys)])
        _ = try target()
        let what = "invalid mount config for type \"volume\": "
        var volume = volumeOptions
        volume.changesOwner = changesOwner
        volume.mappedIDs = mappedIDs
        volume.name = source.flatMap { $0.isEmpty ? nil : $0 }
        if let subpath = volume.subpath {
            guard volume.name != nil else {
                throw OptionError(what + "must not set Subpath when using anonymous volumes")
            }
            guard !subpath.isEmpty, !subpath.begins(with: "/"), !subpath.split(on: "/").contains("..") else {
                throw OptionError(what + "subpath must be a relative path within the volume")
            }
        }
        var option = MountOption(destination: try destination(), kind: .volume(volume))
        option.readOnly = readOnly
        return option
    }

    func tmpfs() throws(OptionError) -> MountOption {
        try refuse([("bind", bindKeys), ("volume", volumeKeys), ("image", imageKeys)])
        _ = try target()
        if mappedIDs != nil { throw .refused("the option 'idmap' of a tmpfs", "its files are the container's anyhow") }
        if changesOwner != nil {
            throw .refused("the option 'U' of a tmpfs", "it is new, and --tmpfs takes its owner as uid= and gid=")
        }
        if source != nil {
            throw OptionError("invalid mount config for type \"tmpfs\": field Source must not be specified")
        }
        var tmpfs = MountOption.Tmpfs()
        tmpfs.options = tmpfsOptions
        var option = MountOption(destination: try destination(), kind: .tmpfs(tmpfs))
        option.readOnly = readOnly
        return option
    }
}
