package import Linux
import Store

/// A command to run beside a container's own process (`apus exec`), as its client asks for it. What is nil is as the
/// container has it.
package struct ExecRequest: Hashable, Sendable {
    /// 64 random hexadecimal digits, under which `inspect` and the events list the command.
    package var id: String
    /// The program and its arguments.
    package var arguments: [String]
    /// `NAME=value` over the container's own variables; `NAME` alone removes one.
    package var environment: [String] = []
    /// `name|uid[:group|gid]`, to be looked up in the container's own files.
    package var user: String?
    /// An absolute path of the container.
    package var workingDirectory: String?
    /// Whether the command gets a terminal.
    package var hasTerminal = false
    /// The first size of that terminal.
    package var size: WindowSize?
    /// Whether the client sends an input; without, the command reads the end of a file.
    package var hasInput = false
    /// Whether anybody reads what the command writes.
    package var hasOutput = true
    /// Whether the command gets every capability (`--privileged`). All else that confines the container holds for it.
    package var isPrivileged = false

    /// `id` is made at random.
    package init(_ arguments: [String]) {
        id = randomHex(bytes: 32)
        self.arguments = arguments
    }
}

extension ExecRequest: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(id)
        encoder.write(arguments)
        encoder.write(environment)
        encoder.write(user)
        encoder.write(workingDirectory)
        encoder.write(hasTerminal)
        encoder.write(size?.rows)
        encoder.write(size?.columns)
        encoder.write(hasInput)
        encoder.write(hasOutput)
        encoder.write(isPrivileged)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        id = try decoder.read()
        // It becomes the name of a file.
        guard ContainerStore.isID(id) else { throw .invalidValue("id") }
        arguments = try decoder.read()
        environment = try decoder.read()
        user = try decoder.read()
        workingDirectory = try decoder.read()
        hasTerminal = try decoder.read()
        let rows: UInt16? = try decoder.read()
        let columns: UInt16? = try decoder.read()
        if let rows, let columns { size = WindowSize(rows: rows, columns: columns) }
        hasInput = try decoder.read()
        hasOutput = try decoder.read()
        isPrivileged = try decoder.read()
    }
}
