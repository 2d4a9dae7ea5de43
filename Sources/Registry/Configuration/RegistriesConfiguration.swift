import Bytes
import Linux
package import OCI

/// Where the administrator and the user want images to come from: registries.conf (version 2, containers-registries.conf(5)). What it says of
/// short names is in `ShortNames`.
///
/// `$CONTAINERS_REGISTRIES_CONF` alone where that is set; otherwise `~/.config/containers/registries.conf`, or else
/// `/etc/containers/registries.conf`, and then the files of `registries.conf.d` of both places. What a later file says of a
/// prefix replaces what earlier ones did.
package struct RegistriesConfiguration: Sendable {
    private var registries: [RegistriesFile.Registry] = []

    /// A place to ask for an image, in the order of a pull.
    package struct Source: Equatable, Sendable {
        /// The repository there, with the tag or digest that is wanted.
        package let reference: Reference
        /// Whether it may be spoken to without TLS, and its certificate be anybody's.
        package let isInsecure: Bool
    }

    /// Reads the files of a user with this environment. Throws for one that cannot be read or understood.
    package init(environment: [String: String]) throws(RegistryError) {
        var places: [ByteKey: Int] = [:]
        for path in try Self.paths({ environment[$0] }) {
            for registry in try RegistriesFile(path)?.registries ?? [] {
                if let place = places[ByteKey(registry.prefix)] {
                    registries[place] = registry
                } else {
                    places[ByteKey(registry.prefix)] = registries.count
                    registries.append(registry)
                }
            }
        }
    }

    /// The variable that names the only file.
    static let fileVariable = "CONTAINERS_REGISTRIES_CONF"

    /// The files, of which those of `registries.conf.d` exist. `variable` gives a variable of the environment.
    static func paths(_ variable: (String) -> String?) throws(RegistryError) -> [String] {
        func value(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
        if let file = value(fileVariable) { return [file] }
        let system = "/etc/containers"
        let own = (value("XDG_CONFIG_HOME") ?? value("HOME").map { $0 + "/.config" }).map { $0 + "/containers" }
        let main = "registries.conf"
        var paths: [String] = []
        do throws(SystemError) {
            if let own, try Files.isPresent(own + "/" + main) { paths.append(own + "/" + main) }
        } catch { throw .registriesFile(path: (own ?? "") + "/" + main, cause: error.errno.description) }
        if paths.isEmpty { paths.append(system + "/" + main) }
        try addFiles(below: system + "/registries.conf.d", to: &paths)
        if let own { try addFiles(below: own + "/registries.conf.d", to: &paths) }
        return paths
    }

    // By loops: `run` asks at each start, and what the standard library has for it is made of generic types.
    private static func addFiles(below folder: String, to paths: inout [String]) throws(RegistryError) {
        var names: [String] = []
        do throws(SystemError) {
            for name in try Files.list(folder) where name.ends(with: ".conf") { names.append(name) }
        } catch {
            guard error.errno != .noEntry, error.errno != .notDirectory else { return }
            throw .registriesFile(path: folder, cause: error.errno.description)
        }
        if names.count > 1 { names.sort { $0.comes(before: $1) } }
        for name in names { paths.append(folder + "/" + name) }
    }

    /// The registry of `reference` itself: for all but pulls, as a mirror has what was pulled through it. Throws as `sources(of:)`.
    package func registry(of reference: Reference) throws(RegistryError) -> Source {
        let sources = try sources(of: reference)
        return sources[sources.count - 1]
    }

    /// Where to ask for `reference`, the best first: mirrors, and the registry itself last. Throws where the registry is blocked, or a
    /// rule makes a name of it that is none.
    package func sources(of reference: Reference) throws(RegistryError) -> [Source] {
        guard let registry = rule(for: reference) else { return [Source(reference: reference, isInsecure: false)] }
        guard !registry.isBlocked else { throw .blocked(reference.familiarName, prefix: registry.prefix) }
        var sources: [Source] = []
        let isDigest = reference.digest != nil
        for mirror in registry.mirrors {
            let isMeant =
                switch mirror.use {
                case .all: !registry.mirrorsByDigestOnly || isDigest
                case .digests: isDigest
                case .tags: !isDigest
                }
            guard isMeant else { continue }
            sources.append(
                Source(
                    reference: try Self.rewritten(reference, registry.prefix, mirror.location),
                    isInsecure: mirror.isInsecure))
        }
        let last = try registry.location.map { location throws(RegistryError) in
            try Self.rewritten(reference, registry.prefix, location)
        }
        sources.append(Source(reference: last ?? reference, isInsecure: registry.isInsecure))
        return sources
    }

    /// Whether the registry at `domain` may be spoken to without TLS.
    func isInsecure(domain: String) -> Bool {
        registries.first { $0.prefix.isSame(as: domain) }?.isInsecure ?? false
    }

    /// The registry whose prefix is the longest that `reference` begins with.
    private func rule(for reference: Reference) -> RegistriesFile.Registry? {
        var best: (registry: RegistriesFile.Registry, length: Int)?
        for registry in registries {
            guard let length = Self.length(of: registry.prefix, in: reference), length > best?.length ?? -1 else {
                continue
            }
            best = (registry, length)
        }
        return best?.registry
    }

    /// How many bytes of the name of `reference` the prefix stands for; nil where it is not about it.
    private static func length(of prefix: String, in reference: Reference) -> Int? {
        if prefix.begins(with: "*.") {
            let host = reference.domain.until(":")
            return host.ends(with: String(prefix.dropping(1))) && host.utf8.count >= prefix.utf8.count
                ? host.utf8.count : nil
        }
        // A rule may be about one tag, or one image by its digest.
        let whole = reference.description
        guard whole.begins(with: prefix) else { return nil }
        let next = whole.dropping(prefix.utf8.count).firstLetter
        let isWhole = next.map { "/:@".unicodeScalars.contains($0) } ?? true
        // "host" is not about "host:5000".
        if next == ":", prefix.utf8.count == reference.domain.until(":").utf8.count, reference.domain.has(":") {
            return nil
        }
        return isWhole ? prefix.utf8.count : nil
    }

    private static func rewritten(
        _ reference: Reference, _ prefix: String, _ location: String
    ) throws(RegistryError) -> Reference {
        let length = length(of: prefix, in: reference) ?? 0
        let text = location + reference.description.dropping(length)
        do throws(ReferenceError) {
            let found = try Reference(text, defaultTag: nil)
            // A location without a dot or a port would be a repository of Docker's, and a tag in it another image.
            if found.description.isSame(as: text), found.tag == reference.tag, found.digest == reference.digest {
                return found
            }
        } catch {}
        throw .rewritten(reference.familiar, to: text.excerpt)
    }
}
