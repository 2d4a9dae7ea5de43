import Glibc
import Linux
import Runtime

// The pipes by which `start` reaches the process that `create` has left waiting.
extension StateDirectory {
    /// Makes the pipes: the creation is not complete yet.
    func makeGatePipes() throws(SystemError) {
        for entry in [Entry.newOrders, .answers] {
            try check("mkfifo", path(entry)) { mkfifoat(folder.rawValue, entry.rawValue, 0o600) }
        }
    }

    /// Opens one of them for the process that waits, on both sides: it neither waits for another one nor ends without.
    func openGatePipe(_ entry: Entry) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(entry.rawValue, in: folder.rawValue, O_RDWR | O_NOFOLLOW)
    }

    /// Declares the creation complete.
    func completeGate() throws(SystemError) {
        try Files.rename(
            Entry.newOrders.rawValue, in: folder.rawValue, to: Entry.orders.rawValue, in: folder.rawValue)
    }

    /// The pipe of orders; nil where nobody waits for one any more: the kernel knows who holds the other side, whatever
    /// was killed meanwhile.
    func openOrders(_ entry: Entry = .orders) -> FileDescriptor? {
        guard
            let file = try? FileDescriptor.open(entry.rawValue, in: folder.rawValue, O_WRONLY | O_NONBLOCK | O_NOFOLLOW)
        else { return nil }
        return try? file.blocking()
    }

    /// Tells the created process to execute its command, and waits until it has.
    func start() throws(OCIError) {
        // The answers first: while the process holds both, neither open waits.
        guard
            let answers = try? FileDescriptor.open(
                Entry.answers.rawValue, in: folder.rawValue, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
            let reading = try? answers.blocking(), let orders = openOrders()
        else { throw OCIError("cannot start the container \(id): it is not waiting for its start") }
        Signals.ignoreBrokenPipe()
        do throws(LaunchError) {
            try StartGate.start(orders: orders, answers: reading)
        } catch { throw OCIError(error.description) }
    }
}

extension FileDescriptor {
    /// The same, without O_NONBLOCK.
    consuming func blocking() throws(SystemError) -> FileDescriptor {
        try setBlocking(rawValue)
        return self
    }
}

private func setBlocking(_ number: CInt) throws(SystemError) {
    let flags = try check("fcntl") { DescriptorTable.statusFlags(number) }
    try check("fcntl") { DescriptorTable.setStatusFlags(number, flags & ~O_NONBLOCK) }
}
