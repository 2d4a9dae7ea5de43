import Linux
import TestSupport
import Testing

/// `apus pull` against Debian's docker-registry, filled by skopeo.
@Suite struct RegistryPullTests {
    @Test(arguments: TestUser.available)
    func anImageIsPulledShownAndThenUpToDate(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            let name = try registry.push("oci:\(Fixtures.path("layers.oci", of: .layers)):gzip", as: "team/layers:1")
            try withSandbox(user) { sandbox throws in
                let first = try sandbox.apus("pull", name)
                #expect(first.code == 0, "\(first)")
                #expect(first.errorText == "")
                let lines = first.lines
                #expect(lines.first == "1: Pulling from team/layers")
                #expect(lines.filter { $0.hasSuffix(": Pulling fs layer") }.count == 5)
                #expect(lines.filter { $0.hasSuffix(": Pull complete") }.count == 5)
                #expect(!first.text.contains("\u{1b}"))
                #expect(lines.suffix(2) == ["Status: Downloaded newer image for \(name)", name])
                let digest = try #require(lines.first { $0.hasPrefix("Digest: sha256:") })

                let second = try sandbox.apus("pull", name)
                #expect(second.code == 0)
                #expect(second.lines == [lines[0], digest, "Status: Image is up to date for \(name)", name])
                let quiet = try sandbox.apus("pull", "-q", name)
                #expect(quiet.text == name + "\n")

                let reference = "\(registry.host)/team/layers@\(digest.dropFirst(8))"
                let byDigest = try sandbox.apus("pull", reference)
                #expect(byDigest.code == 0, "\(byDigest)")
                #expect(byDigest.lines.last == reference)
            }
        }
    }

    @Test(arguments: ["v2s2", "oci"])
    func bothFormatsArePulledIntoALayoutThatOthersRead(_ format: String) throws {
        try RegistryServer.with { registry throws in
            let name = try registry.push(
                "oci:\(Fixtures.path("busybox.oci", of: .busybox)):latest", as: "busybox", "--format", format)
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let result = try sandbox.apus("pull", name)
                #expect(result.lines.first == "Using default tag: latest", "\(result)")
                #expect(result.lines.last == name + ":latest")
                // skopeo reads manifests of the specification alone from a layout.
                guard format == "oci" else { return }
                let found = try sandbox.tool(
                    "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet",
                    "oci:\(sandbox.store)/images:\(name):latest", "dir:\(sandbox.path)/work/copy")
                #expect(found.code == 0)
            }
        }
    }

    @Test func zstdAndPlainLayersArePulled() throws {
        try RegistryServer.with { registry throws in
            let zstd = try registry.push(
                "oci:\(Fixtures.path("layers.zstd.oci", of: .layers)):zstd", as: "layers:zstd", "--format", "oci")
            let plain = try registry.push("dir:\(Fixtures.path("layers.plain", of: .layers))", as: "layers:plain")
            try withSandbox(TestUser.available[0]) { sandbox throws in
                for name in [zstd, plain] {
                    let result = try sandbox.apus("pull", name)
                    #expect(result.code == 0, "\(result)")
                }
                // The second has the same layers, which are unpacked already.
                let layers = try Files.list("\(sandbox.store)/layers").filter { $0.hasPrefix("sha256-") }
                #expect(layers.count == 5)
            }
        }
    }

    @Test func aPlatformIsChosen() throws {
        try RegistryServer.with { registry throws in
            let name = try registry.push(
                "oci:\(Fixtures.path("platforms.oci", of: .platforms)):latest", as: "both:latest", "--all")
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let arm = try sandbox.apus("pull", "--platform", "linux/arm64/v8", name)
                #expect(arm.code == 0, "\(arm)")
                #expect(try sandbox.index().contains(#""architecture":"arm64""#))
                let intel = try sandbox.apus("pull", "--platform=linux/x86_64", name)
                #expect(intel.lines.contains("Status: Downloaded newer image for \(name)"), "\(intel)")
                let none = try sandbox.apus("pull", "--platform", "linux/s390x", name)
                #expect(none.code == 1)
                #expect(none.errorText.contains("no matching manifest for linux/s390x"))
                #expect(none.errorText.contains("linux/amd64, linux/arm64"))
                let wrong = try sandbox.apus("pull", "--platform", "nonsense/", name)
                #expect(wrong.code == 1)
            }
        }
    }

    @Test func allTagsArePulled() throws {
        try RegistryServer.with { registry throws in
            let source = "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest"
            for tag in ["1", "2", "3"] { _ = try registry.push(source, as: "many:\(tag)") }
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let result = try sandbox.apus("pull", "-a", "\(registry.host)/many")
                #expect(result.code == 0, "\(result)")
                #expect(result.lines.filter { $0.hasSuffix("Pulling from many") }.count == 3)
                #expect(result.lines.last == "\(registry.host)/many")
                let index = try sandbox.index()
                for tag in ["1", "2", "3"] { #expect(index.contains("\(registry.host)/many:\(tag)")) }
                let tagged = try sandbox.apus("pull", "-a", "\(registry.host)/many:1")
                #expect(tagged.code == 1)
                #expect(tagged.errorText == "apus: tag can't be used with --all-tags/-a\n")
            }
        }
    }

    @Test func credentialsAreFound() throws {
        // "secret" by bcrypt.
        let users = "user:$2b$04$THQZ15yTc6mXKEKUsORx0.D0SIjnHquHz42U0uu8qFhQmIGlaeJlC\n"
        try RegistryServer.with(htpasswd: users) { registry throws in
            let name = try registry.push(
                "oci:\(Fixtures.path("busybox.oci", of: .busybox)):latest", as: "private/image:1", "--dest-creds",
                "user:secret")
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let denied = try sandbox.apus("pull", name)
                #expect(denied.code == 1)
                #expect(denied.errorText.hasPrefix("apus: pull access denied for \(registry.host)/private/image"))
                #expect(denied.errorText.split(separator: "\n").count == 1)
                try sandbox.write(#"{"auths":{"\#(registry.host)":{"auth":"dXNlcjpzZWNyZXQ="}}}"#, to: "config.json")
                let found = try sandbox.apus("--config", "\(sandbox.path)/work", "pull", "-q", name)
                #expect(found.code == 0, "\(found)")
                // user:wrong
                try sandbox.write(#"{"auths":{"\#(registry.host)":{"auth":"dXNlcjp3cm9uZw=="}}}"#, to: "config.json")
                let wrong = try sandbox.apus("pull", name, environment: ["DOCKER_CONFIG=\(sandbox.path)/work"])
                #expect(wrong.code == 1)
                #expect(wrong.errorText.contains("the credentials stored for \(registry.host) were not accepted"))
                #expect(!wrong.errorText.contains("wrong"))
            }
        }
    }

    @Test func whatIsMissingIsSaidInOneSentence() throws {
        try RegistryServer.with { registry throws in
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let name = try registry.push("oci:\(Fixtures.path("busybox.oci", of: .busybox)):latest", as: "here:1")
                let tag = try sandbox.apus("pull", "\(registry.host)/here:2")
                #expect(tag.code == 1)
                #expect(
                    tag.errorText
                        == "apus: manifest for \(registry.host)/here:2 not found: manifest unknown: manifest unknown\n")
                let repository = try sandbox.apus("pull", "-q", "\(registry.host)/gone")
                #expect(repository.code == 1)
                #expect(repository.errorText.contains("\(registry.host)/gone"))
                let host = try sandbox.apus("pull", "127.0.0.1:1/a")
                #expect(host.errorText == "apus: cannot reach the registry 127.0.0.1:1: connection refused\n")
                let upper = try sandbox.apus("pull", "Here")
                #expect(upper.errorText.contains("repository name (library/Here) must be lowercase"))
                _ = name
            }
        }
    }
}

extension Sandbox {
    /// The text of the layout's index.
    func index() throws -> String { try Files.readText("\(store)/images/index.json") }
}
