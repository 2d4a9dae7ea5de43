import Bytes
package import Errors
package import Linux

/// When a container is started again after its end (`--restart`).
package struct RestartPolicy: Codable, Hashable, Sendable {
    /// Docker's words.
    package enum Name: String, Codable, Hashable, Sendable, WireCodable {
        case no
        case onFailure = "on-failure"
        case always
        case unlessStopped = "unless-stopped"
    }

    package var name: Name
    /// For `on-failure`: how many times; 0 is without limit.
    package var maximumRetryCount = 0

    package init(_ name: Name, maximumRetryCount: Int = 0) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }

    package static let no = RestartPolicy(.no)

    /// Parses "no", "always", "unless-stopped" and "on-failure[:count]"; empty is "no". Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        self = .no
        if text.isEmpty { return }
        let parts = text.split(on: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts[0].isEmpty {
            throw OptionError.usage("invalid restart policy format: no policy provided before colon")
        }
        guard let name = Name(rawValue: String(parts[0])) else {
            throw OptionError(
                "invalid restart policy: unknown policy '\(parts[0])'; "
                    + "use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
        self.name = name
        guard parts.count > 1 else { return }
        guard let count = Int(parts[1]) else {
            throw OptionError.usage("invalid restart policy format: maximum retry count must be an integer")
        }
        guard count >= 0 else {
            throw OptionError("invalid restart policy: maximum retry count cannot be negative")
        }
        guard count == 0 || name == .onFailure else {
            throw OptionError("invalid restart policy: maximum retry count can only be used with 'on-failure'")
        }
        maximumRetryCount = count
    }
}

extension RestartPolicy: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(name)
        encoder.write(maximumRetryCount)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        let name: Name = try decoder.read()
        self.init(name, maximumRetryCount: try decoder.read())
    }
}
