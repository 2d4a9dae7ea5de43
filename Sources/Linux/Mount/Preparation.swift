import CLinux
import Glibc
import Synchronization

/// What a process that shares the caller's memory and descriptors makes for a container while the caller works out the rest of
/// it: a network namespace with loopback up, and an overlay that is mounted nowhere. One in the life of a process.
///
/// Both go to the process that the caller forks next (`Parts`). What cannot be made is left out: who needs it makes it then, and
/// hears why that fails.
package final class Preparation: Sendable {
    /// What is to be made.
    package struct Request: Sendable {
        package var makesNetwork: Bool
        /// Directories, the topmost first.
        package var lowers: [String]
        /// The directory for what is written, and an empty one beside it for the kernel's work. Both are made.
        package var upper: String
        package var work: String
        /// The directory whose owner, mode and times the first gets.
        package var pattern: String
        /// As for `Overlay.mount`. No device node in it opens.
        package var isVolatile: Bool

        package init(
            makesNetwork: Bool, lowers: [String], upper: String, work: String, pattern: String, isVolatile: Bool
        ) {
            self.makesNetwork = makesNetwork
            self.lowers = lowers
            self.upper = upper
            self.work = work
            self.pattern = pattern
            self.isVolatile = isVolatile
        }
    }

    private let process: ProcessID
    private let isReaped = Atomic(false)
    private let pidfd: FileDescriptor
    private let answers: FileDescriptor
    // The other process has these, too, as long as they are open here.
    private let tellings: FileDescriptor
    private let user: FileDescriptor?

    /// Begins with it. `user` is a file of the user namespace in which all is made; nil: the caller's. Throws
    /// `SystemError`.
    package init(_ request: Request, in user: consuming FileDescriptor?) throws(SystemError) {
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        answers = pair.takeFirst()
        tellings = pair.takeSecond()
        // It stays in memory: nobody knows when the other process has read the last of it.
        let wanted = UnsafeMutablePointer<apus_preparation>.allocate(capacity: 1)
        let lowers = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: request.lowers.count)
        for place in 0..<request.lowers.count { lowers[place] = UnsafePointer(strdup(request.lowers[place])) }
        wanted.initialize(
            to: apus_preparation(
                user: user.number ?? -1, makes_network: request.makesNetwork ? 1 : 0, socket: tellings.rawValue,
                lowers: lowers, lower_count: CInt(request.lowers.count), upper: strdup(request.upper),
                work: strdup(request.work), upper_option: strdup(Overlay.escaped(request.upper)),
                work_option: strdup(Overlay.escaped(request.work)), pattern: strdup(request.pattern),
                is_volatile: request.isVolatile ? 1 : 0, attributes: Overlay.noDevices))
        var number: CInt = -1
        process = apus_prepare(wanted, &number)
        guard process > 0 else { throw SystemError("clone") }
        pidfd = FileDescriptor(owning: number)
        self.user = user
    }

    // Whatever it is about does not go before it has ended.
    deinit { finish() }

    /// Waits until nothing is made any more, and reaps the process.
    package func finish() {
        if isReaped.exchange(true, ordering: .relaxed) { return }
        _ = try? waitForExit(of: process)
    }

    /// What a process that is forked now keeps open to take the parts.
    package var parts: Parts { Parts(answers: answers.rawValue, pidfd: pidfd.rawValue) }

    /// Where a forked process finds what was made.
    package struct Parts: Sendable {
        fileprivate let answers: CInt
        fileprivate let pidfd: CInt

        /// The descriptors that have to stay open.
        package var numbers: [CInt] { [answers, pidfd] }
    }
}

/// The parts of a `Preparation` in the process that takes them.
package struct PreparedParts: ~Copyable {
    private let answers: FileDescriptor
    private let pidfd: FileDescriptor
    private var network: FileDescriptor?
    private var root: FileDescriptor?

    /// Takes the descriptors over.
    package init(_ parts: Preparation.Parts) {
        answers = FileDescriptor(owning: parts.answers)
        pidfd = FileDescriptor(owning: parts.pidfd)
        network = nil
        root = nil
    }

    /// The network namespace, once, when it is there: sooner than another one that is begun now. nil where it was not made.
    package mutating func takeNetwork() -> FileDescriptor? {
        while network.number == nil, root.number == nil, receive() {}
        return network.take()
    }

    /// The root file system, once, when it is there; nil where it was not made.
    package mutating func takeRoot() -> FileDescriptor? {
        while root.number == nil, receive() {}
        return root.take()
    }

    /// Waits until nothing is made any more.
    package func finish() {
        var poll = PollSet()
        poll.add(pidfd.rawValue)
        _ = try? poll.wait()
    }

    // Waits for one answer; false where none comes any more.
    private mutating func receive() -> Bool {
        var poll = PollSet()
        let place = poll.add(answers.rawValue)
        poll.add(pidfd.rawValue)
        guard (try? poll.wait()) != nil, poll.isReadable(place),
            var packet = PacketSocket.receive(from: answers.rawValue), let attachment = packet.attachment.take()
        else { return false }
        if packet.bytes[0] == UInt8(APUS_PREPARED_NETWORK) {
            network = consume attachment
        } else {
            root = consume attachment
        }
        return true
    }
}
