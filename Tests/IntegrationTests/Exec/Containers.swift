import TestSupport

extension Sandbox {
    /// Runs `body` with a container `box` of busybox that does nothing, or `command`, and removes the container.
    func withContainer(_ flags: [String] = [], _ command: [String] = ["sleep", "1000"], _ body: () throws -> Void)
        throws
    {
        let words = ["run", "-d", "--name", "box", "--network", "none"] + flags + ["busybox"] + command
        let result = try apus(words)
        guard result.code == 0 else { throw TestFailure("apus \(words.joined(separator: " ")): \(result)") }
        do { try body() } catch {
            _ = try? apus("rm", "-f", "box")
            throw error
        }
        try output("rm", "-f", "box")
    }

    /// `apus exec FLAGS… box COMMAND…`.
    func exec(_ flags: [String] = [], _ command: String..., input: [UInt8] = []) throws -> ProgramResult {
        try apus(["exec"] + flags + ["box"] + command, input: input)
    }

    /// The standard output of a shell script in the container, without the last line feed; throws unless it exits with 0.
    func execShell(_ flags: [String] = [], _ script: String) throws -> String {
        let result = try exec(flags, "sh", "-c", script)
        guard result.code == 0 else { throw TestFailure("exec sh -c '\(script)' with \(flags): \(result)") }
        return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
    }
}

/// Runs `body` until it is true, for at most a minute.
func awaiting(_ what: String, _ body: () throws -> Bool) throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    while try !body() {
        guard ContinuousClock.now < deadline else { throw TestFailure("waited too long: \(what)") }
        RunningProgram.pause()
    }
}
