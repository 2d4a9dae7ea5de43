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

    /// Reads Docker's `host` and podman's words, most of which need every file of the image with other owners.
    /// Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        let (word, rest) = splitOnce(text, ":") ?? (text, "")
        switch word {
        case "": self = .automatic
        case "host" where rest.isEmpty: self = .host
        case "keep-id", "auto", "nomap", "private":
            throw .refused(
                "--userns=\(text)",
                "the image's layers are stored for one map of ids, which all containers of a user "
                    + "share; run as root of the container (the default), which is you on the host")
        case "container", "ns": throw refusedJoin("--userns", text)
        default: throw OptionError("--userns: invalid user namespace mode '\(text)'")
        }
    }
}

private func refusedJoin(_ flag: String, _ text: String) -> OptionError {
    if text.hasPrefix("container:") || text.hasPrefix("ns:") {
        return .refused("\(flag)=\(text)", "containers cannot share a namespace yet")
    }
    return OptionError("\(flag): invalid mode '\(text)'")
}
