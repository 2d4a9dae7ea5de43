import Glibc
import Linux
import TestSupport
import Testing

/// Images whose blobs or unpacked layers are lost or damaged: `system check` finds them, `--repair` and a pull make them good.
@Suite struct DamagedStoreTests {
    /// Runs `body` in a sandbox that has pulled an image of five layers, which a registry still has.
    private func withPulled(_ user: TestUser, _ body: (Sandbox, _ name: String) throws -> Void) throws {
        try RegistryServer.with { registry throws in
            let name = try registry.push("oci:\(Fixtures.path("layers.oci", of: .layers)):gzip", as: "team/layers:1")
            try withSandbox(user) { sandbox throws in
                try sandbox.output("pull", "-q", name)
                try body(sandbox, name)
            }
        }
    }

    /// A script that may change files of subordinate ids, in the store.
    private func damage(_ sandbox: Sandbox, _ script: String) throws {
        let inside = "cd '\(sandbox.store)' && \(script)"
        guard sandbox.user == .ordinary else {
            try sandbox.tool("sh", "-ec", inside)
            return
        }
        let result = try sandbox.apus("unshare", "sh", "-ec", inside)
        if result.code != 0 { throw TestFailure("\(script): \(result)") }
    }

    private func expectOrder(_ sandbox: Sandbox, _ what: String) throws {
        let result = try sandbox.apus("system", "check", "--deep")
        #expect(result.code == 0 && result.text == "everything is in order\n", "\(what): \(result)")
    }

    /// The name in `layers` of the layer that has busybox.
    private func base(_ sandbox: Sandbox) throws -> String {
        let layer = try sandbox.output("image", "inspect", "--format", "{{index .RootFS.Layers 0}}", sandbox.only)
        return layer.replacingColon
    }

    @Test(arguments: TestUser.available)
    func blobsAreTakenAwayAndPulledAnew(_ user: TestUser) throws {
        try withPulled(user) { sandbox, name throws in
            for (what, script) in [
                (
                    "flipped",
                    #"f=$(ls -S images/blobs/sha256/* | head -1); printf X | dd of=$f bs=1 seek=5000 conv=notrunc status=none"#
                ),
                ("cut short", #"f=$(ls -S images/blobs/sha256/* | head -2 | tail -1); truncate -s 100 $f"#),
                ("gone", #"rm $(ls -S images/blobs/sha256/* | head -1)"#),
                ("a configuration", #"f=$(grep -l rootfs images/blobs/sha256/*); tr a b <$f >x; cat x >$f; rm x"#),
                ("a manifest", #"f=$(grep -l schemaVersion images/blobs/sha256/*); tr a b <$f >x; cat x >$f; rm x"#),
            ] {
                try damage(sandbox, script)
                let found = try sandbox.apus("system", "check")
                #expect(
                    found.code == 1 && found.errorText.contains("blob"),
                    "\(what): \(found)")
                let repaired = try sandbox.apus("system", "check", "--repair")
                #expect(repaired.code == 1, "\(what): \(repaired)")
                #expect(repaired.text.hasPrefix("Removed blob sha256:") || what == "gone", "\(what): \(repaired)")
                let pulled = try sandbox.apus("pull", name)
                #expect(pulled.code == 0, "\(what): \(pulled)")
                try expectOrder(sandbox, what)
            }
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func unpackedLayersAreMadeGood(_ user: TestUser) throws {
        try withPulled(user) { sandbox, name throws in
            let layer = "layers*/\(try base(sandbox))"
            for (what, script, isSeenAtOnce, difference) in [
                ("removed file", "rm \(layer)/bin/busybox", true, "it lacks \"bin/busybox\""),
                ("emptied", "find \(layer) -mindepth 1 -delete", true, "it lacks \"bin\""),
                ("added file", "for one in \(layer); do echo x >$one/bin/added; done", true, "it has \"bin/added\""),
                (
                    "longer file", "for one in \(layer)/bin/busybox; do echo x >>$one; done", true,
                    "\"bin/busybox\" has another size"
                ),
                (
                    "flipped byte",
                    "printf X | dd of=$(echo \(layer)/bin/busybox) bs=1 seek=5000 conv=notrunc status=none",
                    false, "\"bin/busybox\" has another content"
                ),
                ("mode", "chmod 4755 \(layer)/bin/busybox", false, "\"bin/busybox\" has another mode"),
            ] {
                try damage(sandbox, script)
                let found = try sandbox.apus("system", "check")
                #expect((found.code == 1) == isSeenAtOnce, "\(what): \(found)")
                let deep = try sandbox.apus("system", "check", "--deep")
                #expect(
                    deep.code == 1 && deep.errorText.contains("image \(name): the unpacked layer ")
                        && deep.errorText.contains(difference)
                        && deep.errorText.contains("'apus system check --repair' makes it good"), "\(what): \(deep)")
                #expect(
                    try Files.list("\(sandbox.store)/layers").filter { $0.hasPrefix(".tmp.") || $0.hasPrefix(".dead.") }
                        .isEmpty)
                let repaired = try sandbox.apus(["system", "check", "--repair"] + (isSeenAtOnce ? [] : ["--deep"]))
                #expect(repaired.code == 0, "\(what): \(repaired)")
                #expect(repaired.lines.first?.hasPrefix("Repaired layer sha256:") == true, "\(what): \(repaired)")
                try expectOrder(sandbox, what)
                #expect(try sandbox.apus("run", "--rm", "--network", "none", name, "busybox", "true").code == 0)
            }
            // Its archive is gone as well: it goes, and a pull brings both.
            try damage(sandbox, "rm \(layer)/bin/busybox; rm images/blobs/sha256/*; ")
            #expect(try sandbox.apus("system", "check", "--repair").code == 1)
            #expect(try sandbox.apus("pull", name).code == 0)
            try sandbox.output("system", "check", "--repair")
            try expectOrder(sandbox, "archive")
            // A directory that is gone is unpacked by whoever needs it.
            try damage(sandbox, "rm -r \(layer)")
            #expect(try sandbox.apus("run", "--rm", "--network", "none", name, "busybox", "true").code == 0)
            try expectOrder(sandbox, "directory")
        }
    }

    @Test(arguments: TestUser.available)
    func whatRunsIsNotDisturbed(_ user: TestUser) throws {
        try withPulled(user) { sandbox, name throws in
            let layer = "layers/\(try base(sandbox))"
            let id = try sandbox.output(
                "run", "-d", "--name", "one", "--network", "none", name, "busybox", "sleep", "1000")
            try sandbox.output("create", "--name", "idle", "--network", "none", name, "busybox", "echo", "fine")
            try damage(sandbox, "for one in \(layer); do echo x >$one/bin/added; done")
            let left = try sandbox.apus("system", "check", "--repair")
            #expect(left.code == 1 && !left.text.contains("Repaired"), "\(left)")
            #expect(left.errorText.contains("container \(id.prefix(12)) runs on it: stop that first"), "\(left)")
            #expect(try sandbox.output("exec", "one", "cat", "/bin/added") == "x")
            try sandbox.output("rm", "-f", "one")
            #expect(try sandbox.apus("system", "check", "--repair").code == 0)
            #expect(try sandbox.output("start", "-a", "idle") == "fine")
            try sandbox.output("rm", "idle")
            try expectOrder(sandbox, "after")
        }
    }

    /// What builds and commits have made is what its archive says, too.
    @Test(arguments: TestUser.inThreeModes)
    func whatWasBuiltIsInOrder(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write(
                """
                FROM busybox
                RUN mkdir -p /a/b && echo x >/a/b/c && ln /a/b/c /a/d && ln -s c /a/b/e && chmod 4711 /a/d && rm -r /tmp
                RUN mkdir /tmp && rm -r /a/b && mkdir /a/b && touch /a/b/new && chown 5:6 /a/b/new || chown 0:0 /a/b/new
                COPY Dockerfile /etc/
                """, to: "Dockerfile")
            try sandbox.output("build", "-q", "-t", "built", "\(sandbox.path)/work")
            try sandbox.output(
                "run", "--name", "one", "--network", "none", "built", "sh", "-c", "rm -r /a/b; echo y >/etc/more")
            try sandbox.output("commit", "one", "committed")
            try sandbox.output("rm", "one")
            try expectOrder(sandbox, "built")
            try sandbox.output("save", "-o", "\(sandbox.path)/work/all", "built", "committed")
            try sandbox.output("system", "prune", "-af")
            try sandbox.output("load", "-i", "\(sandbox.path)/work/all")
            try expectOrder(sandbox, "loaded")
        }
    }
}

extension Sandbox {
    /// The id of the only image.
    fileprivate var only: String { get throws { try output("images", "-q") } }
}

extension String {
    /// "sha256-…" of "sha256:…".
    fileprivate var replacingColon: String { String(map { $0 == ":" ? "-" : $0 }) }
}
