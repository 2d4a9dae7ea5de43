import Bytes
package import ContainerSpec
package import Dockerfile
package import Errors
import Images
package import OCI

/// The texts of a build's options that need no type of their own.
package enum BuildOption {
    /// The name of `--tag`. Throws `OptionError` for what is none, or has a digest.
    package static func tag(_ text: String) throws(OptionError) -> Reference {
        let full = try typed(text)
        let reference: Reference
        do throws(ReferenceError) { reference = try Reference(full) } catch {
            let why =
                switch error.cause {
                case .empty: "repository name must have at least one component"
                case .upperCase: "repository name must be lowercase"
                default: "\(error)"
                }
            throw OptionError("invalid tag \(goQuoted(text.excerpt)): \(why)")
        }
        guard reference.digest == nil else {
            throw OptionError("failed to solve: refusing to create a tag with a digest reference")
        }
        return reference
    }

    /// The name of an image that somebody typed as `text`, with the full name in the place of an alias. Throws `OptionError` for a file of
    /// registries.conf that cannot be used.
    static func typed(_ text: String) throws(OptionError) -> String {
        do throws(EngineError) { return try TypedName.expanded(text) } catch {
            throw OptionError(error.message, error.kind)
        }
    }

    /// The platforms of all uses of `--platform`, each once, in their order. "local" is this machine's. Throws `OptionError`.
    package static func platforms(_ texts: [String]) throws(OptionError) -> [Platform] {
        var platforms: [Platform] = []
        for text in texts.flatMap({ $0.split(on: ",", omittingEmptySubsequences: false) }) where !texts.has("") {
            let platform: Platform
            do throws(PlatformError) {
                platform = text.isSame(as: "local") ? .host : try Platform(parsing: String(text))
            } catch {
                throw OptionError(
                    "\(goQuoted(text.excerpt)): cannot parse platform specifier: invalid argument: give os/architecture[/variant], "
                        + "such as linux/amd64")
            }
            guard platform.os == "linux" else {
                throw OptionError("failed to solve: operating system is not supported: \(platform.os)", .unsupported)
            }
            if !platforms.contains(platform) { platforms.append(platform) }
        }
        return platforms
    }

    /// The mode of `--network`. Throws `OptionError` for another than none, host and the default.
    package static func network(_ text: String) throws(OptionError) -> RunInstruction.Network {
        if text.isEmpty { return .default }
        guard let mode = RunInstruction.Network(rawValue: text) else {
            throw OptionError(
                "network mode \(goQuoted(text.excerpt)) not supported by a build: it is default, none or host",
                .unsupported)
        }
        return mode
    }

    /// The hosts of a text of `--add-host`, "NAME:ADDRESS" with commas between them. Throws `OptionError`.
    package static func hosts(_ text: String) throws(OptionError) -> [HostEntry] {
        var hosts: [HostEntry] = []
        for field in try OptionFields.split(text) {
            do throws(OptionError) { hosts.append(try HostEntry(field)) } catch {
                throw OptionError("invalid host \(field.excerpt): \(error.description)")
            }
        }
        return hosts
    }

    /// Checks a text of `--allow`. Throws `OptionError` for all but the host's network, which a RUN may always have.
    package static func checkEntitlement(_ text: String) throws(OptionError) {
        switch text.until("=") {
        case "", "network.host": return
        case "security.insecure", "device":
            throw OptionError(
                "failed to solve: granting entitlement \(text.excerpt) is not allowed: commands of a build have no more rights than "
                    + "a container's, and no devices of the host", .unsupported)
        default: throw OptionError("unknown entitlement \(text.excerpt)")
        }
    }
}
