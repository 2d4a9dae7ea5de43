import Bytes
import Glibc
import Linux

/// The process that serves the root file system of one container (fuse-overlayfs). It has the connection to the kernel, no
/// descriptor of anybody else's, and a mount namespace of its own, so that it keeps no mount alive: it ends when the last
/// who has the file system is gone, however that came, and nobody has to kill it.
final class FuseServer {
    let process: ProcessID
    private let pidfd: FileDescriptorBox
    // What it has to say.
    private let messages: FileDescriptorBox
    private var said = ""
    private var status: ExitStatus?
    /// Whether the container is over, so that its end is none of a failure.
    private var isExpected = false

    /// Where the server sees the container's directory, whatever that is called: it needs nothing of what else is there.
    static let place = "/sys"

    /// How long it may take to write back what is not on the disk when its container has ended, in milliseconds.
    private static let patience: CInt = 10_000

    /// Starts `program` with `arguments`, with `mount`'s connection as its descriptor 3 and `directories` (numbers of ours)
    /// as 4 and up; `container` is the directory of the container, where the mount may be attached. The calling process has
    /// one thread. Throws where it cannot be executed.
    init(
        _ program: String, _ arguments: [String], serving mount: borrowing FuseMount, _ directories: [CInt],
        of container: String
    ) throws(SystemError) {
        var said = try FileDescriptor.pipe()
        let reader = said.takeFirst()
        let writer = said.takeSecond()
        // It must never wait for us, nor we for it.
        DescriptorTable.makeNonBlocking(writer.rawValue)
        DescriptorTable.makeNonBlocking(reader.rawValue)
        var start = try FileDescriptor.pipe()
        let outcome = start.takeFirst()
        let report = start.takeSecond()
        let given = [mount.connection.rawValue] + directories
        let (errors, answer) = (writer.rawValue, report.rawValue)
        process = try fork {
            // Above all numbers that the program gets.
            guard let answer = try? DescriptorTable.copy(answer, atLeast: CInt(given.count) + 64) else { return 127 }
            var code = Self.become(program, arguments, given: given, errors: errors, container).rawValue
            _ = Glibc.write(answer, &code, MemoryLayout<CInt>.size)
            return 127
        }
        endLifetime(report)
        endLifetime(writer)
        messages = FileDescriptorBox(reader)
        do throws(SystemError) { pidfd = FileDescriptorBox(try openProcess(process)) } catch {
            kill(process, SIGKILL)
            _ = try? waitForExit(of: process)
            throw error
        }
        var code: CInt = 0
        let got = withUnsafeMutableBytes(of: &code) { (try? outcome.read(into: $0)) ?? 0 }
        if got > 0 {
            _ = try? waitForExit(of: process)
            throw SystemError("execve", program, Errno(code))
        }
    }

    // In the child; returns what went wrong.
    private static func become(
        _ program: String, _ arguments: [String], given: [CInt], errors: CInt, _ container: String
    ) -> Errno {
        do throws(SystemError) {
            setsid()
            try NamespaceSet.mount.unshare()
            if !MountInterface.hasTrees { try MountCalls.detach(container) }
            try MountCalls.mount(container, on: place, [.bind])
            let top = CInt(given.count) + 3
            var sources: [CInt] = []
            for number in [errors] + given { sources.append(try DescriptorTable.copy(number, atLeast: top + 64)) }
            DescriptorTable.silence([0, 1])
            try DescriptorTable.place(sources[0], at: 2)
            for (place, source) in sources.dropFirst().enumerated() {
                try DescriptorTable.place(source, at: CInt(place) + 3)
            }
            DescriptorTable.closeOnExec(from: top)
            Signals.resetAll()
            let image = ExecutionImage(
                arguments: [program] + arguments,
                environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "APUS_CONTAINER=\(container)"])
            return image.execute(program)
        } catch { return error.errno }
    }

    /// The container is over, and whoever had its file system has let it go: waits until the server has written back what it
    /// had and has ended. One that does not is killed.
    func finish() {
        guard status == nil else { return }
        isExpected = true
        var poll = PollSet()
        poll.add(pidfd.number)
        if (try? poll.wait(milliseconds: Self.patience)) != true { kill(process, SIGKILL) }
        status = try? waitForExit(of: process)
    }

    /// Why the file system is gone, in a sentence; nil while it is served. Waits for the end of a server that has closed its
    /// connection.
    func failure(waiting: Bool = false) -> String? {
        if status == nil, waiting {
            var poll = PollSet()
            poll.add(pidfd.number)
            if (try? poll.wait(milliseconds: 1000)) == true { status = try? waitForExit(of: process) }
        }
        guard !isExpected, let status else { return nil }
        let end =
            switch status {
            case .exited(let code): "ended with exit code \(code)"
            case .signaled(let signal): "was killed by signal \(signal)"
            }
        listen()
        let words = said
        return "fuse-overlayfs, which serves the container's root file system, \(end)"
            + (words.isEmpty ? "" : ": \(words)")
    }

    // The last of its lines that says something: of flags of the file system that it does not know it says so each time.
    private func listen() {
        var text = ""
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let got = Glibc.read(messages.number, buffer.baseAddress, buffer.count)
            if got > 0 { text = String(decoding: buffer[..<got], as: UTF8.self) }
        }
        let lines = text.split(on: "\n").filter { !$0.begins(with: "unknown argument ignored") }
        if let last = lines.last { said = String(last) }
    }
}

extension FuseServer: SupervisedTask {
    var deadline: MonotonicTime? { nil }
    var descriptor: CInt? { status == nil ? pidfd.number : nil }

    /// The server has ended under the container, of whose files nothing can be read any more: it ends, too.
    func turn(in container: RunningContainer) {
        guard status == nil else { return }
        status = (try? waitForExit(of: process)) ?? .exited(code: 0)
        try? container.send(SIGKILL)
    }

    func stop() {}
}

/// The server of a root file system where there is one: what a supervisor has from a mount to the end of the run.
final class RootServer {
    var current: FuseServer?
    /// Of the images that are mounted in the container beside its own.
    var others: [FuseServer] = []

    /// All that there are.
    var all: [FuseServer] {
        if let current { return [current] + others }
        return others
    }

    /// See `FuseServer.finish()`.
    func finish() { for server in all { server.finish() } }

    /// See `FuseServer.failure()`.
    func failure() -> String? {
        for server in all {
            if let failure = server.failure() { return failure }
        }
        return nil
    }
}
