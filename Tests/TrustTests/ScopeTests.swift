import OCI
import Testing

@testable import Trust

@Suite struct ScopeTests {
    @Test(arguments: [
        (
            "busybox",
            ["docker.io/library/busybox:latest", "docker.io/library/busybox", "docker.io/library", "docker.io", "*.io"]
        ),
        (
            "a.b.example:5000/x/y:1",
            [
                "a.b.example:5000/x/y:1", "a.b.example:5000/x/y", "a.b.example:5000/x", "a.b.example:5000",
                "*.b.example",
                "*.example",
            ]
        ),
        ("localhost:5000/x@\(digestA)", ["localhost:5000/x@\(digestA)", "localhost:5000/x", "localhost:5000"]),
        // Where there are both, the tag says nothing about what comes.
        ("localhost/x:1@\(digestA)", ["localhost/x@\(digestA)", "localhost/x", "localhost"]),
    ])
    func anImageOfARegistryIsInTheScopesOfItsName(_ name: String, _ scopes: [String]) throws {
        #expect(ImageLocation.registry(try Reference(name)).scopes == scopes)
    }

    @Test func pathsAreScopesUpToTheRoot() {
        #expect(ImageLocation.layout(path: "/srv/a", name: "1").scopes == ["/srv/a:1", "/srv/a", "/srv"])
        #expect(ImageLocation.layout(path: "/", name: nil).scopes == [])
        #expect(ImageLocation.ociArchive(path: "/srv/a.tar").scopes == ["/srv/a.tar", "/srv"])
        #expect(ImageLocation.ociArchive(path: nil).scopes == [])
        #expect(ImageLocation.dockerArchive(path: "/srv/a.tar").scopes == [])
    }

    @Test func theNarrowestRuleCountsAlone() throws {
        let policy = try policy(
            reject,
            transports: """
                {"docker": {"": \(reject), "localhost:5000/team": \(accept), "localhost:5000/team/bad": \(reject),
                    "localhost:5000/team/bad:good": \(accept), "*.example": \(accept), "one.example": \(reject)},
                 "docker-archive": {"": \(accept)}, "oci": {"/srv/good": \(accept)}, "oci-archive": {"/srv": \(accept)}}
                """)
        func isLetIn(_ location: ImageLocation) -> Bool {
            do throws(TrustError) { return try policy.demand(on: location).map { _ in false } ?? true } catch {
                return false
            }
        }
        func isLetIn(_ name: String) throws -> Bool { isLetIn(.registry(try Reference(name))) }
        #expect(try isLetIn("localhost:5000/team/x"))
        #expect(try !isLetIn("localhost:5000/teams/x"))
        #expect(try !isLetIn("localhost/team/x"))
        #expect(try !isLetIn("localhost:5000/team/bad"))
        #expect(try isLetIn("localhost:5000/team/bad:good"))
        #expect(try !isLetIn("localhost:5000/team/bad:good@\(digestA)"))
        #expect(try isLetIn("two.example/x"))
        #expect(try isLetIn("two.example:5000/x"))
        #expect(try isLetIn("a.two.example/x"))
        #expect(try !isLetIn("one.example/x"))
        #expect(try isLetIn("sub.one.example/x"))
        #expect(try !isLetIn("debian"))
        #expect(isLetIn(.dockerArchive(path: nil)))
        #expect(isLetIn(.layout(path: "/srv/good", name: "a")))
        #expect(isLetIn(.layout(path: "/srv/good/inside", name: nil)))
        #expect(!isLetIn(.layout(path: "/srv/goods", name: nil)))
        #expect(!isLetIn(.ociArchive(path: nil)))
        #expect(isLetIn(.ociArchive(path: "/srv/x.tar")))
    }

    @Test(arguments: [
        ("docker.io", "the rule for docker \"docker.io\" in /p.json"),
        ("", "the rule for all of \"docker\" in /p.json"),
    ])
    func aRefusalNamesTheRule(_ scope: String, _ rule: String) throws {
        let policy = try policy(accept, transports: "{\"docker\": {\"\(scope)\": \(reject)}}")
        let error = #expect(throws: TrustError.self) { try policy.demand(on: .registry(try Reference("debian"))) }
        #expect(
            error?.description
                == "image debian:latest is refused by \(rule): it rejects whatever comes from there; change that rule if it may come in"
        )
    }

    @Test func whatNothingHereVerifiesIsRefusedWhereItAppliesAlone() throws {
        let policy = try policy(
            accept,
            transports: """
                {"docker": {
                    "a.example": [{"type": "insecureAcceptAnything"}, {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/none"}],
                    "b.example": [{"type": "sigstoreSigned", "pki": {"caRootsPath": "/none", "subjectEmail": "e"}}],
                    "c.example": [{"type": "sigstoreSigned", "keyPath": "/none", "rekorPublicKeyPath": "/none"}],
                    "d.example": [{"type": "sigstoreSigned", "keyPath": "/none"}]},
                 "docker-archive": {"": [{"type": "sigstoreSigned", "keyPath": "/none"}]}}
                """)
        func cause(_ location: ImageLocation) -> String? {
            do throws(TrustError) {
                _ = try policy.demand(on: location)
                return nil
            } catch {
                guard case .refused(_, _, let cause) = error else { return "\(error)" }
                return cause
            }
        }
        func cause(_ name: String) throws -> String? { cause(.registry(try Reference(name))) }
        #expect(try cause("debian") == nil)
        #expect(
            try cause("a.example/x")
                == "it wants a GPG signature (signedBy), and GPG signatures are not verified here; use sigstoreSigned")
        #expect(
            try cause("b.example/x")?.hasPrefix("it wants a certificate's signature (sigstoreSigned with pki)") == true)
        #expect(try cause("c.example/x")?.hasPrefix("it wants an entry of the log Rekor (rekorPublicKeyPath)") == true)
        #expect(try cause("d.example/x") == "the key /none of that rule cannot be read: no such file or directory")
        #expect(
            cause(.dockerArchive(path: nil))?.hasPrefix("it wants a sigstore signature, and an image has none there")
                == true)
    }
}
