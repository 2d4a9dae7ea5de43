import Linux

/// The socket on which a caller waits for the master side of a terminal (`--console-socket`).
enum ConsoleSocket {
    /// Sends `master`, with a name for it as the data, as runc does.
    static func send(_ master: borrowing FileDescriptor, to path: String) throws(OCIError) {
        try reporting("cannot hand the terminal to \(path)") {
            try DescriptorSocket.send(master, with: Array("/dev/ptmx".utf8), to: path)
        }
    }
}
