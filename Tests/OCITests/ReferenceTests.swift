import OCI
import Testing

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("debian", "docker.io/library/debian:latest", "debian:latest"),
        ("debian:12", "docker.io/library/debian:12", "debian:12"),
        ("docker.io/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("index.docker.io/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("index.docker.io/library/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("library/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
        ("user/image", "docker.io/user/image:latest", "user/image:latest"),
        ("localhost/image", "localhost/image:latest", "localhost/image:latest"),
        ("localhost:5000/image", "localhost:5000/image:latest", "localhost:5000/image:latest"),
        ("host:5000/a/b:tag", "host:5000/a/b:tag", "host:5000/a/b:tag"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", "127.0.0.1:5000/a:latest"),
        ("[::1]:5000/a:T_1.x-y", "[::1]:5000/a:T_1.x-y", "[::1]:5000/a:T_1.x-y"),
        ("[fe80::1]/a", "[fe80::1]/a:latest", "[fe80::1]/a:latest"),
        ("ghcr.io/owner/name", "ghcr.io/owner/name:latest", "ghcr.io/owner/name:latest"),
        ("Host/name", "Host/name:latest", "Host/name:latest"),
        ("a__b/c-----d.e", "docker.io/a__b/c-----d.e:latest", "a__b/c-----d.e:latest"),
        ("debian:5000", "docker.io/library/debian:5000", "debian:5000"),
    ])
    func normalisesAsDockerDoes(text: String, canonical: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.description == canonical)
        #expect(reference.familiar == familiar)
        #expect(try Reference(reference.description) == reference)
        #expect(try Reference(reference.familiar) == reference)
    }

    @Test func keepsADigestAndAddsNoTagToIt() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let bare = try Reference("debian@" + digest)
        #expect(bare.tag == nil)
        #expect(bare.description == "docker.io/library/debian@" + digest)
        let both = try Reference("host:1/debian:12@" + digest)
        #expect(both.tag == "12")
        #expect(both.digest == Digest(digest))
        #expect(both.description == "host:1/debian:12@" + digest)
    }

    @Test func leavesTheTagOutWhenAskedTo() throws {
        #expect(try Reference("debian", defaultTag: nil).tag == nil)
        #expect(try Reference("debian", defaultTag: nil).description == "docker.io/library/debian")
    }

    @Test func changesTagAndDigest() throws {
        let reference = try Reference("debian:12")
        #expect(try reference.with(tag: "13").description == "docker.io/library/debian:13")
        let digest = try #require(Digest("sha256:" + String(repeating: "b", count: 64)))
        #expect(reference.with(digest: digest).description == "docker.io/library/debian@\(digest)")
        #expect(throws: ReferenceError.self) { try reference.with(tag: "a/b") }
    }

    @Test(arguments: [
        "", " ", "a b", ":tag", "@sha256:" + String(repeating: "a", count: 64), "debian:", "debian:.x", "debian:-x",
        "debian:" + String(repeating: "x", count: 129), "debian@sha256:abc",
        "debian@md5:" + String(repeating: "a", count: 32),
        "debian@", "/debian", "debian/", "a//b", "_a", "a_", "a..b", "a___b", "a._b", "-a", "a.", "docker.io/",
        "host:/a", "host:x/a", "[::1/a", "[]/a", "[::1]x/a", ".host/a", "-host.x/a", "h\u{e9}llo", "a@b@c",
        "docker.io/" + String(repeating: "a", count: 256), "https://host/a",
    ])
    func refusesWhatTheGrammarDoes(text: String) {
        #expect(throws: ReferenceError.self) { try Reference(text) }
    }

    @Test func refusesUpperCaseWithTheReason() {
        #expect {
            try Reference("Debian")
        } throws: {
            "\($0)" == "invalid reference format: repository name (library/Debian) must be lowercase"
        }
        #expect(throws: ReferenceError.self) { try Reference("host.x/Debian") }
    }

    @Test func refusesWhatLooksLikeAnID() {
        #expect {
            try Reference(String(repeating: "0f", count: 32))
        } throws: {
            ($0 as? ReferenceError)?.cause == .looksLikeID
        }
        #expect(throws: Never.self) { try Reference(String(repeating: "0f", count: 31)) }
    }
}
