import Bytes
import Glibc

/// How registries are spoken to.
package struct RegistryOptions: Sendable {
    /// What the environment says of credentials, certificates and proxies.
    package var environment: [String: String]
    package var userAgent = "apus"
    /// How often a request is tried before its failure is final; at least 1. Progress of a download starts anew.
    package var attempts = 5
    /// The wait before the second attempt; it doubles with each.
    package var retryDelay: Duration = .milliseconds(500)
    /// The longest wait between two attempts. A registry that asks for a longer one is not asked again.
    package var longestDelay: Duration = .seconds(30)
    package var connectTimeout: Duration = .seconds(30)
    /// How long a connection may be silent.
    package var idleTimeout: Duration = .seconds(60)
    /// How long a registry may take to answer what it was sent whole: it reads a layer again before it says that it has it.
    package var acceptTimeout: Duration = .seconds(300)

    /// How much of a blob one request brings to a registry that wants it in parts; at least 1, in bytes.
    package var uploadPart: Int64 = 16 << 20

    /// The options for `environment`; by default that of this process.
    package init(environment: [String: String] = RegistryOptions.processEnvironment()) {
        self.environment = environment
    }

    /// The environment of this process; of a name that is there twice, the first.
    package static func processEnvironment() -> [String: String] {
        var found: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equal = line.place(of: "="), found[String(line[..<equal])] == nil {
                found[String(line[..<equal])] = String(line.behind(equal))
            }
            entry += 1
        }
        return found
    }
}
