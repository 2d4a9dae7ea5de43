import Bytes
package import Errors

/// Whose processes the container sees (`--pid`).
package enum PIDMode: String, Codable, Hashable, Sendable {
    case `private`, host

    /// Reads Docker's and podman's words. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        switch text {
        case "", "private": self = .private
        case "host": self = .host
        default: throw refusedJoin("--pid", text)
        }
    }
}

/// Whose message queues and shared memory the container has (`--ipc`).
package enum IPCMode: String, Codable, Hashable, Sendable {
    /// `none` is a namespace without `/dev/shm`.
    case `private`, shareable, none, host

    /// Reads Docker's words. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        if text.isEmpty {
            self = .private
        } else if let mode = Self(rawValue: text) {
            self = mode
        } else {
            throw refusedJoin("--ipc", text)
        }
    }
}

/// Whose host name the container has (`--uts`).
package enum UTSMode: String, Codable, Hashable, Sendable {
    case `private`, host

    /// Reads Docker's and podman's words. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        switch text {
        case "", "private": self = .private
        case "host": self = .host
        default: throw refusedJoin("--uts", text)
        }
    }
}

/// Whether the container sees its own control group as the root of all (`--cgroupns`).
package enum CgroupNamespaceMode: String, Codable, Hashable, Sendable {
    case `private`, host

    /// Reads Docker's words. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        switch text {
        case "", "private": self = .private
        case "host": self = .host
        default: throw refusedJoin("--cgroupns", text)
        }
    }
}

/// In which user namespace the container lives (`--userns`).
package enum UserNamespaceMode: Codable, Hashable, Sendable {
    /// The one that the user's containers share; as root, the host's.
    case automatic
    /// As `automatic`, asked for: what Docker and podman mean by it for the caller at hand.
    case host
    /// One of its own in which the caller is this user and group, by default the numbers of the host, and runs as it
    /// unless `--user` says otherwise.
    case keepID(user: UInt32?, group: UInt32?)
    /// One of its own whose ids no other container has: `size` of them, by default as many as the image's files of
    /// accounts name.
    case auto(size: UInt32?)
    /// One of its own in which the caller has no number at all.
    case nomap
    /// One of its own with these ids (`--uidmap`, `--gidmap`); an empty list is as the other.
    case maps(users: [IDMapOption], groups: [IDMapOption])

    /// Reads Docker's `host` and podman's words. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        let (word, rest) = splitOnce(text, ":") ?? (text, "")
        switch word {
        case "": self = .automatic
        case "host" where rest.isEmpty: self = .host
        case "nomap" where rest.isEmpty: self = .nomap
        case "keep-id":
            let values = try Self.settings(rest, of: text, known: ["uid", "gid"])
            self = .keepID(user: values["uid"], group: values["gid"])
        case "auto":
            let values = try Self.settings(rest, of: text, known: ["size"])
            if values["size"] == 0 { throw OptionError("--userns=\(text): a user namespace needs one id at least") }
            self = .auto(size: values["size"])
        case "private":
            throw .refused(
                "--userns=private", "it needs maps of ids, and --uidmap and --gidmap, which give them, are enough")
        case "container", "ns": throw refusedJoin("--userns", text)
        default: throw OptionError.usage("--userns: invalid USER mode")
        }
    }

    // "uid=1000,gid=1000".
    private static func settings(
        _ text: String, of whole: String, known: [String]
    ) throws(OptionError) -> [String: UInt32] {
        var values: [String: UInt32] = [:]
        for part in text.split(on: ",") {
            guard let (name, number) = splitOnce(String(part), "=") else {
                throw OptionError("--userns=\(whole): '\(part)' is no name=number")
            }
            if name == "uidmapping" || name == "gidmapping" {
                throw .refused("--userns=\(whole)", "the engine chooses the ids by itself")
            }
            guard known.contains(name) else {
                throw OptionError(
                    "--userns=\(whole): unknown setting '\(name)' (there is \(known.joined(separator: ", ")))")
            }
            guard let value = UInt32(number), value < 1 << 31 else {
                throw OptionError("--userns=\(whole): '\(number)' is no id")
            }
            values[name] = value
        }
        return values
    }

    /// The words of the command line that mean this; empty for what nobody asked for.
    package var option: String {
        func list(_ word: String, _ values: [(String, UInt32?)]) -> String {
            let set = values.compactMap { name, value in value.map { "\(name)=\($0)" } }
            return set.isEmpty ? word : word + ":" + set.joined(separator: ",")
        }
        return switch self {
        case .automatic: ""
        case .host: "host"
        case .nomap: "nomap"
        case .maps: "private"
        case .keepID(let user, let group): list("keep-id", [("uid", user), ("gid", group)])
        case .auto(let size): list("auto", [("size", size)])
        }
    }

    /// Whether the container has a namespace that is not the one of the user's other containers.
    package var isOwn: Bool {
        switch self {
        case .automatic, .host: false
        case .keepID, .auto, .nomap, .maps: true
        }
    }
}

private func refusedJoin(_ flag: String, _ text: String) -> OptionError {
    if text.begins(with: "container:") || text.begins(with: "ns:") {
        return .refused("\(flag)=\(text)", "containers cannot share a namespace yet")
    }
    switch flag {
    case "--pid": return OptionError.usage("--pid: invalid PID mode")
    case "--uts": return OptionError.usage("--uts: invalid UTS mode")
    case "--cgroupns": return OptionError.usage("--cgroupns: invalid CGROUP mode")
    default: return OptionError("invalid IPC mode: \(text)")
    }
}
