import Glibc
package import Linux

/// Two pipes with names (fifo(7)) by which one process starts a container that another one has created: the created
/// process reads its order from the first and writes its answer into the second, which closes with its execve(2).
///
/// Pipes, because read(2), write(2) and close(2) are all that a filter that is loaded already has to let pass.
package struct StartGate: Sendable {
    /// Descriptors of the two, open for reading and writing (so that neither blocks nor ends while there is no other
    /// side). They stay the caller's.
    package var orders: CInt
    package var answers: CInt

    package init(orders: CInt, answers: CInt) {
        self.orders = orders
        self.answers = answers
    }

    /// Writes the order to start into `orders`, and waits for what comes of it: until the last writer of `answers` has
    /// closed it. Throws what the process failed with.
    package static func start(
        orders: borrowing FileDescriptor, answers: borrowing FileDescriptor
    ) throws(LaunchError) {
        let bytes = try step(.communication) { () throws(SystemError) in
            try orders.writeAll(Frame.encode(ParentMessage.start))
            return try answers.readAll(limit: 1 << 20)
        }
        try outcome(bytes)
    }

    /// What a whole answer says: the process has executed its command if "executing" is the last word.
    static func outcome(_ bytes: [UInt8]) throws(LaunchError) {
        var rest = bytes[...]
        var executing = false
        while rest.count >= 4 {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } + 4
            guard length <= rest.count else { break }
            guard let message: ChildMessage = try? Frame.decode(Array(rest.prefix(length))) else { break }
            rest = rest.dropFirst(length)
            switch message {
            case .executing: executing = true
            case .failed(let error): throw error
            default: break
            }
        }
        guard executing, rest.isEmpty else {
            throw LaunchError(
                .communication, sentence: "the container's process ended before it could execute its command")
        }
    }
}
