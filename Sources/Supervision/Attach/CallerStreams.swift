package import Linux

/// The descriptors between which and a container a session moves bytes. They stay their owner's.
package struct CallerStreams: Sendable {
    package var input: CInt
    package var output: CInt
    package var errorOutput: CInt

    /// The caller's own, whatever their numbers are; negative for one that it does not have.
    package init(input: CInt, output: CInt, errorOutput: CInt) {
        (self.input, self.output, self.errorOutput) = (input, output, errorOutput)
    }

    /// All three in the order of standard streams; nil for one that is missing.
    package var numbers: [CInt?] { [input, output, errorOutput].map { $0 < 0 ? nil : $0 } }

    /// The size of the terminal that the user has before them: the input's, or else the output's. nil without one.
    package var windowSize: WindowSize? { Terminal.size(of: input) ?? Terminal.size(of: output) }
}
