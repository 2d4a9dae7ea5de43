import Bytes
package import OCI

/// A signature as cosign attaches it to an image: a layer of the manifest that a tag made of the image's digest names, in the same
/// repository (sigstore's SIGNATURE_SPEC.md). Nothing of it is to be believed before it was verified.
package struct SigstoreSignature: Sendable {
    /// The bytes that were signed.
    package let payload: [UInt8]
    /// In base64; nil where the layer has none.
    package let encoded: String?

    /// The media type of such a layer; others are attestations and the like.
    package static let mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
    /// The most layers that are looked at.
    package static let countLimit = 100
    /// The largest payload that is read, in bytes.
    package static let payloadLimit = 1 << 20
    private static let annotation = "dev.cosignproject.cosign/signature"
    // Of the longest RSA key it has 2732.
    private static let encodedLimit = 16 << 10

    /// The signature that `payload`, the content of `layer`, has there.
    package init(_ payload: [UInt8], _ layer: Descriptor) {
        self.payload = payload
        encoded = layer.annotations?[Self.annotation].flatMap { $0.utf8.count > Self.encodedLimit ? nil : $0 }
    }

    init(payload: [UInt8], encoded: String?) { (self.payload, self.encoded) = (payload, encoded) }

    /// The tag under which signatures of the manifest with this digest are.
    package static func tag(of manifest: Digest) -> String { "\(manifest.algorithm.rawValue)-\(manifest.hex).sig" }
}
