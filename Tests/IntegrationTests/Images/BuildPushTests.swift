import Linux
import TestSupport
import Testing

/// `apus build --push`, and outputs that go to registries.
@Suite struct BuildPushTests {
    private func withContext(_ user: TestUser, _ body: (Sandbox, RegistryServer) throws -> Void) throws {
        try RegistryServer.with { registry throws in
            try withSandbox(user) { sandbox throws in
                try sandbox.tool("/bin/mkdir", "\(sandbox.path)/work/context")
                try sandbox.write("FROM scratch\nCOPY Dockerfile /\n", to: "context/Dockerfile")
                try body(sandbox, registry)
            }
        }
    }

    private func raw(_ sandbox: Sandbox, _ name: String) throws -> [UInt8] {
        try sandbox.tool("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)").output
    }

    @Test(arguments: TestUser.available)
    func whatWasBuiltIsPushedUnderAllOfItsNames(_ user: TestUser) throws {
        try withContext(user) { sandbox, registry throws in
            let names = ["\(registry.host)/app:1", "\(registry.host)/team/app:latest"]
            let result = try sandbox.apus(
                "build", "--progress", "plain", "--push", "-t", names[0], "-t", names[1], "--metadata-file",
                "\(sandbox.path)/work/meta.json", "\(sandbox.path)/work/context")
            #expect(result.code == 0, "\(result)")
            let meta = try Files.readText("\(sandbox.path)/work/meta.json")
            for name in names {
                let digest = try HostilePullTests.sha256(try raw(sandbox, name))
                #expect(meta.contains("\"containerimage.digest\": \"\(digest)\""), "\(meta)")
                #expect(result.errorText.contains("pushing manifest for \(name)@\(digest)"), "\(result)")
            }
            #expect(meta.contains("\"image.name\": \"\(names[0]),\(names[1])\""))
            #expect(try sandbox.output("images", "-q", names[0]).isEmpty == false)
        }
    }

    @Test func severalPlatformsArePushedAsAnIndex() throws {
        try withContext(.any) { sandbox, registry throws in
            let name = "\(registry.host)/app:1"
            try sandbox.output(
                "build", "-q", "--platform", "linux/amd64,linux/arm64", "-o", "type=image,name=\(name),push=true",
                "\(sandbox.path)/work/context")
            let index = String(decoding: try raw(sandbox, name), as: UTF8.self)
            #expect(index.contains("amd64") && index.contains("arm64") && index.contains("image.index.v1+json"))
            try sandbox.output("build", "-q", "-o", "type=registry,name=\(name)", "\(sandbox.path)/work/context")
            #expect(String(decoding: try raw(sandbox, name), as: UTF8.self).contains("\"layers\""))
        }
    }

    @Test func aBuildFailsWhoseImageCannotBePushed() throws {
        try withContext(.any) { sandbox, _ throws in
            let result = try sandbox.apus("build", "--push", "-t", "127.0.0.1:1/app", "\(sandbox.path)/work/context")
            #expect(result.code == 1)
            #expect(
                result.errorText.contains(
                    "ERROR: failed to build: failed to solve: failed to push 127.0.0.1:1/app:latest: "
                        + "cannot reach the registry 127.0.0.1:1: connection refused"), "\(result)")
        }
    }
}
