import Linux
import TestSupport
import Testing

/// policy.json and signatures at the door: what `pull`, `run`, `build` and `load` let in.
@Suite struct TrustTests {
    private func withRegistry(
        _ user: TestUser = .any, _ body: (_ sandbox: Sandbox, _ registry: RegistryServer) throws -> Void
    ) throws {
        try RegistryServer.with { registry throws in
            try withSandbox(user) { sandbox throws in try body(sandbox, registry) }
        }
    }

    private func isEmpty(_ sandbox: Sandbox) throws -> Bool {
        let blobs = "\(sandbox.store)/images/blobs/sha256"
        guard try Files.isPresent(blobs) else { return true }
        return try Files.list(blobs).isEmpty
    }

    /// Pulls what must be refused, and what must not have left anything; gives the message without "apus: ".
    private func refusal(_ sandbox: Sandbox, _ words: String...) throws -> String {
        let result = try sandbox.apus(["pull", "-q"] + words)
        #expect(result.code == 1, "\(result)")
        #expect(try isEmpty(sandbox))
        #expect(result.text == "")
        return String(result.complaints.dropFirst("apus: ".utf8.count).dropLast())
    }

    // MARK: - Signatures

    @Test(arguments: TestUser.available)
    func anImageComesInWithTheSignatureThatItsRuleWants(_ user: TestUser) throws {
        try withRegistry(user) { sandbox, registry throws in
            let (key, other) = (try SigningKey(), try SigningKey())
            let name = try registry.push(TrustSupport.source(), as: "team/app:1")
            let rule =
                "the rule for docker \"\(registry.host)/team\" in \(sandbox.path)/home/.config/containers/policy.json"
            try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed("\(registry.host)/team", [key])))
            let unsigned = try refusal(sandbox, name)
            #expect(
                unsigned.hasPrefix(
                    "image \(name) is refused by \(rule): it wants a signature by the key \(key.path), and there is none at "
                        + "\(registry.host)/team/app:sha256-"), "\(unsigned)")
            let digest = try TrustSupport.sign(name, other)
            let place = "\(registry.host)/team/app:\(digest.replacing(":", with: "-")).sig"
            #expect(
                try refusal(sandbox, name)
                    == "image \(name) is refused by \(rule): it wants a signature by the key \(key.path), and none at "
                    + "\(place) will do: a signature is not by the key \(key.path)")
            try TrustSupport.sign(name, key)
            let pull = try sandbox.apus("pull", name)
            #expect(pull.code == 0, "\(pull)")
            #expect(pull.lines.contains("Digest: \(digest)"))
            #expect(pull.lines.last == name)
            let run = try sandbox.apus("run", "--rm", "--network", "none", name, "echo", "in")
            #expect(run.text == "in\n", "\(run)")
        }
    }

    @Test func aSignatureIsForOneNameAndOneManifest() throws {
        try withRegistry { sandbox, registry throws in
            let key = try SigningKey(.ed25519)
            let host = registry.host
            let name = try registry.push(TrustSupport.source(), as: "team/app:1")
            let digest = try TrustSupport.sign(name, key)
            func trust(_ identity: String?, _ scope: String? = nil) throws {
                try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed(scope ?? host, [key], identity)))
            }
            // Somebody moves the signed image to another tag, and to another repository, with its signature.
            let moved = try registry.push("docker://\(name)", as: "team/app:2", "--src-tls-verify=false")
            let copied = try registry.push("docker://\(name)", as: "other/app:1", "--src-tls-verify=false")
            try TrustSupport.sign(name, key, "--to", "\(host)/other/app")
            try trust(nil)
            #expect(
                try refusal(sandbox, moved).contains(
                    "a signature is for the name \"\(name)\", where matchRepoDigestOrExact wants \(moved)"))
            #expect(
                try refusal(sandbox, copied).contains(
                    "a signature is for the name \"\(name)\", where matchRepoDigestOrExact wants \(copied)"))
            try trust(#"{"type": "matchRepository"}"#)
            #expect(try refusal(sandbox, copied).contains("where matchRepository wants any name of \(host)/other/app"))
            // Another image has the tag, and the signature of the first.
            let changed = try registry.push("dir:\(Fixtures.path("layers.plain", of: .layers))", as: "team/app:3")
            try TrustSupport.sign(changed, key, "--digest", digest)
            #expect(try refusal(sandbox, changed).contains("a signature is of \(digest), not of sha256:"))

            // What is let in, from here on.
            func isLetIn(_ name: String) throws -> Bool { try sandbox.apus("pull", "-q", name).code == 0 }
            #expect(try isLetIn(moved))
            try trust(nil)
            #expect(try isLetIn("\(host)/team/app@\(digest)"))
            #expect(try isLetIn("\(host)/team/app:2@\(digest)"))
            try trust(#"{"type": "matchExact"}"#)
            #expect(try isLetIn(name))
            #expect(try !isLetIn("\(host)/team/app@\(digest)"))
            try trust(#"{"type": "exactReference", "dockerReference": "\#(name)"}"#)
            #expect(try isLetIn(copied))
            try trust(#"{"type": "exactRepository", "dockerRepository": "\#(host)/team/app"}"#)
            #expect(try isLetIn(copied))
            try trust(#"{"type": "remapIdentity", "prefix": "\#(host)/other", "signedPrefix": "\#(host)/team"}"#)
            #expect(try isLetIn(copied))
        }
    }

    @Test func ofAnIndexTheImageThatIsTakenIsSigned() throws {
        try withRegistry { sandbox, registry throws in
            let key = try SigningKey(.rsa)
            let name = try registry.push(
                "oci:\(Fixtures.path("platforms.oci", of: .platforms)):latest", as: "both:1", "--all")
            try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed(registry.host, [key])))
            // The index's own signature says nothing about what is in it to those who read one of its images alone.
            try TrustSupport.sign(name, key)
            #expect(try refusal(sandbox, "--platform", "linux/amd64", name).contains("there is none at"))
            try TrustSupport.sign(name, key, "--instance", "amd64")
            #expect(try refusal(sandbox, "--platform", "linux/arm64", name).contains("there is none at"))
            #expect(try sandbox.apus("pull", "-q", "--platform", "linux/amd64", name).code == 0)
        }
    }

    @Test func whatIsNoSignatureIsNone() throws {
        try withRegistry { sandbox, registry throws in
            let key = try SigningKey()
            func image(_ tag: String) throws -> String { try registry.push(TrustSupport.source(), as: "\(tag)/x:1") }
            try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed(registry.host, [key])))
            let attested = try image("attested")
            try TrustSupport.sign(attested, key, "--media-type", "application/vnd.dsse.envelope.v1+json")
            #expect(try refusal(sandbox, attested).contains("and there is none at"))
            let bare = try image("bare")
            try TrustSupport.sign(bare, nil)
            #expect(try refusal(sandbox, bare).hasSuffix("will do: a layer with a payload has no signature"))
            let other = try image("other")
            try TrustSupport.sign(other, key, "--type", "atomic container signature")
            #expect(
                try refusal(sandbox, other).contains(
                    "the content of a signature is not understood: critical.type is not"))
            let garbage = try image("garbage")
            try TrustSupport.sign(garbage, key, "--payload", "{\u{1b}[2J")
            let said = try refusal(sandbox, garbage)
            #expect(said.contains("the content of a signature is not understood: it is no valid JSON at line 1"))
            #expect(!said.contains("\u{1b}"))
            // Past the limits a good one does not help.
            let many = try image("many")
            try TrustSupport.sign(many, nil, "--times", "100")
            try TrustSupport.sign(many, key)
            #expect(
                try refusal(sandbox, many).contains(
                    "has 101 signatures and attachments, of which 100 are looked at at most"))
            let index = try image("index")
            let digest = try TrustSupport.sign(index, key)
            _ = try registry.push(
                "oci:\(Fixtures.path("platforms.oci", of: .platforms)):latest",
                as: "index/x:\(digest.replacing(":", with: "-")).sig", "--all")
            #expect(try refusal(sandbox, index).hasSuffix(".sig should be signatures, and is an index"))
        }
    }

    // MARK: - Who asks

    @Test func aRuleHoldsForWhatIsThereAlready() throws {
        try withRegistry { sandbox, registry throws in
            let name = try registry.push(TrustSupport.source(), as: "app:1")
            try sandbox.output("pull", name)
            try sandbox.trust("{\"default\": \(TrustSupport.reject)}")
            let again = try sandbox.apus("pull", name)
            #expect(again.code == 1)
            #expect(
                again.complaints.contains(
                    "image \(name) is refused by the default rule of \(sandbox.path)/home/.config/"))
            let key = try SigningKey()
            try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed(registry.host, [key])))
            #expect(
                try sandbox.apus("pull", name).complaints.contains("and there is none at \(registry.host)/app:sha256-"))
            // Nothing is pulled here, so nothing is asked.
            let run = try sandbox.apus("run", "--rm", "--network", "none", name, "echo", "old")
            #expect(run.text == "old\n", "\(run)")
            try TrustSupport.sign(name, key)
            #expect(try sandbox.apus("pull", name).lines.contains("Status: Image is up to date for \(name)"))
        }
    }

    @Test(arguments: TestUser.available)
    func whoeverPullsIsRefused(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            // Nobody answers there, and nobody is asked.
            let name = "localhost:1/app:1"
            try sandbox.trust(
                TrustSupport.policy(docker: "\"localhost:1\": \(TrustSupport.reject)", otherwise: TrustSupport.accept))
            let words =
                "image \(name) is refused by the rule for docker \"localhost:1\" in \(sandbox.path)/home/.config/containers/policy.json: it rejects whatever comes from there; change that rule if it may come in"
            #expect(try refusal(sandbox, name) == words)
            for (verb, code) in [(["run", "--rm", name], 125), (["create", name], 1)] as [([String], CInt)] {
                let result = try sandbox.apus(verb)
                #expect(result.code == code, "\(result)")
                #expect(result.complaints.contains(words), "\(result)")
            }
            try sandbox.write("FROM \(name)\n", to: "Dockerfile")
            let build = try sandbox.apus("build", "-q", ".")
            #expect(build.code == 1)
            #expect(build.complaints.contains(words), "\(build)")
            #expect(try isEmpty(sandbox))
        }
    }

    @Test func aMirrorHasImagesAndSignaturesAndNoSay() throws {
        try RegistryServer.with { mirror throws in
            try withSandbox(.any) { sandbox throws in
                let key = try SigningKey()
                let copy = try mirror.push(TrustSupport.source(), as: "copies/team/app:1")
                let rules = """
                    [[registry]]
                    prefix = "vendor.example/team"
                    location = "localhost:1/gone"
                    [[registry.mirror]]
                    location = "\(mirror.host)/copies/team"

                    """
                let file = try sandbox.write(rules, to: "registries.conf")
                func pull() throws -> ProgramResult {
                    try sandbox.apus(
                        "pull", "-q", "vendor.example/team/app:1", environment: ["CONTAINERS_REGISTRIES_CONF=\(file)"])
                }
                try sandbox.trust(TrustSupport.policy(docker: "\"\(mirror.host)\": \(TrustSupport.accept)"))
                let refused = try pull()
                #expect(refused.code == 1)
                #expect(
                    refused.complaints
                        == "apus: image vendor.example/team/app:1 is refused by the default rule of \(sandbox.path)/home/.config/containers/policy.json: it rejects whatever comes from there; give what it comes from a rule of its own in that file\n"
                )
                try sandbox.trust(TrustSupport.policy(docker: TrustSupport.signed("vendor.example", [key])))
                try TrustSupport.sign(copy, key)
                #expect(try pull().complaints.contains("a signature is for the name \"\(copy)\""))
                #expect(try isEmpty(sandbox))
                try TrustSupport.sign(copy, key, "--identity", "vendor.example/team/app:1")
                #expect(try pull().code == 0)
            }
        }
    }

    @Test func archivesAndLayoutsHaveRulesByTheirPlaces() throws {
        try withSandbox(.any) { sandbox throws in
            let docker = try Fixtures.path("busybox.docker.tar", of: .busybox)
            let oci = try Fixtures.path("busybox.oci.tar", of: .busybox)
            try sandbox.tool("/bin/cp", oci, "\(sandbox.path)/work/image.tar")
            try sandbox.tool("/bin/ln", "-s", "\(sandbox.path)/work/image.tar", "\(sandbox.path)/home/link.tar")
            func load(_ file: String) throws -> String {
                let result = try sandbox.apus("load", "-i", file)
                #expect(try result.code == 0 || isEmpty(sandbox))
                return result.code == 0 ? "" : result.complaints
            }
            try sandbox.trust(
                """
                {"default": \(TrustSupport.accept), "transports": {
                    "docker-archive": {"": \(TrustSupport.reject)},
                    "oci-archive": {"": \(TrustSupport.reject), "\(sandbox.path)/home": \(TrustSupport.accept)},
                    "oci": {"\(sandbox.path)/work": \(TrustSupport.reject)}}}
                """)
            #expect(
                try load(docker).hasPrefix(
                    "apus: the image archive \(docker) is refused by the rule for all of \"docker-archive\" in "))
            #expect(
                try load("image.tar").hasPrefix("apus: the image archive \(sandbox.path)/work/image.tar is refused by ")
            )
            // A link is no place.
            #expect(try load("\(sandbox.path)/home/link.tar").contains("work/image.tar is refused by "))
            let piped = try sandbox.apus("load", input: try Files.read(docker))
            #expect(
                piped.complaints.hasPrefix(
                    "apus: the image archive is refused by the rule for all of \"docker-archive\""))
            #expect(try isEmpty(sandbox))
            try sandbox.tool(
                "/bin/cp", "-r", try Fixtures.path("busybox.oci", of: .busybox), "\(sandbox.path)/work/layout")
            try sandbox.write("FROM base\n", to: "Dockerfile")
            let build = try sandbox.apus("build", "-q", "--build-context", "base=oci-layout://layout", ".")
            #expect(build.code == 1)
            #expect(
                build.complaints.contains(
                    "the image in oci:\(sandbox.path)/work/layout is refused by the rule for oci \"\(sandbox.path)/work\""
                ), "\(build)")
            #expect(try isEmpty(sandbox))
            try sandbox.tool("/bin/ln", "-s", "\(sandbox.path)/work/layout", "\(sandbox.path)/home/link")
            for directory in ["layout", "\(sandbox.path)/home/link"] {
                #expect(
                    try load(directory).contains(
                        "oci:\(sandbox.path)/work/layout is refused by the rule for oci \"\(sandbox.path)/work\""),
                    "\(directory)")
            }
            try sandbox.tool("/bin/cp", oci, "\(sandbox.path)/home/image.tar")
            #expect(try load("\(sandbox.path)/home/image.tar") == "")
        }
    }

    @Test func aPolicyThatIsNotUnderstoodLetsNothingIn() throws {
        try withSandbox(.any) { sandbox throws in
            let file = "\(sandbox.path)/home/.config/containers/policy.json"
            for (text, cause) in [
                ("{", "it is no valid JSON at line 1: it ends too early"),
                (
                    "{\"default\": \(TrustSupport.accept), \"transport\": {}}",
                    "the document has \"transport\", and may have nothing but default, transports"
                ),
            ] {
                try sandbox.trust(text)
                let said = "no image is trusted before \(file) can be used: \(cause)"
                #expect(try refusal(sandbox, "localhost:1/x") == said)
                let load = try sandbox.apus("load", "-i", try Fixtures.path("busybox.docker.tar", of: .busybox))
                #expect(load.complaints == "apus: \(said)\n")
                #expect(try isEmpty(sandbox))
            }
            try Files.unlink(file)
            try Files.makeDirectory(file)
            #expect(
                try refusal(sandbox, "localhost:1/x")
                    == "no image is trusted before \(file) can be used: is a directory")
        }
    }
}
