package import Bytes
package import Errors
import Images
package import OCI
import Registry
import Store

/// The verbs of `manifest`: lists of images for several platforms, put together in the store and pushed to registries.
package struct ManifestLists: Sendable {
    let images: ImageStore
    let store: ManifestListStore
    let options: RegistryOptions
    /// Whether registries may do without TLS and a known certificate.
    let isInsecure: Bool

    /// What `annotate` and `add` say of a member; nil leaves a part as it is.
    package struct Annotation: Sendable {
        package var os: String?
        package var architecture: String?
        package var variant: String?
        package var osVersion: String?
        /// Are added to those that there are.
        package var osFeatures: [String] = []
        /// Are added to those that there are, by their names.
        package var annotations: [ByteKey: String] = [:]

        package init() {}

        /// Changes `descriptor`. Throws where there are no images for such a machine.
        func apply(to descriptor: inout Descriptor) throws(EngineError) {
            var platform = descriptor.platform ?? Platform(os: "", architecture: "")
            if let os { platform.os = os }
            if let architecture { platform.architecture = architecture }
            if let variant { platform.variant = variant }
            if let osVersion { platform.osVersion = osVersion }
            var features = platform.osFeatures ?? []
            for feature in osFeatures where !features.has(feature) { features.append(feature) }
            platform.osFeatures = features.isEmpty ? nil : features
            guard os == nil && architecture == nil || platform.isKnown else {
                throw EngineError(
                    "manifest entry for image has unsupported os/arch combination: \(os ?? "")/\(architecture ?? "")",
                    .invalid)
            }
            descriptor.platform = platform
            if !annotations.isEmpty {
                descriptor.annotations = (descriptor.annotations ?? [:]).merging(annotations) { $1 }
            }
        }
    }

    // MARK: - Names

    /// The name of a list: with its tag, which is "latest" where it has none. Throws for what is none.
    func name(_ text: String) throws(EngineError) -> Reference {
        let reference = try engine { try Reference(typed: text) }
        guard reference.digest == nil else {
            throw EngineError(
                "the manifest list \(text.excerpt) cannot be named by a digest, which it will have only when it is whole: leave it out",
                .invalid)
        }
        return reference
    }

    // As `name`, with Docker's words for what is none.
    private func listName(_ text: String, prefix: String = "") throws(EngineError) -> Reference {
        do throws(EngineError) { return try name(text) } catch {
            throw EngineError(
                "\(prefix)error parsing name for manifest list \(text.excerpt): \(error.message)", .invalid)
        }
    }

    private func list(_ name: Reference) throws(EngineError) -> ManifestList {
        guard let list = try engine({ try store.find(name) }) else { throw Self.unknown(name) }
        return list
    }

    static func unknown(_ name: Reference) -> EngineError { EngineError("No such manifest: \(name)", .notFound) }

    // MARK: - Verbs

    /// `create`: a list `text` of `members`, or what `amends` one. Nothing is made where one of them is not there. Returns the list's whole name. Throws.
    package func create(
        _ text: String, of members: [String], amends: Bool, all: Bool = false
    ) async throws(EngineError) -> Reference {
        let name = try listName(text)
        let present = try engine { try store.find(name) }
        guard present == nil || amends else { throw Self.exists }
        let (fetched, ingest) = try await fetch(members, .registry, all: all, besides: present)
        defer { ingest.end() }
        try engine {
            try store.update(name) { before in
                // Somebody else may have been faster.
                guard before == nil || amends else { throw Self.exists }
                var list = before ?? ManifestList(name)
                for member in fetched { list.set(member) }
                return list
            }
        }
        return name
    }

    private static var exists: EngineError {
        EngineError("refusing to amend an existing manifest list with no --amend flag", .conflict)
    }

    /// `add`: takes `members`, images of the store by their names or of registries, into the list `text`. Returns the list's whole name. Throws; then the
    /// list is as it was.
    package func add(
        _ members: [String], to text: String, _ annotation: Annotation, all: Bool
    ) async throws(EngineError) -> Reference {
        let name = try name(text)
        _ = try list(name)
        let (fetched, ingest) = try await fetch(members, .store, all: all)
        defer { ingest.end() }
        try engine {
            try store.update(name) { before in
                guard var list = before else { throw Self.unknown(name) }
                for var member in fetched {
                    try annotation.apply(to: &member.descriptor)
                    list.set(member)
                }
                return list
            }
        }
        return name
    }

    /// `annotate`: says more of the member `member` of the list `text`, or other than its configuration does. Throws.
    package func annotate(_ member: String, of text: String, _ annotation: Annotation) throws(EngineError) {
        let name = try listName(text, prefix: "annotate: ")
        let meant = try self.member(member)
        let missing = EngineError("manifest for image \(meant.text) does not exist in \(name)", .notFound)
        try engine {
            try store.update(name) { before in
                guard var list = before else { throw missing }
                let found = list.members.filter(meant.matches)
                guard !found.isEmpty else { throw missing }
                for var member in found {
                    try annotation.apply(to: &member.descriptor)
                    list.set(member)
                }
                return list
            }
        }
    }

    /// What a user calls a member of a list: the name that it was added by, or its digest.
    private func member(
        _ text: String
    ) throws(EngineError) -> (text: String, matches: @Sendable (ManifestList.Member) -> Bool) {
        if let digest = Digest(text) { return (text, { $0.descriptor.digest == digest }) }
        let full = try TypedName.expanded(text)
        do throws(ReferenceError) {
            let name = try Reference(full)
            return (name.description, { $0.name == name })
        } catch {
            throw EngineError("annotate: error parsing name for manifest \(text): \(error)", .invalid)
        }
    }

    /// podman's `remove`: takes `member` out of the list `text`. Returns the list's whole name. Throws where it is not there.
    package func take(_ member: String, outOf text: String) throws(EngineError) -> Reference {
        let name = try name(text)
        let meant = try self.member(member)
        try engine {
            try store.update(name) { before in
                guard var list = before else { throw Self.unknown(name) }
                guard list.remove(where: meant.matches) > 0 else {
                    throw EngineError("manifest for image \(meant.text) does not exist in \(name)", .notFound)
                }
                return list
            }
        }
        return name
    }

    /// `rm`: removes the list `text`, and nothing of a registry. Throws where there is none.
    package func remove(_ text: String) throws(EngineError) {
        let name = try engine { try Reference(typed: text) }
        try engine {
            try store.update(name) { before in
                guard before != nil else { throw Self.unknown(name) }
                return nil
            }
        }
    }

    /// Whether the list `text` is there. Throws for what is no name, and where it cannot be read.
    package func has(_ text: String) throws(EngineError) -> Bool {
        try engine { try store.find(try Reference(typed: text)) != nil }
    }
}

extension Engine {
    /// The lists of this store, for a client with its configuration in the directory `configuration`. `agent` is what registries are told to be talking to;
    /// `isInsecure`: they may do without TLS and a known certificate.
    package func manifestLists(configuration: String, agent: String, isInsecure: Bool = false) -> ManifestLists {
        ManifestLists(
            images: images, store: ManifestListStore(paths),
            options: PullOptions(configuration: configuration, agent: agent).registry, isInsecure: isInsecure)
    }
}
