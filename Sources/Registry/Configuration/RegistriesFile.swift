import Bytes
import Linux

/// What one file of registries.conf (version 2, containers-registries.conf(5)) says of registries.
struct RegistriesFile: Sendable {
    /// A registry, or a part of one.
    struct Registry: Sendable {
        /// What it is about: "host[:port][/path]", or "*.domain".
        var prefix: String
        /// Where it is; nil for what the prefix says.
        var location: String?
        var isInsecure = false
        var isBlocked = false
        /// Whether mirrors are asked for digests alone.
        var mirrorsByDigestOnly = false
        var mirrors: [Mirror] = []
    }

    struct Mirror: Sendable {
        var location: String
        var isInsecure = false
        var use = Use.all

        /// For what a mirror is asked.
        enum Use: String, Sendable {
            case all
            case digests = "digest-only"
            case tags = "tag-only"
        }
    }

    private(set) var registries: [Registry] = []
    /// All that the file says.
    let tree: TOMLTree
    private let path: String

    /// The largest file that is read, in bytes.
    static let sizeLimit = 16 << 20

    /// The file at `path`; nil where there is none. Throws where it cannot be read, or says what cannot be understood, with its line.
    init?(_ path: String) throws(RegistryError) {
        guard let bytes = try Self.read(path) else { return nil }
        try self.init(bytes, path: path)
    }

    /// The content of the file at `path`; nil where there is none. Throws where it cannot be read.
    static func read(_ path: String) throws(RegistryError) -> [UInt8]? {
        do throws(SystemError) { return try Files.read(path, limit: sizeLimit) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .registriesFile(path: path, cause: error.errno.description)
        }
    }

    init(_ bytes: [UInt8], path: String) throws(RegistryError) {
        self.path = path
        do throws(TOMLError) { tree = try TOMLTree.parse(bytes) } catch {
            throw .registriesFile(path: path, cause: error.description)
        }
        // Version 1 has a table of this name, with lists by what they allow.
        if let old = tree.entry("registries") {
            throw refusal(old.line, "this is version 1, which has ended: write a [[registry]] for each")
        }
        guard let entry = tree.entry("registry") else { return }
        for element in try tables(entry) { registries.append(try registry(element, entry.line)) }
    }

    /// What is wrong on a line of the file.
    func refusal(_ line: Int, _ cause: String) -> RegistryError {
        .registriesFile(path: path, cause: "line \(line): \(cause)")
    }

    private func registry(_ tree: TOMLTree, _ line: Int) throws(RegistryError) -> Registry {
        let prefix = try text(tree, "prefix") ?? ""
        let location = try text(tree, "location").flatMap { $0.isEmpty ? nil : trimmed($0) }
        let name = prefix.isEmpty ? location ?? "" : trimmed(prefix)
        guard !name.isEmpty else { throw refusal(line, "a registry has neither prefix nor location") }
        if name.begins(with: "*.") {
            guard !name.has("/"), !name.has(":") else {
                throw refusal(line, "\(name.excerpt): behind \"*.\" is a domain alone")
            }
        } else {
            try checkPlace(name, line)
        }
        if let location { try checkPlace(location, line) }
        var registry = Registry(prefix: name, location: location)
        registry.isInsecure = try flag(tree, "insecure")
        registry.isBlocked = try flag(tree, "blocked")
        registry.mirrorsByDigestOnly = try flag(tree, "mirror-by-digest-only")
        guard let entry = tree.entry("mirror") else { return registry }
        for element in try tables(entry) {
            guard let location = try text(element, "location").map(trimmed), !location.isEmpty else {
                throw refusal(entry.line, "a mirror of \(name.excerpt) has no location")
            }
            try checkPlace(location, entry.line)
            var mirror = Mirror(location: location, isInsecure: try flag(element, "insecure"))
            if let text = try text(element, "pull-from-mirror"), !text.isEmpty {
                guard let use = Mirror.Use(rawValue: text) else {
                    throw refusal(
                        entry.line, "pull-from-mirror is \"\(text.excerpt)\", and not all, digest-only or tag-only")
                }
                guard !registry.mirrorsByDigestOnly || use == .digests else {
                    throw refusal(entry.line, "pull-from-mirror contradicts mirror-by-digest-only")
                }
                mirror.use = use
            }
            registry.mirrors.append(mirror)
        }
        return registry
    }

    /// Throws unless `place` is a host with a port and the beginning of a repository.
    private func checkPlace(_ place: String, _ line: Int) throws(RegistryError) {
        guard !place.contains("://") else {
            throw refusal(line, "\(place.excerpt): leave http:// and https:// out (\"insecure\" allows http)")
        }
        // Names in it are those of references, whose grammar is asked where one is made of it.
        guard place.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw refusal(line, "\"\(place.excerpt)\" is no host with a path")
        }
    }

    private func trimmed(_ place: String) -> String {
        var rest = place[...]
        while rest.ends(with: "/") { rest = rest.droppingLast(1) }
        return String(rest)
    }

    // MARK: - Values

    private func tables(_ entry: TOMLTree.Entry) throws(RegistryError) -> [TOMLTree] {
        guard case .array(let elements) = entry.value else {
            throw refusal(entry.line, "\(entry.key) is no list of tables: write [[\(entry.key)]]")
        }
        for element in elements {
            guard case .table = element else { throw refusal(entry.line, "\(entry.key) is no list of tables") }
        }
        return elements
    }

    private func text(_ tree: TOMLTree, _ key: String) throws(RegistryError) -> String? {
        guard let entry = tree.entry(key) else { return nil }
        guard case .string(let text) = entry.value else { throw refusal(entry.line, "\(key) is no text in quotes") }
        return text
    }

    private func flag(_ tree: TOMLTree, _ key: String) throws(RegistryError) -> Bool {
        guard let entry = tree.entry(key) else { return false }
        guard case .bool(let value) = entry.value else {
            throw refusal(entry.line, "\(key) is neither true nor false, without quotes")
        }
        return value
    }
}
