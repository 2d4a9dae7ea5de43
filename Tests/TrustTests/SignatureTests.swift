import Bytes
import Linux
import OCI
import TestSupport
import Testing

@testable import Trust

@Suite struct SignatureTests {
    private static let kinds: [SigningKey.Kind] = [.p256, .p384, .rsa, .ed25519]
    private static let unusable: [(SigningKey.Kind, String)] = [
        (.secp256k1, "is neither ECDSA on P-256"), (.explicitP256, "is neither ECDSA on P-256"),
        (.rsaPSS, "is neither ECDSA on P-256"), (.rsa1024, "is of RSA with less than 2048 bits"),
    ]

    private func payload(_ name: String, _ digest: Digest = digestA) -> [UInt8] {
        Array(
            #"{"critical":{"identity":{"docker-reference":"\#(name)"},"image":{"docker-manifest-digest":"\#(digest)"},"type":"cosign container image signature"},"optional":null}"#
                .utf8)
    }

    private func demand(_ requirements: String, on name: String) throws -> SignatureDemand {
        try #require(try policy("[\(requirements)]").demand(on: .registry(try Reference(name))))
    }

    private func requirement(_ key: SigningKey, _ identity: String? = nil) -> String {
        #"{"type": "sigstoreSigned", "keyPath": "\#(key.path)"\#(identity.map { ", \"signedIdentity\": \($0)" } ?? "")}"#
    }

    private func signed(_ payload: [UInt8], _ key: SigningKey) throws -> SigstoreSignature {
        SigstoreSignature(payload: payload, encoded: Base64.encoded(try key.signature(of: payload)))
    }

    @Test(arguments: kinds)
    func aSignatureByTheKeyIsTakenAndNoOther(_ kind: SigningKey.Kind) throws {
        let key = try SigningKey(kind)
        let good = try signed(payload("docker.io/library/debian:latest"), key)
        var demand = try demand(requirement(key), on: "debian")
        #expect(!demand.isMet)
        // Of another manifest; by another key; of another payload; damaged at each of its bytes.
        demand.show(good, of: digestB)
        demand.show(try signed(good.payload, SigningKey(kind)), of: digestA)
        demand.show(SigstoreSignature(payload: payload("debian:other"), encoded: good.encoded), of: digestA)
        let encoded = try #require(good.encoded)
        let bytes = try #require(Base64.decoded(encoded.utf8))
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 1
            demand.show(SigstoreSignature(payload: good.payload, encoded: Base64.encoded(damaged)), of: digestA)
        }
        for length in [0, 1, bytes.count - 1] {
            demand.show(
                SigstoreSignature(payload: good.payload, encoded: Base64.encoded(Array(bytes[..<length]))), of: digestA)
        }
        demand.show(SigstoreSignature(payload: good.payload, encoded: Base64.encoded(bytes + [0])), of: digestA)
        demand.show(SigstoreSignature(payload: good.payload, encoded: nil), of: digestA)
        demand.show(SigstoreSignature(payload: good.payload, encoded: "no base64"), of: digestA)
        #expect(!demand.isMet)
        #expect(
            demand.refusal("x.sig").description
                == "image debian:latest is refused by the default rule of /p.json: it wants a signature by the key \(key.path), and none at "
                + "x.sig will do: a signature is of \(digestA), not of \(digestB); a signature is not by the key \(key.path); "
                + "a layer with a payload has no signature; and 1 more")
        demand.show(good, of: digestA)
        #expect(demand.isMet)
    }

    @Test func aKeyMayStandInThePolicyOrInAFormOfItsOwn() throws {
        let key = try SigningKey(.rsa)
        let good = try signed(payload("docker.io/library/debian:latest"), key)
        let other = try SigningKey(.p256)
        let own = Base64.encoded(Array("a comment\n".utf8) + (try key.rsaText()))
        for keys in [
            #""keyData": "\#(Base64.encoded(try Files.read(key.path)))""#, #""keyData": "\#(own)""#,
            #""keyPaths": ["\#(other.path)", "\#(key.path)"]"#,
            #""keyDatas": ["\#(Base64.encoded(try Files.read(other.path)))", "\#(own)"]"#,
        ] {
            var demand = try demand(#"{"type": "sigstoreSigned", \#(keys)}"#, on: "debian")
            demand.show(good, of: digestA)
            #expect(demand.isMet, "\(keys)")
        }
        // Only the first block counts.
        let both = try Files.read(other.path) + Files.read(key.path)
        var demand = try demand(#"{"type": "sigstoreSigned", "keyData": "\#(Base64.encoded(both))"}"#, on: "debian")
        demand.show(good, of: digestA)
        #expect(!demand.isMet)
    }

    @Test(arguments: unusable)
    func whatNobodyShouldSignWithIsNoKey(_ kind: SigningKey.Kind, _ cause: String) throws {
        let key = try SigningKey(kind)
        let fault = #expect(throws: PublicKey.Fault.self) { try PublicKey(.file(key.path)) }
        #expect(fault?.cause.hasPrefix(cause) == true, "\(String(describing: fault))")
    }

    @Test func whatIsNoKeyIsSaid() throws {
        let key = try SigningKey()
        let text = try Files.readText(key.path)
        func cause(_ text: String) -> String? {
            do throws(PublicKey.Fault) {
                _ = try PublicKey(.inline(Array(text.utf8), place: "x"))
                return nil
            } catch { return error.cause }
        }
        #expect(cause(text) == nil)
        #expect(cause("")?.hasPrefix("has no key in PEM form") == true)
        #expect(cause("-----BEGIN PUBLIC KEY-----\n")?.hasPrefix("has no key in PEM form") == true)
        #expect(cause(try Files.readText(key.secret)) == "has something else than a public key in PEM form")
        #expect(cause("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n") == "is damaged")
        #expect(
            cause(
                "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
                    + text.split(on: "\n")[1...].joined(separator: "\n")) == "is damaged")
        let fault = #expect(throws: PublicKey.Fault.self) { try PublicKey(.file("/dev/zero")) }
        #expect(fault?.cause.hasPrefix("cannot be read: ") == true)
    }

    @Test func allRequirementsHaveToBeMetEachByOneSignature() throws {
        let (vendor, reviewer) = (try SigningKey(), try SigningKey(.ed25519))
        let both =
            "\(requirement(vendor, #"{"type": "exactRepository", "dockerRepository": "vendor.example/x"}"#)), \(requirement(reviewer))"
        var demand = try demand(both, on: "localhost:5000/x:1")
        let first = try signed(payload("vendor.example/x:7"), vendor)
        let second = try signed(payload("localhost:5000/x:1"), reviewer)
        demand.show(first, of: digestA)
        demand.show(first, of: digestA)
        #expect(!demand.isMet)
        #expect(
            demand.refusal("x").description.contains(
                "it wants a signature by the key \(reviewer.path), and none at x will do"))
        demand.show(second, of: digestA)
        #expect(demand.isMet)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", #"{"critical": {}, "optional": null}"#,
        #"{"critical": C}"#, #"{"critical": C, "optional": 1}"#, #"{"critical": C, "optional": {}, "more": 1}"#,
        #"{"critical": C, "critical": C, "optional": {}}"#, #"{"Critical": C, "optional": {}}"#,
    ])
    func aPayloadThatIsNotUnderstoodIsNone(_ text: String) throws {
        let critical =
            #"{"type": "cosign container image signature", "image": {"docker-manifest-digest": "\#(digestA)"}, "identity": {"docker-reference": "a"}}"#
        #expect(throws: PolicyFault.self) { try SignedPayload(Array(text.replacing("C", with: critical).utf8)) }
    }

    @Test(arguments: [
        (#""cosign container image signature""#, #""atomic container signature""#), (#""a""#, "1"), (#""a""#, #""""#),
        ("{\"docker-reference\"", "{\"x\": 1, \"docker-reference\""),
        ("{\"docker-manifest-digest\"", "{\"x\": 1, \"docker-manifest-digest\""),
        ("sha256:", "md5:"), ("sha256:", "sha256:A"), ("\"type\"", "\"Type\""),
        ("\"image\": ", "\"image\": {}, \"image\": "),
    ])
    func whatASignatureMustSayIsSaidExactly(_ part: String, _ other: String) throws {
        let good =
            #"{"critical": {"type": "cosign container image signature", "image": {"docker-manifest-digest": "\#(digestA)"}, "identity": {"docker-reference": "a"}}, "optional": {"creator": "x", "y": {}}}"#
        #expect(try SignedPayload(Array(good.utf8)).digest == digestA)
        let bad = good.replacing(part, with: other)
        #expect(bad != good)
        #expect(throws: PolicyFault.self) { try SignedPayload(Array(bad.utf8)) }
    }

    @Test func aTagIsMadeOfTheDigest() {
        #expect(SigstoreSignature.tag(of: digestA) == "sha256-\(digestA.hex).sig")
    }

    @Test func aSignatureIsTheAnnotationOfItsLayer() {
        func encoded(_ annotations: [ByteKey: String]?) -> String? {
            SigstoreSignature([], Descriptor(mediaType: "", digest: digestA, size: 0, annotations: annotations)).encoded
        }
        let key: ByteKey = "dev.cosignproject.cosign/signature"
        #expect(encoded([key: "abc"]) == "abc")
        #expect(encoded(nil) == nil)
        #expect(encoded(["dev.cosignproject.cosign/Signature": "abc"]) == nil)
        #expect(encoded([key: String(repeating: "a", count: 20_000)]) == nil)
    }
}
