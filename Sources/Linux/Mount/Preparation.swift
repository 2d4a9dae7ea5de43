import CLinux
import Glibc
import Synchronization

/// What a process that shares the caller's memory and descriptors makes for a container while the caller works out the rest of
/// it: two directories, a network namespace with loopback up, which needs no more than to be wanted, and then an overlay that is
/// mounted nowhere (`makeRoot`). One in the life of a process.
///
/// The namespace and the overlay go to the process that the caller forks next (`Parts`). What cannot be made is left out: who needs it
/// makes it then, and hears why that fails.
package final class Preparation: Sendable {
    /// The root file system that is to be made.
    package struct Root: Sendable {
        /// Directories, the topmost first.
        package var lowers: [String]
        /// The directory for what is written, and an empty one beside it for the kernel's work. Both are made.
        package var upper: String
        package var work: String
        /// The directory whose owner, mode and times the first gets.
        package var pattern: String
        /// As for `Overlay.mount`. No device node in it opens.
        package var isVolatile: Bool

        package init(lowers: [String], upper: String, work: String, pattern: String, isVolatile: Bool) {
            self.lowers = lowers
            self.upper = upper
            self.work = work
            self.pattern = pattern
            self.isVolatile = isVolatile
        }
    }

    private let process: ProcessID
    // Never freed, nor what it leads to: nobody knows when the other process has read the last of it.
    nonisolated(unsafe) private let wanted: UnsafeMutablePointer<apus_preparation>
    private let isReaped = Atomic(false)
    private let pidfd: FileDescriptor
    private let answers: FileDescriptor
    // The other process has these, too, as long as they are open here.
    private let tellings: FileDescriptor
    private let user: FileDescriptor?

    /// A directory that is to be made, and its mode, whatever the umask is.
    package typealias NewDirectory = (path: String, mode: FileMode)

    /// Begins with the directories and the network namespace, where one is wanted. `user` is a file of the user namespace in which all
    /// but the directories is made; nil: the caller's. Throws `SystemError`.
    package init(
        directories: (NewDirectory, NewDirectory), makesNetwork: Bool, in user: consuming FileDescriptor?
    ) throws(SystemError) {
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        answers = pair.takeFirst()
        tellings = pair.takeSecond()
        wanted = UnsafeMutablePointer<apus_preparation>.allocate(capacity: 1)
        wanted.initialize(
            to: apus_preparation(
                directories: (
                    apus_new_directory(path: strdup(directories.0.path), mode: directories.0.mode),
                    apus_new_directory(path: strdup(directories.1.path), mode: directories.1.mode)
                ),
                user: user.number ?? -1, makes_network: makesNetwork ? 1 : 0, socket: tellings.rawValue, caller: 0,
                is_told: 0, root: nil))
        var number: CInt = -1
        process = apus_prepare(wanted, &number)
        guard process > 0 else { throw SystemError("clone") }
        pidfd = FileDescriptor(owning: number)
        self.user = user
    }

    /// Waits until the directories are there, or are not made any more. Once, and before another process takes the parts.
    package func awaitDirectories() {
        var kind: UInt8 = 0
        if PreparedParts.isReadable(answers.rawValue, orEnded: pidfd.rawValue) { recv(answers.rawValue, &kind, 1, 0) }
    }

    /// Goes on with the root file system; nil: none is wanted, and the process ends. Once.
    package func makeRoot(_ root: Root?) {
        guard let root else { return tell(nil) }
        let lowers = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: root.lowers.count)
        for place in 0..<root.lowers.count { lowers[place] = UnsafePointer(strdup(root.lowers[place])) }
        let request = UnsafeMutablePointer<apus_root_request>.allocate(capacity: 1)
        request.initialize(
            to: apus_root_request(
                lowers: lowers, lower_count: CInt(root.lowers.count), upper: strdup(root.upper),
                work: strdup(root.work), upper_option: strdup(Overlay.escaped(root.upper)),
                work_option: strdup(Overlay.escaped(root.work)),
                pattern: strdup(root.pattern), is_volatile: root.isVolatile ? 1 : 0, attributes: Overlay.noDevices))
        tell(request)
    }

    private func tell(_ request: UnsafeMutablePointer<apus_root_request>?) {
        if wanted.pointee.is_told == 0 { apus_prepare_root(wanted, request) }
    }

    // Whatever it is about does not go before it has ended.
    deinit { finish() }

    /// Whether nothing is made any more.
    package var isFinished: Bool { isReaped.load(ordering: .relaxed) }

    /// Waits until nothing is made any more, and reaps the process. No root file system is made where none was asked for.
    package func finish() {
        if isReaped.exchange(true, ordering: .relaxed) { return }
        tell(nil)
        _ = try? waitForExit(of: process)
    }

    /// The other process, for who reaps it in this one's place.
    package struct Helper {
        /// 0 where it is reaped.
        let process: ProcessID
        /// What both have open.
        let files: [CInt]
    }

    /// For a process that departs, and its supervisor stays here (`depart`).
    package var helper: Helper {
        Helper(
            process: isFinished ? 0 : process,
            files: [pidfd.rawValue, answers.rawValue, tellings.rawValue] + (user.number.map { [$0] } ?? []))
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

    // Waits for an answer; false where none comes any more.
    fileprivate static func isReadable(_ answers: CInt, orEnded pidfd: CInt) -> Bool {
        var poll = PollSet()
        let place = poll.add(answers)
        poll.add(pidfd)
        return (try? poll.wait()) != nil && poll.isReadable(place)
    }

    // Takes one answer; false where none comes any more.
    private mutating func receive() -> Bool {
        guard Self.isReadable(answers.rawValue, orEnded: pidfd.rawValue),
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
