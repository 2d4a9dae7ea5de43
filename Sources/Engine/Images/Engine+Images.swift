import Bytes
import Cgroups
package import Errors
import Images
import OCI
package import Store

extension Engine {
    /// The image that `name`, as a user typed it, leads to, as Docker resolves it. Throws where there is none.
    package func image(_ name: String, platform: String? = nil) throws(EngineError) -> StoredImage {
        let name = try TypedName.expanded(name)
        return try engine { try images.image(name, platform: try platform.map { try Platform(parsing: $0) }) }
    }

    /// `tag SOURCE TARGET`. Throws for a source that is not there and a target that is no name.
    package func tag(_ source: String, as target: String) throws(EngineError) {
        let (source, target) = (try TypedName.expanded(source), try TypedName.expanded(target))
        try engine {
            let reference: Reference
            do throws(ReferenceError) { reference = try Reference(target) } catch {
                throw EngineError(
                    "Error parsing reference: \"\(target)\" is not a valid repository/tag: \(error)", .invalid)
            }
            try images.tag(source, as: reference)
            imageService.noteImage("tag", try images.image(target).id, name: reference.familiar)
        }
    }

    /// `rmi NAME`: what it untagged and deleted. The content of a deleted image is gone when this returns, but for
    /// what other images, containers and pulls in progress use. Throws by Docker's rules.
    package func removeImage(_ name: String, isForced: Bool) throws(EngineError) -> [ImageRemoval] {
        let name = try TypedName.expanded(name)
        return try engine {
            let image = try images.image(name)
            if image.names.count < 2 || isForced, let place = try mountPlace(of: image.id) {
                throw EngineError(
                    "image \(name) is mounted at \(place): unmount it first, with 'apus image unmount'", .conflict)
            }
            let removals = try images.remove(name, isForced: isForced, users: try imageUsers())
            let isDeletion = removals.contains { if case .deleted = $0 { true } else { false } }
            imageService.note(removals, of: image.id)
            guard isDeletion else { return removals }
            try sweep()
            return removals + (try layersGone(with: image)).map { .deleted($0) }
        }
    }

    /// The layers of `image`, which was removed, that no image and no container has any more, the topmost first, each by what
    /// Docker names it by: a digest over it and those below it.
    private func layersGone(with image: StoredImage) throws -> [Digest] {
        if try imageUsers().contains(where: { $0.image == image.id }) { return [] }
        var kept: Set<Digest> = []
        for other in try images.images().images { kept.formUnion(other.config.rootfs.chainIDs) }
        return image.config.rootfs.chainIDs.reversed().filter { !kept.contains($0) }
    }

    /// Removes everything that nothing refers to: unused blobs and layers, and what killed processes left.
    @discardableResult
    package func sweep() throws(EngineError) -> StoreSweep.Outcome {
        try engine {
            let outcome = try imageService.sweep()
            let dead = outcome.doomed.compactMap { RetiredTree.name(ofPath: $0) }
            Cgroup.sweep(dead: Set(dead.map { Cgroup.namePrefix + $0 }))
            return outcome
        }
    }
}
