import Glibc
import Linux
import TestSupport
import Testing

/// `--cache-to` and `--cache-from` of `build`, and layouts as contexts.
struct BuildCacheTests {
    private func build(_ sandbox: Sandbox, _ flags: [String]) throws -> ProgramResult {
        try sandbox.apus(["build", "--progress=plain", "--network=none", "-t", "built"] + flags + ["context"])
    }

    private func context(_ sandbox: Sandbox, _ dockerfile: String) throws {
        try sandbox.tool("/bin/mkdir", "-p", "\(sandbox.path)/work/context")
        try sandbox.write(dockerfile, to: "context/Dockerfile")
    }

    private static let file = """
        FROM busybox AS one
        RUN echo made >/made && chown 7:8 /made
        FROM busybox
        COPY --from=one /made /
        RUN cat /made >/seen

        """

    @Test(arguments: TestUser.inThreeModes)
    func anotherStoreOfTheSameUserRunsNoStep(_ user: TestUser) throws {
        try withBusybox(user) { first in
            try context(first, Self.file)
            let written = try build(first, ["--cache-to", "type=local,dest=cache,mode=max"])
            #expect(
                written.code == 0 && written.complaints.contains("exporting cache to client directory"), "\(written)")
            try withBusybox(user) { second in
                try context(second, Self.file)
                try second.tool("/bin/cp", "-a", "\(first.path)/work/cache", "\(second.path)/work/cache")
                let read = try build(second, ["--cache-from", "type=local,src=cache"])
                #expect(read.code == 0 && !read.complaints.contains("importing layers"), "\(read)")
                #expect(read.complaints.split(separator: "\n").count { $0.hasSuffix(" CACHED") } == 3, "\(read)")
                let format = ["image", "inspect", "-f", "{{.RootFS.Layers}}", "built"]
                #expect(try second.apus(format).text == first.apus(format).text)
                #expect(try second.output("run", "--rm", "--network=none", "built", "cat", "/seen") == "made")
            }
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func aRegistryHasItForOtherStores(_ user: TestUser) throws {
        try RegistryServer.with { registry in
            let place = "type=registry,ref=\(registry.host)/team/cache:1"
            try withBusybox(user) { first in
                try context(first, Self.file)
                let written = try build(first, ["--cache-to", place + ",mode=max"])
                #expect(written.code == 0 && written.complaints.contains("exporting cache to registry"), "\(written)")
                // What went there alone is nobody's here.
                let blobs = try Files.list("\(first.store)/images/blobs/sha256").count
                #expect(try first.apus("system", "prune", "-f").code == 0)
                #expect(try Files.list("\(first.store)/images/blobs/sha256").count == blobs)
                try withBusybox(user) { second in
                    try context(second, Self.file)
                    let read = try build(second, ["--cache-from", place])
                    #expect(read.code == 0 && !read.complaints.contains("importing layers"), "\(read)")
                    #expect(read.complaints.split(separator: "\n").count { $0.hasSuffix(" CACHED") } == 3, "\(read)")
                    let format = ["image", "inspect", "-f", "{{.RootFS.Layers}}", "built"]
                    #expect(try second.apus(format).text == first.apus(format).text)
                    #expect(try second.output("run", "--rm", "--network=none", "built", "cat", "/seen") == "made")
                    #expect(try second.output("system", "check") == "everything is in order")
                }
            }
        }
    }

    @Test func aRegistryThatHasNoCacheHoldsNoBuildUp() throws {
        try RegistryServer.with { registry in
            try withBusybox(.any) { sandbox in
                try context(sandbox, Self.file)
                let none = try build(sandbox, ["--cache-from", "\(registry.host)/none"])
                #expect(none.code == 0 && none.complaints.contains("manifest unknown"), "\(none)")
                // An image without a cache is none, and no failure.
                try sandbox.output("tag", "busybox", "\(registry.host)/plain")
                try sandbox.output("push", "-q", "\(registry.host)/plain")
                try sandbox.output("rmi", "\(registry.host)/plain")
                #expect(try build(sandbox, ["--cache-from", "\(registry.host)/plain"]).code == 0)
                let nowhere = "type=registry,ref=127.0.0.1:1/cache"
                let failed = try build(sandbox, ["--cache-to", nowhere])
                #expect(
                    failed.code == 1 && failed.complaints.contains("cannot reach the registry 127.0.0.1:1"), "\(failed)"
                )
                #expect(try build(sandbox, ["--cache-to", nowhere + ",ignore-error=true"]).code == 0)
            }
        }
    }

    @Test func aKilledExportLeavesNothingThatReadsWrongly() throws {
        try withBusybox(.any) { sandbox in
            // Layers of a stage that no image has: their archives are written for the cache alone.
            var file = "FROM busybox AS one\n"
            try context(sandbox, file)
            for number in 0..<8 {
                try sandbox.tool(
                    "/bin/sh", "-c", "head -c 3000000 /dev/urandom >\(sandbox.path)/work/context/\(number)")
                file += "COPY \(number) /\n"
            }
            file += "FROM busybox\nCOPY --from=one /0 /\n"
            try context(sandbox, file)
            #expect(try build(sandbox, []).code == 0)
            let folder = "\(sandbox.path)/work/cache"
            let target = ["--cache-to", "type=local,dest=cache,mode=max"]
            for count in 1...8 {
                let killed = try sandbox.start(["build", "-q", "--network=none"] + target + ["context"])
                try sandbox.eventually("\(count) layers are written") {
                    try Files.listPresent("\(folder)/blobs/sha256").count { $0.utf8.count == 64 } >= count
                }
                killed.send(SIGKILL)
                _ = try killed.wait()
                try sandbox.tool("/bin/sh", "-ec", Self.judge, environment: ["FOLDER=\(folder)"])
                // Whether it has an index yet or not, the next build can take it.
                let read = try build(sandbox, ["--cache-from", "type=local,src=cache"])
                #expect(read.code == 0 && !read.complaints.contains("ERROR"), "\(read)")
            }
            #expect(try build(sandbox, target).code == 0)
            // Eight layers, of which the image's is one again, and two documents.
            try sandbox.tool("/bin/sh", "-ec", Self.judge + "[ $(ls | wc -l) = 10 ]", environment: ["FOLDER=\(folder)"])
        }
    }

    /// Every blob is what its name says.
    private static let judge = """
        cd "$FOLDER/blobs/sha256"
        for blob in *; do [ ${#blob} != 64 ] || echo "$blob  $blob"; done | sha256sum --check --quiet

        """

    @Test(arguments: TestUser.inThreeModes)
    func aLayoutIsAContext(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            try context(sandbox, "FROM busybox\nRUN echo here >/here\n")
            #expect(try build(sandbox, ["-o", "type=oci,tar=false,dest=layout"]).code == 0)
            #expect(try sandbox.apus("builder", "prune", "-af").code == 0)
            try context(
                sandbox,
                "FROM lay\nCOPY --from=lay /here /copy\nRUN --mount=from=lay,target=/m cat /m/here /copy >/both\n")
            let named = ["--build-context", "lay=oci-layout://layout"]
            let built = try build(sandbox, named)
            #expect(built.code == 0, "\(built)")
            #expect(try sandbox.output("run", "--rm", "--network=none", "built", "cat", "/both") == "here\nhere")
            // As with buildx the only one serves, whatever it is called.
            #expect(try build(sandbox, ["--build-context", "lay=oci-layout://layout:other"]).code == 0)
            let none = try build(sandbox, ["--build-context", "lay=oci-layout://context:other"])
            #expect(
                none.complaints.hasPrefix(
                    "ERROR: failed to build: oci-layout reference \"oci-layout://context:other\" could not be resolved: "
                ), "\(none)")
        }
    }
}
