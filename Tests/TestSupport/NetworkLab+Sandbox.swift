/// `apus` in a sandbox, on the machine of a lab: called with its words.
package struct LabExecutable {
    let sandbox: Sandbox
    let lab: NetworkLab

    /// Runs it to its end.
    @discardableResult
    package func callAsFunction(_ words: String...) throws -> ProgramResult { try callAsFunction(words) }

    /// Runs it to its end.
    @discardableResult
    package func callAsFunction(_ words: [String]) throws -> ProgramResult {
        try sandbox.apus(behind: lab.entering(.machine), words)
    }

    /// Runs it to its end; throws unless it exits with 0.
    @discardableResult
    package func success(_ words: String...) throws -> ProgramResult { try success(words) }

    /// The same.
    @discardableResult
    package func success(_ words: [String]) throws -> ProgramResult {
        let result = try callAsFunction(words)
        guard result.code == 0 else { throw TestFailure("apus \(words.joined(separator: " ")): \(result)") }
        return result
    }
}

/// Runs `body` with a sandbox of `user` that has the image `busybox`, a lab, and `apus` on the lab's machine.
package func withLab(_ user: TestUser, _ body: (Sandbox, NetworkLab, LabExecutable) throws -> Void) throws {
    try withBusybox(user) { sandbox throws in
        let lab = try NetworkLab()
        try body(sandbox, lab, LabExecutable(sandbox: sandbox, lab: lab))
    }
}
