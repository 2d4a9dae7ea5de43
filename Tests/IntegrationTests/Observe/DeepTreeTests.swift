import Glibc
import Linux
import TestSupport
import Testing

/// What a container can make that is deeper than a process may have descriptors.
@Suite struct DeepTreeTests {
    private static let makeTree = """
        i=0; while [ $i -lt 1500 ]; do mkdir d && cd d || exit 1; i=$((i + 1)); done; echo text > f
        """

    /// With a limit that a walk with a descriptor for each level soon reaches.
    private func limited(_ sandbox: Sandbox, _ arguments: String...) throws -> ProgramResult {
        let program = try RunningProgram(
            sandbox.spawn("/bin/sh", ["-c", "ulimit -n 256; exec \"$0\" \"$@\"", Executable.path] + arguments))
        program.closeInput()
        return try program.wait()
    }

    @Test(arguments: TestUser.available)
    func aDeepTreeIsComparedMeasuredAndRemoved(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "create", "--name", "deep", "--network", "none", "busybox", "sh", "-c", Self.makeTree)
            try sandbox.output("start", "-a", "deep")
            let changes = try limited(sandbox, "diff", "deep")
            #expect(changes.code == 0 && changes.lines.count == 1501, "\(changes.code) \(changes.errorText)")
            #expect(changes.lines.last == "A " + String(repeating: "/d", count: 1500) + "/f")
            let size = try limited(sandbox, "ps", "-as", "--format", "{{.Size}}")
            #expect(size.text.hasPrefix("5B (virtual "), "\(size)")
            #expect(try limited(sandbox, "system", "df").code == 0)
            let removal = try limited(sandbox, "rm", "deep")
            #expect(removal.code == 0, "\(removal)")
            #expect(!Files.exists("\(sandbox.store)/containers/\(id)"))
            #expect(try Files.list("\(sandbox.store)/containers").allSatisfy { !$0.hasPrefix(".dead") })
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerWithADeepTreeIsRemovedAtItsEnd(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try limited(
                sandbox, "run", "--rm", "--network", "none", "busybox", "sh", "-c", Self.makeTree)
            #expect(result.code == 0, "\(result)")
            try sandbox.eventually("the container's end") {
                try Files.list("\(sandbox.store)/containers").allSatisfy { $0.hasPrefix(".") && !$0.hasPrefix(".dead") }
            }
        }
    }

    @Test(
        .enabled(
            if: getuid() == 0 && TestUser.ordinary.isAvailable, "only root mounts without a namespace of its own"))
    func whatCannotBeRemovedIsNamedWithItsCause() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let id = try sandbox.output("create", "--name", "stuck", "--network", "none", "busybox", "mkdir", "/kept")
            try sandbox.output("start", "-a", "stuck")
            // What root has mounted on an ordinary user cannot remove; it is so in this one mount namespace.
            let script = """
                place=$(find '\(sandbox.store)/containers/\(id)' -type d -name kept) &&
                mount -t tmpfs none "$place" && exec "$@"
                """
            let result = try sandbox.apus(
                behind: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"], ["rm", "stuck"])
            #expect(result.code == 1 && result.errorText.contains("kept: device or resource busy"), "\(result)")
            // It is gone from the lists, and what is left of it goes with the next prune.
            #expect(try sandbox.output("ps", "-aq") == "")
            try sandbox.output("system", "prune", "-f")
            #expect(try sandbox.tool("find", sandbox.store, "-name", "kept").text == "")
        }
    }
}
