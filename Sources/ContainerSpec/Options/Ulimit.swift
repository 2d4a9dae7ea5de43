import Bytes
package import Errors

/// A resource limit of the container's process (`--ulimit`, getrlimit(2)).
package struct Ulimit: Codable, Hashable, Sendable {
    /// Docker's name: `nofile`.
    package let name: String
    package let soft: UInt64
    package let hard: UInt64

    /// The names that Docker takes; each is the lowercase of an RLIMIT_ constant.
    static let names: [String] = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ]

    /// Reads `name=soft[:hard]`; -1 is no limit, a single number is both. Throws `OptionError`.
    package init(_ text: String) throws(OptionError) {
        guard let (name, value) = splitOnce(text, "=") else {
            throw OptionError("invalid ulimit argument: \(text)")
        }
        guard Self.names.contains(name) else { throw OptionError("invalid ulimit type: \(name)") }
        let parts = value.split(on: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw OptionError(
                "too many limit value arguments - \(value), can only have up to two, `soft[:hard]`")
        }
        func number(_ part: Substring) throws(OptionError) -> UInt64 {
            guard let value = Int64(part) else {
                throw OptionError("strconv.ParseInt: parsing \"\(part)\": invalid syntax")
            }
            guard value >= -1 else { throw OptionError("invalid ulimit value \(part) of \(name): the least is -1") }
            return value == -1 ? .max : UInt64(value)
        }
        soft = try number(parts[0])
        hard = parts.count == 2 ? try number(parts[1]) : soft
        guard soft <= hard else {
            throw OptionError(
                "ulimit soft limit must be less than or equal to hard limit: \(parts[0]) > \(parts[parts.count - 1])")
        }
        self.name = name
    }

    /// The constant's name, as the runtime specification wants it.
    package var resource: String { Self.resource(name) }

    static func resource(_ name: String) -> String { "RLIMIT_\(name.uppercased())" }
}
