import Bytes
package import Errors

/// A device of the host in the container (`--device`).
package struct DeviceOption: Codable, Hashable, Sendable {
    package let pathOnHost: String
    package let pathInContainer: String
    /// Of `r`, `w` and `m` (mknod).
    package let permissions: String

    /// Reads `host[:container][:permissions]`. Throws `OptionError`.
    package init(_ text: String) throws(OptionError) {
        let parts = text.split(on: ":", omittingEmptySubsequences: false).map(String.init)
        var container = parts[0]
        var permissions = "rwm"
        switch parts.count {
        case 1: break
        case 2 where Self.isMode(parts[1]): permissions = parts[1]
        case 2: container = parts[1]
        case 3:
            container = parts[1]
            permissions = parts[2]
        default: throw OptionError.usage("bad format for path: \(text)")
        }
        guard parts[0].begins(with: "/") else {
            if parts[0].has("/"), parts[0].has("=") {
                throw .refused("--device \(text)", "device names of the Container Device Interface are not offered")
            }
            throw OptionError.usage(
                parts[0].isEmpty ? "bad format for path: \(text)" : "\(parts[0]) is not an absolute path")
        }
        guard container.begins(with: "/") else {
            throw OptionError.usage("\(container) is not an absolute path")
        }
        guard Self.isMode(permissions) else {
            throw OptionError.usage("bad mode specified: \(permissions)")
        }
        pathOnHost = cleanPath(parts[0])
        pathInContainer = cleanPath(container)
        self.permissions = permissions
    }

    /// Whether `text` is made of `r`, `w` and `m`, each once at most.
    static func isMode(_ text: String) -> Bool {
        !text.isEmpty && text.count <= 3 && Set(text).count == text.count && text.allSatisfy { "rwm".contains($0) }
    }
}

/// A rule of the device cgroup (`--device-cgroup-rule`): `c 189:* rmw`.
package struct DeviceCgroupRule: Codable, Hashable, Sendable {
    /// `a`, `b` or `c`.
    package let type: String
    /// nil: any.
    package let major: Int64?
    package let minor: Int64?
    package let permissions: String

    /// Reads `type major:minor permissions`. Throws `OptionError`.
    package init(_ text: String) throws(OptionError) {
        func invalid() -> OptionError { OptionError("invalid device cgroup format '\(text)'") }
        let parts = text.split(on: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, ["a", "b", "c"].contains(parts[0]), let (major, minor) = splitOnce(parts[1], ":"),
            DeviceOption.isMode(parts[2])
        else { throw invalid() }
        func number(_ text: String) throws(OptionError) -> Int64? {
            if text == "*" { return nil }
            guard let number = UInt32(text) else { throw invalid() }
            return Int64(number)
        }
        type = parts[0]
        self.major = try number(major)
        self.minor = try number(minor)
        permissions = parts[2]
    }
}

extension DeviceCgroupRule: CustomStringConvertible {
    /// As it is given to `--device-cgroup-rule`.
    package var description: String {
        "\(type) \(major.map { String($0) } ?? "*"):\(minor.map { String($0) } ?? "*") \(permissions)"
    }
}
