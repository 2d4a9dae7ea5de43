import JSON
import Testing

@testable import OCI

/// What is told apart from images.
@Suite struct ArtifactTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    private func manifest(_ config: String, _ layers: [String], artifactType: String? = nil) throws -> Manifest {
        func descriptor(_ type: String) -> String { #"{"mediaType":"\#(type)","digest":"\#(Self.digest)","size":1}"# }
        let kind = artifactType.map { #""artifactType":"\#($0)","# } ?? ""
        let list = layers.map(descriptor).joined(separator: ",")
        return try JSONTree.decode(
            from: Array(#"{\#(kind)"config":\#(descriptor(config)),"layers":[\#(list)]}"#.utf8))
    }

    private func index(_ entries: [String]) throws -> ImageIndex {
        let list = entries.map {
            #"{"mediaType":"\#(MediaType.ociManifest)","digest":"\#(Self.digest)","size":1\#($0)}"#
        }
        return try JSONTree.decode(from: Array(#"{"manifests":[\#(list.joined(separator: ","))]}"#.utf8))
    }

    @Test func whatHasAnImagesConfigurationIsOneUnlessAllLayersAreSomethingElse() throws {
        #expect(try manifest(MediaType.ociConfig, []).artifactKind == nil)
        #expect(try manifest(MediaType.dockerConfig, [MediaType.dockerLayerGzip]).artifactKind == nil)
        #expect(try manifest("text/html", [""]).artifactKind == nil)
        let payload = "application/vnd.dev.cosign.simplesigning.v1+json"
        #expect(try manifest(MediaType.ociConfig, [payload, payload]).artifactKind == payload)
        #expect(try manifest(MediaType.ociConfig, [payload], artifactType: "a/b").artifactKind == "a/b")
        // What cannot be unpacked here is a layer all the same.
        for layer in [MediaType.ociLayer, MediaType.ociLayerGzip + "+encrypted", MediaType.dockerLayer + ".xz"] {
            #expect(try manifest(MediaType.ociConfig, [payload, layer]).artifactKind == nil)
        }
    }

    @Test func whatHasAnotherConfigurationIsOfItsTypeOrTheOneThatItSays() throws {
        #expect(try manifest("a/config", [MediaType.ociLayer]).artifactKind == "a/config")
        #expect(try manifest("a/config", [], artifactType: "").artifactKind == "a/config")
        #expect(try manifest("application/vnd.oci.empty.v1+json", [], artifactType: "a/b").artifactKind == "a/b")
    }

    @Test func anIndexIsOfArtifactsWhereNoEntryCanBeAnImage() throws {
        let attestation = #","platform":{"os":"unknown","architecture":"unknown"}"#
        #expect(try index([]).isOfArtifacts)
        #expect(try index([#","artifactType":"a/b""#, attestation]).isOfArtifacts)
        #expect(try !index([#","artifactType":"a/b""#, ""]).isOfArtifacts)
        #expect(try !index([#","artifactType":"""#]).isOfArtifacts)
        #expect(try !index([#","artifactType":"a/b","platform":{"os":"linux","architecture":"amd64"}"#]).isOfArtifacts)
    }

    @Test func theManifestThatWasForArtifactsAloneSaysOfWhat() {
        let retired = MediaType.ociArtifact
        for (kind, said) in [(#","artifactType":"a/b""#, "a/b"), ("", retired), (#","artifactType":"""#, retired)] {
            let bytes = Array(#"{"mediaType":"\#(retired)","blobs":[]\#(kind)}"#.utf8)
            #expect(throws: ManifestError.artifact(said)) { try ManifestDocument(bytes) }
        }
    }
}
