import JSON
import OCI
import Testing

@testable import Trust

/// Which names are taken for which images; what containers/image answers (its signature/policy_reference_match_test.go has the kinds of cases).
@Suite struct SignedIdentityTests {
    private func identity(_ text: String) throws -> SignedIdentity {
        let policy = try policy(#"[{"type": "sigstoreSigned", "keyPath": "/a", "signedIdentity": \#(text)}]"#)
        guard case .sigstoreSigned(let requirement) = policy.fallback[0] else { throw PolicyFault("") }
        return requirement.identity
    }

    private static let tagged = "docker.io/library/debian:1"
    private static let byDigest = "docker.io/library/debian@\(digestA)"

    @Test(arguments: [
        ("matchExact", tagged, tagged, true), ("matchExact", tagged, "debian:1", true),
        ("matchExact", tagged, "debian", false), ("matchExact", tagged, "debian:2", false),
        ("matchExact", tagged, byDigest, false), ("matchExact", byDigest, tagged, false),
        ("matchExact", byDigest, byDigest, true), ("matchExact", tagged, "DEBIAN:1", false),
        ("matchExact", tagged, "", false),
        ("matchRepoDigestOrExact", tagged, tagged, true), ("matchRepoDigestOrExact", tagged, "debian:2", false),
        ("matchRepoDigestOrExact", tagged, "debian", false), ("matchRepoDigestOrExact", tagged, byDigest, false),
        ("matchRepoDigestOrExact", byDigest, "debian:2", true), ("matchRepoDigestOrExact", byDigest, "debian", false),
        ("matchRepoDigestOrExact", byDigest, "debian@\(digestB)", true),
        ("matchRepoDigestOrExact", byDigest, "a/debian:1", false),
        // Asked for by both, it comes by the digest.
        ("matchRepoDigestOrExact", "debian:1@\(digestA)", "debian:2", true),
        ("matchExact", "debian:1@\(digestA)", tagged, false),
        ("matchRepository", tagged, "debian:2", true), ("matchRepository", tagged, "debian", true),
        ("matchRepository", tagged, byDigest, true), ("matchRepository", byDigest, "debian", true),
        ("matchRepository", tagged, "localhost/library/debian", false),
        ("matchRepository", tagged, "not a name", false),
    ])
    func theImagesOwnName(_ type: String, _ image: String, _ signed: String, _ isAccepted: Bool) throws {
        let identity = try identity(#"{"type": "\#(type)"}"#)
        #expect(identity.accepts(signed, for: try Reference(image)) == isAccepted)
    }

    @Test(arguments: [
        (#"{"type": "exactReference", "dockerReference": "debian:1"}"#, tagged, true),
        (#"{"type": "exactReference", "dockerReference": "debian:1"}"#, "debian:2", false),
        (#"{"type": "exactReference", "dockerReference": "debian:1"}"#, "debian", false),
        (#"{"type": "exactReference", "dockerReference": "debian@\#(digestA)"}"#, byDigest, true),
        (#"{"type": "exactRepository", "dockerRepository": "debian"}"#, "debian", true),
        (#"{"type": "exactRepository", "dockerRepository": "debian"}"#, "debian:2", true),
        (#"{"type": "exactRepository", "dockerRepository": "debian"}"#, "localhost/x:1", false),
    ])
    func aNameOfThePolicys(_ text: String, _ signed: String, _ isAccepted: Bool) throws {
        #expect(try identity(text).accepts(signed, for: try Reference("localhost/x:1")) == isAccepted)
    }

    @Test(arguments: [
        (
            "mirror.example:5000/vendor", "vendor.example", "mirror.example:5000/vendor/a/b:1", "vendor.example/a/b:1",
            true
        ),
        (
            "mirror.example:5000/vendor", "vendor.example", "mirror.example:5000/vendor/a/b:1", "vendor.example/a/b:2",
            false
        ),
        (
            "mirror.example:5000/vendor", "vendor.example", "mirror.example:5000/vendor/a/b:1",
            "mirror.example:5000/vendor/a/b:1", false
        ),
        (
            "mirror.example:5000/vendor", "vendor.example", "mirror.example:5000/vendors/a:1",
            "mirror.example:5000/vendors/a:1", true
        ),
        ("mirror.example:5000", "docker.io/library", "mirror.example:5000/debian:1", "debian:1", true),
        ("mirror.example:5000/debian", "docker.io/library/debian", "mirror.example:5000/debian:1", "debian:1", true),
        ("mirror.example", "vendor.example", "mirror.example:5000/x:1", "vendor.example:5000/x:1", false),
        ("mirror.example", "vendor", "mirror.example/x:1", "vendor/x:1", false),
        ("docker.io/library", "vendor.example", byDigest, "vendor.example/debian:7", true),
        ("docker.io/library", "vendor.example", byDigest, "vendor.example/debian", false),
    ])
    func aNameElsewhere(_ prefix: String, _ signed: String, _ image: String, _ name: String, _ isAccepted: Bool) throws
    {
        let identity = try identity(#"{"type": "remapIdentity", "prefix": "\#(prefix)", "signedPrefix": "\#(signed)"}"#)
        #expect(identity.accepts(name, for: try Reference(image)) == isAccepted)
        #expect(!identity.expectation(for: try Reference(image)).isEmpty)
    }
}
