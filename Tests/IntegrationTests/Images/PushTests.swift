import Glibc
import Linux
import Synchronization
import TestSupport
import Testing

/// `apus push` to Debian's docker-registry, and what others find there.
@Suite struct PushTests {
    /// The digest of the line "TAG: digest: sha256:… size: N".
    private func digest(_ result: ProgramResult, _ tag: String) throws -> String {
        let line = try #require(result.lines.first { $0.hasPrefix("\(tag): digest: sha256:") }, "\(result)")
        return String(line.dropFirst("\(tag): digest: ".count).prefix(71))
    }

    private func raw(_ sandbox: Sandbox, _ name: String) throws -> String {
        try sandbox.tool("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)").text
    }

    @Test(arguments: TestUser.available)
    func whatWasPushedIsPulledBackByTheSameDigest(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            let name = "\(registry.host)/team/box:1"
            try withBusybox(user) { sandbox throws in
                try sandbox.output("tag", "busybox", name)
                let id = try sandbox.output("image", "inspect", "--format", "{{.Id}}", name)
                let first = try sandbox.apus("push", name)
                #expect(first.code == 0 && first.complaints.isEmpty, "\(first)")
                #expect(first.lines.first == "The push refers to repository [\(registry.host)/team/box]")
                #expect(
                    first.lines.map { String($0.drop { $0 != ":" }) }.dropFirst().prefix(2) == [
                        ": Preparing", ": Pushed",
                    ])
                let digest = try digest(first, "1")
                let size = try raw(sandbox, name).utf8.count
                #expect(first.lines.last == "1: digest: \(digest) size: \(size)")
                #expect(!first.text.contains("\u{1b}"))

                let second = try sandbox.apus("push", name)
                #expect(second.lines.filter { $0.hasSuffix(": Layer already exists") }.count == 1, "\(second)")
                #expect(try self.digest(second, "1") == digest)
                #expect(try sandbox.output("push", "-q", name) == name)
                // The name is known by its digest from now on.
                #expect(
                    try sandbox.output("image", "inspect", "--format", "{{json .RepoDigests}}", name)
                        == "[\"\(registry.host)/team/box@\(digest)\"]")
                // Docker names the event by the name that was pushed.
                let events = try sandbox.output(
                    "events", "--since", "10m", "--until", "0s", "--filter", "event=push", "--format",
                    "{{.Type}} {{.ID}} {{.Actor.Attributes.name}}")
                #expect(
                    events.split(separator: "\n").map(String.init)
                        == Array(repeating: "image \(name) \(registry.host)/team/box", count: 3))

                try sandbox.output("rmi", "busybox", name)
                #expect(try sandbox.output("images", "-q").isEmpty)
                let pulled = try sandbox.apus("pull", name)
                #expect(pulled.lines.contains("Digest: \(digest)"), "\(pulled)")
                #expect(try sandbox.output("image", "inspect", "--format", "{{.Id}}", name) == id)
                #expect(try sandbox.output("run", "--rm", "--network", "none", name, "echo", "ran") == "ran")
            }
        }
    }

    @Test func aPulledImageKeepsItsDigestAndItsLayersAreMounted() throws {
        try RegistryServer.with { registry throws in
            let name = try registry.push("oci:\(Fixtures.path("layers.oci", of: .layers)):gzip", as: "team/layers:1")
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let pulled = try sandbox.apus("pull", name)
                let digest = try #require(pulled.lines.first { $0.hasPrefix("Digest: ") }).dropFirst(8)
                let other = "\(registry.host)/other/layers:2"
                try sandbox.output("tag", name, other)
                let pushed = try sandbox.apus("push", other)
                #expect(try self.digest(pushed, "2") == digest)
                #expect(pushed.lines.filter { $0.hasSuffix(": Mounted from team/layers") }.count == 5, "\(pushed)")
                #expect(try raw(sandbox, other) == raw(sandbox, name))
                let copied = try sandbox.tool(
                    "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false",
                    "docker://\(other)", "dir:\(sandbox.path)/work/copy")
                #expect(copied.code == 0)
            }
        }
    }

    @Test func blobsThatAreGoneHereAreTakenFromTheRegistryOrMissed() throws {
        try RegistryServer.with { registry throws in
            let name = "\(registry.host)/box:1"
            try withBusybox(TestUser.available[0]) { sandbox throws in
                try sandbox.output("tag", "busybox", name)
                let digest = try digest(try sandbox.apus("push", name), "1")
                let layer = try sandbox.output("image", "inspect", "--format", "{{index .RootFS.Layers 0}}", name)
                try Files.unlink("\(sandbox.store)/images/blobs/sha256/\(layer.dropFirst(7))")
                #expect(try self.digest(try sandbox.apus("push", name), "1") == digest)
                try sandbox.output("tag", name, "\(registry.host)/other:2")
                let mounted = try sandbox.apus("push", "\(registry.host)/other:2")
                #expect(mounted.code == 0 && mounted.text.contains(": Mounted from box"), "\(mounted)")
                try RegistryServer.with { second throws in
                    try sandbox.output("tag", name, "\(second.host)/box:1")
                    let missed = try sandbox.apus("push", "\(second.host)/box:1")
                    #expect(missed.code == 1)
                    #expect(
                        missed.errorText
                            == "apus: a part of \(second.host)/box:1 is neither in the store nor in its repository: "
                            + "\(layer.dropFirst(7).prefix(12)): pull or load the image again\n")
                }
            }
        }
    }

    @Test func allTagsArePushed() throws {
        try RegistryServer.with { registry throws in
            let name = "\(registry.host)/many"
            try withBusybox(TestUser.available[0]) { sandbox throws in
                for tag in ["2", "1", "latest"] { try sandbox.output("tag", "busybox", "\(name):\(tag)") }
                let result = try sandbox.apus("push", "-a", name)
                #expect(result.code == 0, "\(result)")
                #expect(result.lines.filter { $0.hasPrefix("The push refers to") }.count == 1)
                let tags = result.lines.filter { $0.contains(": digest: ") }.map { $0.prefix { $0 != ":" } }
                #expect(tags == ["1", "2", "latest"])
                #expect(result.lines.filter { $0.hasSuffix(": Layer already exists") }.count == 2)
                #expect(try sandbox.output("push", "-aq", name) == name)
                let pull = try sandbox.apus("pull", "-a", name)
                #expect(pull.lines.filter { $0.contains("Pulling from many") }.count == 3, "\(pull)")
                let tagged = try sandbox.apus("push", "-a", "\(name):1")
                #expect(tagged.code == 1)
                #expect(tagged.errorText == "apus: tag can't be used with --all-tags/-a\n")
            }
        }
    }

    @Test func whatCannotBePushedIsSaidInOneSentence() throws {
        try RegistryServer.with { registry throws in
            try withBusybox(TestUser.available[0]) { sandbox throws in
                let none = try sandbox.apus("push", "nosuch")
                #expect(none.code == 1)
                #expect(
                    none.text
                        == "Using default tag: latest\nThe push refers to repository [docker.io/library/nosuch]\n")
                #expect(none.errorText == "apus: An image does not exist locally with the tag: nosuch\n")
                let name = "\(registry.host)/box"
                try sandbox.output("tag", "busybox", "\(name):1")
                let tag = try sandbox.apus("push", "\(name):2")
                #expect(tag.code == 1 && tag.errorText == "apus: tag does not exist: \(name):2\n", "\(tag)")
                let digest = try sandbox.apus("push", "\(name)@sha256:\(String(repeating: "0", count: 64))")
                #expect(digest.code == 1 && digest.errorText == "apus: cannot push a digest reference\n", "\(digest)")
                #expect(digest.text.isEmpty)
                let other = try sandbox.apus("push", "--platform", "linux/amd64", "\(name):2")
                #expect(other.code == 1 && other.errorText == "apus: No such image: \(name):2\n", "\(other)")
                #expect(other.text.hasPrefix("\n Info -> Using --platform pushes only the specified platform"))
                let platform = try sandbox.apus("push", "--platform", "linux/s390x", "\(name):1")
                #expect(platform.code == 1)
                #expect(platform.errorText.contains("does not match the specified platform (linux/s390x)"))
                try sandbox.output("tag", "busybox", "127.0.0.1:1/box")
                let host = try sandbox.apus("push", "-q", "127.0.0.1:1/box")
                #expect(host.code == 1 && host.text.isEmpty)
                #expect(host.errorText == "apus: cannot reach the registry 127.0.0.1:1: connection refused\n")
                let signed = try sandbox.apus("push", "--disable-content-trust=false", "\(name):1")
                #expect(signed.code == 1 && signed.errorText.contains("content trust is not supported"))
            }
        }
    }

    @Test func credentialsAreFound() throws {
        // "secret" by bcrypt.
        let users = "user:$2b$04$THQZ15yTc6mXKEKUsORx0.D0SIjnHquHz42U0uu8qFhQmIGlaeJlC\n"
        try RegistryServer.with(htpasswd: users) { registry throws in
            let name = "\(registry.host)/private/box:1"
            try withBusybox(TestUser.available[0]) { sandbox throws in
                try sandbox.output("tag", "busybox", name)
                let denied = try sandbox.apus("push", name)
                #expect(denied.code == 1)
                #expect(denied.errorText.hasPrefix("apus: push access denied for \(registry.host)/private/box"))
                #expect(denied.errorText.split(separator: "\n").count == 1)
                try sandbox.write(#"{"auths":{"\#(registry.host)":{"auth":"dXNlcjpzZWNyZXQ="}}}"#, to: "config.json")
                let found = try sandbox.apus("--config", "\(sandbox.path)/work", "push", "-q", name)
                #expect(found.code == 0, "\(found)")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func anIndexIsPushedWholeOrForOnePlatform(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            let name = "\(registry.host)/both"
            try withSandbox(user) { sandbox throws in
                try sandbox.tool("/bin/mkdir", "\(sandbox.path)/work/context")
                try sandbox.write(
                    "FROM scratch\nARG TARGETARCH\nLABEL a=$TARGETARCH\nCOPY Dockerfile /\n", to: "context/Dockerfile")
                try sandbox.output(
                    "build", "-q", "--platform", "linux/amd64,linux/arm64", "-t", "\(name):1",
                    "\(sandbox.path)/work/context")
                let whole = try sandbox.apus("push", "\(name):1")
                #expect(whole.code == 0, "\(whole)")
                let index = try raw(sandbox, "\(name):1")
                #expect(index.contains(#""architecture":"amd64""#) && index.contains(#""architecture":"arm64""#))
                #expect(whole.lines.last?.hasSuffix("size: \(index.utf8.count)") == true)

                try sandbox.output("tag", "\(name):1", "\(name):arm")
                let one = try sandbox.apus("push", "--platform", "linux/arm64", "\(name):arm")
                #expect(one.code == 0, "\(one)")
                let manifest = try raw(sandbox, "\(name):arm")
                #expect(manifest.contains(#""layers""#))
                let digest = try digest(one, "arm")
                #expect(index.contains(digest))

                // What is not here is taken to be there; elsewhere, what is here is all there is.
                try Files.unlink("\(sandbox.store)/images/blobs/sha256/\(digest.dropFirst(7))")
                #expect(try sandbox.apus("push", "\(name):1").lines.last == whole.lines.last)
                try sandbox.output("tag", "\(name):1", "\(registry.host)/rest:1")
                let rest = try sandbox.apus("push", "\(registry.host)/rest:1")
                #expect(
                    rest.code == 0 && rest.text.contains("\n Info -> Not all multiplatform-content is present"),
                    "\(rest)")
                #expect(try raw(sandbox, "\(registry.host)/rest:1").contains(#""layers""#))
            }
        }
    }

    /// What is being sent stays, though nothing in the store refers to it any more.
    @Test(arguments: TestUser.available)
    func aPruneAtTheSameTimeTakesNothingOfIt(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let sent = Mutex<[String: [UInt8]]>([:])
            let prunes = Mutex(true)
            let server = HTTPServer { request in
                switch request.method {
                case "HEAD":
                    return .text(404, "")
                case "POST":
                    let isFirst = prunes.withLock { prunes in
                        defer { prunes = false }
                        return prunes
                    }
                    if isFirst {
                        let names = (try? sandbox.output("images", "--format", "{{.Repository}}:{{.Tag}}")) ?? ""
                        for name in names.split(separator: "\n") { _ = try? sandbox.apus("rmi", String(name)) }
                        _ = try? sandbox.apus("system", "prune", "-af")
                    }
                    return .text(202, "", [("Location", "/v2/box/blobs/uploads/1")])
                case "PUT":
                    let digest = String(request.target.split(separator: "=").last ?? "").replacing("%3A", with: ":")
                    if request.path.contains("/blobs/") { sent.withLock { $0[digest] = request.body } }
                    return .text(201, "")
                default: return .text(200, "{}")
                }
            }
            try sandbox.output("tag", "busybox", "\(server.host)/box:1")
            let result = try sandbox.apus("push", "\(server.host)/box:1")
            #expect(result.code == 0, "\(result)")
            #expect(try sandbox.output("images", "-q").isEmpty)
            let bodies = sent.withLock { $0 }
            #expect(bodies.count == 2)
            for (digest, body) in bodies { #expect(try HostilePullTests.sha256(body) == digest) }
            // With the push, what kept it has gone.
            try sandbox.output("system", "prune", "-af")
            #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").isEmpty)
        }
    }
}
