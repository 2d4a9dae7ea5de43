import Bytes
import Linux
package import OCI

/// What a removal did, as Docker reports it.
package enum ImageRemoval: Hashable, Sendable {
    /// A name was taken away, in familiar form ("debian:latest").
    case untagged(String)
    /// The image with this id went.
    case deleted(Digest)
}

/// A container as the removal of its image sees it.
package struct ImageUser: Hashable, Sendable {
    package let container: String
    package let image: Digest
    package let isRunning: Bool

    package init(container: String, image: Digest, isRunning: Bool) {
        self.container = container
        self.image = image
        self.isRunning = isRunning
    }
}

extension ImageStore {
    /// Removes a name or an image by Docker's rules. The content goes with the next sweep.
    ///
    /// A name of an image that has others is only taken away. The last name takes the image along, unless a
    /// container uses it: then `isForced` is needed, and for a running one not enough to do more than untag. By id,
    /// an image with names in several repositories needs `isForced`. Throws `unknownImage`, `ambiguous` or
    /// `conflict`.
    package func remove(_ text: String, isForced: Bool, users: [ImageUser]) throws(StoreError) -> [ImageRemoval] {
        let image = try image(text)
        let own = users.filter { $0.image == image.id }
        return try isNamedByID(text, image)
            ? removeByID(image, text, isForced, own) : removeByName(image, text, isForced, own)
    }

    private func removeByName(
        _ image: StoredImage, _ text: String, _ isForced: Bool, _ users: [ImageUser]
    ) throws(StoreError) -> [ImageRemoval] {
        guard isSingleReference(image) else {
            return try untag(text, of: image)
        }
        if !isForced, let user = users.first {
            throw .conflict(
                "conflict: unable to remove repository reference \"\(text)\" (must force) - container "
                    + "\(user.container.prefix(12)) is using its referenced image \(image.id.short)")
        }
        // A running container keeps its image, which only loses its name.
        if users.contains(where: \.isRunning) { return try untag(text, of: image) }
        return try delete(image)
    }

    private func removeByID(
        _ image: StoredImage, _ text: String, _ isForced: Bool, _ users: [ImageUser]
    ) throws(StoreError) -> [ImageRemoval] {
        if let user = users.first(where: \.isRunning) {
            throw .conflict(
                "conflict: unable to delete \(image.id.short) (cannot be forced) - image is being used by running "
                    + "container \(user.container.prefix(12))")
        }
        if !isForced {
            if !isSingleReference(image) {
                throw .conflict(
                    "conflict: unable to delete \(image.id.short) (must be forced) - image is referenced in multiple "
                        + "repositories")
            }
            if let user = users.first {
                throw .conflict(
                    "conflict: unable to delete \(image.id.short) (must be forced) - image is being used by stopped "
                        + "container \(user.container.prefix(12))")
            }
        }
        return try delete(image)
    }

    /// At most one name with a tag, and names by digest of the same repository only.
    private func isSingleReference(_ image: StoredImage) -> Bool {
        guard image.names.count > 1 else { return true }
        let references = image.names.map { try? Reference($0) }
        let repositories = Set(references.map { $0?.name ?? "" })
        return repositories.count == 1 && references.filter { $0?.digest == nil }.count <= 1
    }

    private func untag(_ text: String, of image: StoredImage) throws(StoreError) -> [ImageRemoval] {
        let name = image.names.first { $0.isSame(as: text) } ?? (try? Reference(text))?.indexName ?? text
        try updateIndex { index throws(StoreError) in
            index.removeName { $0.isNamed(name) }
        }
        return [.untagged(Self.familiar(name))]
    }

    private func delete(_ image: StoredImage) throws(StoreError) -> [ImageRemoval] {
        try updateIndex { index throws(StoreError) in
            let gone = Set(
                resolveAll(index).entries.filter { $0.id == image.id }.map(\.entry))
            index.entries.removeAll { gone.contains($0) }
        }
        return image.names.sorted().map { .untagged(Self.familiar($0)) } + image.repoDigests.map { .untagged($0) }
            + [.deleted(image.id)]
    }

    static func familiar(_ name: String) -> String { (try? Reference(name))?.familiar ?? name }
}
