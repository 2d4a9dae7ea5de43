import Linux
import TestSupport
import Testing

/// `--read-only`, with images that lack what is mounted over.
@Suite struct ReadOnlyRootTests {
    private static let script = """
        touch /file 2>/dev/null || echo refused
        test -s /etc/hosts && test -s /etc/resolv.conf && test -s /etc/hostname && echo files
        test -d /proc/self && test -d /sys/class && test -c /dev/null && echo kernel
        stat -c %a:%u / /etc
        """
    private static let answer = "refused\nfiles\nkernel\n755:0\n755:0"

    @Test(arguments: TestUser.available)
    func whatTheImageLacksIsThere(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell(["--read-only"], Self.script) == Self.answer)
        }
    }

    @Test(arguments: TestUser.available)
    func targetsAndTheWorkingDirectoryAreMade(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write("bound", to: "file")
            let work = "\(sandbox.path)/work"
            let flags = [
                "--read-only", "-v", "\(work):/deep/in/it", "-v", "\(work)/file:/deep/file:ro", "--tmpfs", "/scratch",
                "-w", "/made/here",
            ]
            let script =
                "pwd; cat /deep/in/it/file /deep/file; touch /scratch/x /deep/in/it/new && echo written; "
                + "touch /deep/x /made/here/x 2>/dev/null || echo refused\n" + Self.script
            #expect(try sandbox.shell(flags, script) == "/made/here\nboundboundwritten\nrefused\n" + Self.answer)
            #expect(Files.exists("\(work)/new"))
        }
    }

    /// A layer can hide what lies below it: then it is made for the one container.
    @Test(arguments: TestUser.available)
    func whatALayerHidesIsMade(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let image = try hiding(sandbox)
            try sandbox.output("load", "-i", image)
            for flags in [["--read-only"], []] {
                let result = try sandbox.apus(
                    ["run", "--rm", "--network", "none"] + flags + [
                        "hiding", "sh", "-c", "test -s /etc/hosts && ls /etc",
                    ])
                #expect(result.text == "hostname\nhosts\nresolv.conf\n", "\(result)")
            }
        }
    }

    // Busybox, and above it an empty /etc that hides the one below.
    private func hiding(_ sandbox: Sandbox) throws -> String {
        let (work, layout) = ("\(sandbox.path)/work", "\(sandbox.path)/work/layout")
        let script = """
            set -e
            cd \(work)
            mkdir -p top/etc && : >top/etc/.wh..wh..opq && tar -cf top.tar -C top etc
            umoci init --layout \(layout)
            umoci new --image \(layout):hiding
            umoci raw add-layer --image \(layout):hiding \(try Fixtures.busyboxTar)
            umoci raw add-layer --image \(layout):hiding top.tar
            skopeo --insecure-policy copy --quiet oci:\(layout):hiding docker-archive:\(work)/image.tar:hiding:latest
            """
        try sandbox.tool("/bin/sh", "-c", script)
        return "\(work)/image.tar"
    }
}
