package import Bytes
import Errors
package import OCI

/// A file system that the user wants in the container: `-v`, `--mount` or `--tmpfs`; or that comes along with its image or
/// with another container.
package struct MountOption: Codable, Hashable, Sendable {
    /// Absolute and clean.
    package var destination: String
    package var readOnly = false
    package var kind: Kind
    /// What the user wrote behind the destination of `-v` or `--tmpfs`, empty for nothing; nil for `--mount`.
    package var shortForm: String?
    /// Who wants it; nil: the user, for this container.
    package var origin: Origin?

    /// Who wants a mount that no option of the container itself names.
    package enum Origin: String, Codable, Hashable, Sendable {
        /// The image (`VOLUME`).
        case image
        /// Another container (`--volumes-from`).
        case container
    }

    /// What is mounted.
    package enum Kind: Codable, Hashable, Sendable {
        case bind(Bind)
        case tmpfs(Tmpfs)
        case volume(Volume)
        case image(Image)
    }

    /// The files of another image.
    package struct Image: Codable, Hashable, Sendable {
        /// As the user named it.
        package var source: String
        /// Its id, and its layers' names in the store, the lowest first: known when the container is made.
        package var id: Digest?
        package var layers: [Digest] = []
        /// A directory or file in it, instead of all of it; relative.
        package var subpath: String?

        /// The image `source`, which is still to be found.
        package init(source: String) { self.source = source }
    }

    /// A directory of the store that outlives the container.
    package struct Volume: Codable, Hashable, Sendable {
        /// nil for one that nobody gave a name: the container gets one when it is made.
        package var name: String?
        /// Whether a name was made for it.
        package var isAnonymous = false
        /// Whether an empty volume gets what the image has at the destination.
        package var copiesContent = true
        /// A directory or file in the volume, instead of all of it; relative.
        package var subpath: String?
        /// As `Bind.relabel`.
        package var relabel: Relabel?
        /// As `Bind.changesOwner`.
        package var changesOwner: Bool?
        /// As `Bind.mappedIDs`.
        package var mappedIDs: MappedIDs?
        /// What a volume that is not there yet is made with.
        package var driver: String?
        package var driverOptions: [ByteKey: String] = [:]
        package var labels: [ByteKey: String] = [:]

        /// The volume `name`, or a new one for nil.
        package init(name: String?) { self.name = name }
    }

    /// A file or directory of the host that appears in the container.
    package struct Bind: Codable, Hashable, Sendable {
        /// Absolute path on the host.
        package var source: String
        package var propagation = Propagation.rprivate
        /// Whether a missing source becomes an empty directory (`-v`) or an error (`--mount`).
        package var createSource = false
        package var recursion = Recursion.enabled
        /// Whether SELinux labels are to change, as `z` and `Z` say.
        package var relabel: Relabel?
        /// Whether all of it is to be the container's user's before a start (podman's `U`); nil is no.
        package var changesOwner: Bool?
        /// Which owners its files have in the container; nil: those that they have.
        package var mappedIDs: MappedIDs?

        /// A file or directory of the host that is mounted, until the user says how.
        package init(source: String) { self.source = source }
    }

    /// A file system in memory.
    package struct Tmpfs: Codable, Hashable, Sendable {
        /// Options of tmpfs(5) and of mounts, as the user wrote them.
        package var options: [String] = []

        package init() {}
    }

    /// How mounts below one side show on the other (mount_namespaces(7)).
    package enum Propagation: String, Codable, Hashable, Sendable {
        case `private`, rprivate, shared, rshared, slave, rslave
    }

    /// What `bind-recursive` says of the mounts below the source.
    package enum Recursion: String, Codable, Hashable, Sendable {
        /// They come along; read-only as well where the kernel can (Linux 5.12).
        case enabled
        /// They stay away.
        case disabled
        /// They come along and stay writable below a read-only mount.
        case writable
        /// They come along, and it is an error where they cannot be made read-only.
        case readonly
    }

    /// Who shares the SELinux label that `:z` and `:Z` ask for.
    package enum Relabel: String, Codable, Hashable, Sendable { case shared, `private` }

    /// Mount options without any user's wish yet.
    package init(destination: String, kind: Kind) {
        self.destination = destination
        self.kind = kind
    }

    /// A destination as Docker accepts it, cleaned; `what` is what Docker's sentence begins with. Throws `OptionError`.
    static func destination(_ path: String, _ what: String = "") throws(OptionError) -> String {
        guard path.begins(with: "/") else {
            throw OptionError("\(what)invalid mount path: '\(path)' mount path must be absolute")
        }
        let clean = cleanPath(path)
        guard clean != "/" else {
            throw OptionError("\(what)invalid specification: destination can't be '/'")
        }
        guard !clean.utf8.contains(0) else { throw OptionError("invalid mount path: it has a zero byte") }
        return clean
    }
}
