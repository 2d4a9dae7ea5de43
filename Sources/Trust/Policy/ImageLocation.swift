import Bytes
package import OCI

/// Where an image comes from, by the names that policies have for it (containers-transports(5)).
package enum ImageLocation: Sendable, Equatable {
    /// A registry, by the name that was asked for, whatever mirror has it. Where that has a digest, its tag does not count.
    case registry(Reference)
    /// An archive of `docker save`. `path` is that of the file, absolute and without links; nil for a pipe.
    case dockerArchive(path: String?)
    /// An archive of an OCI layout; `path` as for a docker-archive.
    case ociArchive(path: String?)
    /// An OCI layout in the directory `path`, absolute and without links, and the name that it has there, if any.
    case layout(path: String, name: String?)
    /// An image as skopeo's `dir:` has it, in the directory `path`, absolute and without links; nil where that is an archive in a pipe.
    case directory(path: String?)

    /// The name of the transport.
    var transport: String {
        switch self {
        case .registry: "docker"
        case .dockerArchive: "docker-archive"
        case .ociArchive: "oci-archive"
        case .layout: "oci"
        case .directory: "dir"
        }
    }

    /// The scopes that it is in, the narrowest first; not "", which all are in.
    var scopes: [String] {
        switch self {
        case .registry(let reference): Self.scopes(of: reference)
        // Of those, rules are about all or none.
        case .dockerArchive, .ociArchive(nil), .directory(nil): []
        case .ociArchive(let path?), .directory(let path?): Self.folders(path)
        case .layout(let path, let name): (name.map { [path + ":" + $0] } ?? []) + Self.folders(path)
        }
    }

    private static func scopes(of reference: Reference) -> [String] {
        var scopes: [String] = []
        if let digest = reference.digest {
            scopes.append(reference.with(digest: digest).description)
        } else if reference.tag != nil {
            scopes.append(reference.description)
        }
        var name = reference.name[...]
        scopes.append(String(name))
        while let slash = name.lastPlace(of: "/") {
            name = name[..<slash]
            scopes.append(String(name))
        }
        // Wildcards are about hosts, whatever port.
        var host = name.until(":")
        while let dot = host.place(of: ".") {
            host = host.behind(dot)
            scopes.append("*." + host)
        }
        return scopes
    }

    /// `path` and the directories above it, but for "/".
    private static func folders(_ path: String) -> [String] {
        var scopes: [String] = []
        var rest = path[...]
        while !rest.isEmpty, rest.begins(with: "/"), !rest.isSame(as: "/") {
            scopes.append(String(rest))
            guard let slash = rest.lastPlace(of: "/") else { break }
            rest = rest[..<slash]
        }
        return scopes
    }

    /// For the beginning of a sentence.
    package var description: String {
        func archive(_ path: String?) -> String { path.map { "the image archive \($0)" } ?? "the image archive" }
        return switch self {
        case .registry(let reference): "image \(reference.familiar)"
        case .dockerArchive(let path), .ociArchive(let path): archive(path)
        case .layout(let path, let name): "the image in oci:\(path)" + (name.map { ":" + $0 } ?? "")
        case .directory(let path): "the image in " + (path.map { "dir:" + $0 } ?? "the archive")
        }
    }
}
