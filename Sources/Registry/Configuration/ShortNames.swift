import Bytes
import Glibc
import Linux
import OCI

/// What names without a registry stand for: the aliases of registries.conf (`[aliases]`, containers-registries.conf(5)).
///
/// The files are those of `RegistriesConfiguration`, in the same order; of a name that several have an alias for, the last one says what it is, and
/// an empty one that there is none. They are read each time that such a name is asked for, and not at all for others. Lists that
/// distributions ship are left out: what "fedora" is must not depend on whether somebody has installed podman.
package struct ShortNames: Sendable {
    private let variable: @Sendable (String) -> String?

    /// Those of a user with the environment `environment`.
    package init(environment: [String: String]) { variable = { environment[$0] } }

    /// Those of this process's user. Nothing is copied: `run` asks at each start.
    package init() { variable = { name in getenv(name).map { String(cString: $0) } } }

    /// Files below registries.conf.d that come with podman, by their names in Debian, Fedora and openSUSE, Arch, and RHEL.
    private static let shipped = [
        "shortnames.conf", "000-shortnames.conf", "00-shortnames.conf", "001-rhel-shortnames.conf",
        "002-rhel-shortnames-overrides.conf",
    ]

    /// `text` with the full name of the repository in the place of an alias: "fedora:41" becomes
    /// "registry.fedoraproject.org/fedora:41". The text itself where it has no alias, has a registry, or is no name. Throws for a file
    /// that cannot be read or understood.
    package func expanded(_ text: String) throws(RegistryError) -> String {
        guard let short = ShortName(text) else { return text }
        let key = ByteKey(String(short.name))
        var meaning: String?
        for path in try RegistriesConfiguration.paths(variable) {
            // A list that somebody names outright is what he wants.
            if Self.isShipped(path), (variable(RegistriesConfiguration.fileVariable) ?? "").isEmpty { continue }
            if let alias = try RegistriesFile.aliases(path)[key] { meaning = alias }
        }
        guard let meaning, !meaning.isEmpty else { return text }
        return meaning + short.suffix
    }

    private static func isShipped(_ path: String) -> Bool {
        let (folder, name) = Files.split(path)
        return folder.ends(with: "/registries.conf.d") && shipped.contains { $0.isSame(as: name) }
    }
}
