import Linux

extension Sandbox {
    /// Imports busybox's root file system as `busybox:latest`.
    package func importBusybox() throws {
        try output("import", try Fixtures.busyboxTar, "busybox")
    }

    /// `apus run --rm --network none FLAGS… busybox COMMAND…`.
    package func run(_ flags: [String] = [], _ command: String..., input: [UInt8] = []) throws -> ProgramResult {
        try apus(["run", "--rm", "--network", "none"] + flags + ["busybox"] + command, input: input)
    }

    /// The standard output of a shell script in a container with `flags`, without the last line feed; throws unless
    /// it exits with 0.
    package func shell(_ flags: [String] = [], _ script: String) throws -> String {
        let result = try run(flags, "sh", "-c", script)
        guard result.code == 0 else { throw TestFailure("sh -c '\(script)' with \(flags): \(result)") }
        return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
    }
}

/// Runs `body` with a sandbox that has the image `busybox`; what is left afterwards is a failure.
package func withBusybox(_ user: TestUser, _ body: (Sandbox) throws -> Void) throws {
    try withSandbox(user) { sandbox in
        try sandbox.importBusybox()
        try body(sandbox)
    }
}
