import JSON
import OCI

@testable import Registry
@testable import Store

// What registries, archives and layouts have of images.
extension Target {
    /// By every type that something could announce it by.
    func runManifest(_ bytes: [UInt8]) -> Bool {
        let types = [
            nil, MediaType.ociManifest, MediaType.ociIndex, MediaType.dockerManifest, MediaType.dockerList,
            "Application/JSON; charset=utf-8",
        ]
        var isAccepted = false
        for type in types {
            do throws(ManifestError) {
                examine(try ManifestDocument(bytes, declaredType: type))
                isAccepted = true
            } catch { _ = error.description }
        }
        _ = SubjectOutline(bytes)
        checkTree(bytes)
        return isAccepted
    }

    private func examine(_ document: ManifestDocument) {
        do {
            let tree: JSONTree
            switch document {
            case .manifest(let manifest):
                tree = try JSONTree(encoding: manifest)
                _ = manifest.artifactKind
                do throws(ManifestError) { try manifest.checkTypes() } catch { _ = error.description }
            case .index(let index):
                tree = try JSONTree(encoding: index)
                examine(index)
            }
            let again = try ManifestDocument(Array(tree.text().utf8), declaredType: document.mediaType)
            precondition(again == document, "a manifest changes by being written")
        } catch { fatalError("what was understood is not when it is written: \(error)") }
    }

    private func examine(_ index: ImageIndex) {
        _ = index.isOfArtifacts
        let offers = index.platforms
        for platform in [Platform.host, Platform(architecture: "arm", variant: "v7")] + offers.prefix(3) {
            guard let chosen = index.manifest(for: platform) else { continue }
            precondition(index.manifests.contains(chosen) && !chosen.isAttestation, "an image that is not there")
        }
        // As `manifest create` and `push` write it: with blanks, which may be more than anybody reads.
        let written = ImageIndex(listing: index.manifests).document
        guard written.count <= ManifestDocument.sizeLimit else { return }
        do throws(ManifestError) {
            guard case .index(let again) = try ManifestDocument(written),
                again.manifests.map(\.digest) == index.manifests.map(\.digest)
            else { fatalError("an index changes by being written") }
        } catch { fatalError("an index that was written is not understood: \(error)") }
    }

    /// What is JSON is the same when it is written.
    private func checkTree(_ bytes: [UInt8]) {
        let tree: JSONTree
        do throws(JSONError) { tree = try JSONTree.parse(bytes) } catch {
            _ = error.description
            return
        }
        for indent in [nil, 1] {
            do throws(JSONError) {
                let again = try JSONTree.parse(Array(tree.text(indent: indent).utf8))
                precondition(again == tree, "a document changes by being written")
            } catch { fatalError("a document that was written is none: \(error)") }
        }
    }

    func runImage(_ bytes: [UInt8]) -> Bool {
        _ = Platform(ofConfiguration: bytes)?.normalized
        let config: ImageConfig
        do throws(JSONError) { config = try JSONTree.decode(from: bytes) } catch {
            _ = error.description
            return false
        }
        do {
            let again: ImageConfig = try JSONTree.decode(from: Array(JSONTree(encoding: config).text().utf8))
            precondition(again == config, "a configuration changes by being written")
        } catch { fatalError("a configuration that was written is none: \(error)") }
        _ = Platform(os: config.os, architecture: config.architecture, variant: config.variant).normalized
        let layers = config.rootfs.imageLayers
        precondition(layers.count == config.rootfs.diffIDs.count, "layers got lost")
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Self.digest, size: 1)
        let manifest = Manifest(
            config: Descriptor(mediaType: MediaType.ociConfig, digest: Self.digest, size: Int64(bytes.count)),
            layers: layers.map { _ in blob })
        do throws(ManifestError) { return try manifest.imageConfig(bytes) == config } catch {
            _ = error.description
            return false
        }
    }

    func runLayout(_ bytes: [UInt8]) -> Bool {
        var isAccepted = false
        do throws(JSONError) {
            for item in try DockerArchiveItem.list(bytes) {
                for name in item.repoTags ?? [] { _ = Self.reference(name) }
                isAccepted = true
            }
        } catch { _ = error.description }
        do throws(IndexFault) {
            let index = try IndexFile(bytes)
            let again = try IndexFile(index.encoded())
            precondition(
                again.entries == index.entries && again.fields == index.fields, "an index changes by being written")
            for entry in index.entries {
                _ = entry.canonicalName
                guard let descriptor = entry.descriptor else { continue }
                isAccepted = true
                precondition(IndexEntry(descriptor).descriptor?.digest == descriptor.digest, "an entry has two forms")
            }
        } catch { _ = error.description }
        return isAccepted
    }

    /// Of nothing.
    static let digest = Digest(.sha256, hex: String(repeating: "0", count: 64))!

    /// nil for what is none.
    static func reference(_ text: String) -> Reference? {
        do throws(ReferenceError) {
            let reference = try Reference(text)
            let again = try Reference(reference.description)
            precondition(again == reference, "a name changes by being written")
            return reference
        } catch {
            _ = error.description
            return nil
        }
    }
}
