import Glibc
import Linux
import TestSupport
import Testing

/// Debian's engines with our executable as their runtime.
@Suite(.enabled(if: getuid() == 0, "containerd and podman run as root here")) struct OCICallersTests {
    /// A step of a script: the exit status and the output.
    private struct Steps {
        let text: String
        private var steps: [String: (code: String, output: String)] = [:]

        init(_ result: ProgramResult) {
            text = result.description
            for line in result.lines {
                let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
                if parts.count >= 2 { steps[parts[0]] = (parts[1], parts.count > 2 ? parts[2] : "") }
            }
        }

        func check(_ name: String, _ code: Int, _ words: String = "") -> Bool {
            guard let step = steps[name] else { return false }
            return step.code == String(code) && (words.isEmpty || step.output.contains(words))
        }
    }

    private func drive(_ script: String, _ argument: (Sandbox) throws -> String, _ body: (Steps) throws -> Void) throws
    {
        try withSandbox(.root) { sandbox throws in
            let runtime = "\(sandbox.path)/work/apus-oci"
            try sandbox.tool("ln", "-s", Executable.path, runtime)
            let folder = "\(sandbox.path)/work/state"
            try sandbox.tool("mkdir", folder)
            // What the engines mount ends with the mount namespace, and the tree of control groups is seen in it alone.
            let command = """
                mount -t cgroup2 none /sys/fs/cgroup && exec "$@"
                """
            let program = try RunningProgram(
                sandbox.spawn(
                    "unshare",
                    [
                        "--mount", "--propagation", "slave", "sh", "-c", command, "sh",
                        "\(Executable.repository)/Tests/Harness/\(script)", runtime, try argument(sandbox), folder,
                    ]))
            program.closeInput()
            try body(Steps(try program.wait(seconds: 240)))
        }
    }

    @Test func containerdRunsContainers() throws {
        try drive("oci-containerd") { sandbox throws in
            let root = "\(sandbox.path)/work/rootfs"
            try sandbox.tool("mkdir", root)
            try sandbox.tool("tar", "-C", root, "-xf", try Fixtures.busyboxTar)
            return root
        } _: { steps in
            #expect(steps.check("run", 0, "hello"), "\(steps.text)")
            #expect(steps.check("code", 5), "\(steps.text)")
            #expect(steps.check("missing", 1, "no such file or directory"), "\(steps.text)")
            #expect(steps.check("detached", 0) && steps.check("exec", 4, "more"), "\(steps.text)")
            #expect(steps.check("exec-missing", 1, "no such file or directory"), "\(steps.text)")
            #expect(steps.check("exec-tty", 0, "terminal"), "\(steps.text)")
            #expect(steps.check("pause", 0) && steps.check("paused", 0, "PAUSED"), "\(steps.text)")
            #expect(steps.check("resume", 0), "\(steps.text)")
            #expect(steps.check("checkpoint", 1, "checkpoints are not supported"), "\(steps.text)")
            #expect(steps.check("kill", 0) && steps.check("delete", 0) && steps.check("remove", 0), "\(steps.text)")
            for event in ["create", "start", "exec-added", "exec-started", "paused", "resumed", "exit", "delete"] {
                #expect(steps.check("events", 0, "/tasks/\(event)"), "\(event): \(steps.text)")
            }
            #expect(steps.check("parallel", 0) && steps.check("left", 0), "\(steps.text)")
        }
    }

    @Test func podmanRunsContainers() throws {
        try drive("oci-podman") { _ in
            try Fixtures.busyboxTar
        } _: { steps in
            #expect(steps.check("run", 3, "hello"), "\(steps.text)")
            #expect(steps.check("missing", 127, "executable file not found"), "\(steps.text)")
            #expect(steps.check("directory", 126), "\(steps.text)")
            #expect(steps.check("terminal", 0, "terminal"), "\(steps.text)")
            #expect(steps.check("detached", 0) && steps.check("exec", 4, "more"), "\(steps.text)")
            #expect(steps.check("exec-missing", 127, "executable file not found"), "\(steps.text)")
            #expect(steps.check("exec-detached", 0), "\(steps.text)")
            #expect(steps.check("pause", 0) && steps.check("paused", 0, "Paused"), "\(steps.text)")
            #expect(steps.check("unpause", 0) && steps.check("top", 0, "sleep 1000"), "\(steps.text)")
            #expect(steps.check("stop", 0) && steps.check("stopped", 0, "Exited"), "\(steps.text)")
            #expect(steps.check("start", 0) && steps.check("kill", 0) && steps.check("remove", 0), "\(steps.text)")
            #expect(steps.check("build", 0) && steps.check("built", 0, "built"), "\(steps.text)")
        }
    }
}
