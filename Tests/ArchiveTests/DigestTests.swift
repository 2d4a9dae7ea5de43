import Archive
import OCI
import Testing

@Suite struct DigestTests {
    @Test func hashesAsTheStandardSays() {
        // FIPS 180-4, the examples of "abc" and of no bytes.
        #expect(
            Digest(of: Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest(of: Array("abc".utf8), .sha512).hex.hasPrefix("ddaf35a193617abacc417349ae204131"))
    }

    @Test func piecesHashAsTheWhole() {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hasher = DigestHasher()
        hasher.update(Array(bytes[..<7]))
        #expect(hasher.current() == Digest(of: Array(bytes[..<7])))
        hasher.update(Array(bytes[7...]))
        #expect(hasher.count == bytes.count)
        #expect(hasher.finish() == Digest(of: bytes))
    }

    @Test func verifierTakesWhatWasPromised() throws {
        let bytes = Array("content".utf8)
        var verifier = DigestVerifier(expecting: Digest(of: bytes), size: 7)
        try verifier.update(Array(bytes[..<3]))
        try verifier.update(Array(bytes[3...]))
        try verifier.finish()
    }

    @Test func verifierRefusesOtherBytes() throws {
        let digest = Digest(of: Array("content".utf8))
        let error = #expect(throws: ContentMismatch.self) {
            var verifier = DigestVerifier(expecting: digest, size: 7)
            try verifier.update(Array("CONTENT".utf8))
            try verifier.finish()
        }
        #expect(error == .digest(expected: digest, actual: Digest(of: Array("CONTENT".utf8))))
    }

    @Test func verifierRefusesTooMuchAtOnceAndTooLittleAtTheEnd() throws {
        let digest = Digest(of: Array("content".utf8))
        var long = DigestVerifier(expecting: digest, size: 7)
        #expect(throws: ContentMismatch.longer(digest, promised: 7)) { try long.update(Array("contents".utf8)) }
        #expect(throws: ContentMismatch.shorter(digest, promised: 7, got: 6)) {
            var short = DigestVerifier(expecting: digest, size: 7)
            try short.update(Array("conten".utf8))
            try short.finish()
        }
    }
}
