import Glibc
import Linux
import Testing

@testable import Supervision

/// Sessions of a front end that has many: on descriptors of its own, without signals, ended from elsewhere. The tests
/// are the supervisor.
@Suite struct AttachedClientTests {
    /// A session, and the other ends of what it has.
    private struct Session: ~Copyable {
        var client: AttachedClient
        let supervisor: FileDescriptor
        var input: FileDescriptor?
        let output: FileDescriptor
        let errorOutput: FileDescriptor
        // What the client was given, and does not close.
        let given: [FileDescriptorBox]

        static func open(_ change: (inout AttachedClient.Options) -> Void = { _ in }) throws -> Session {
            var sockets = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
            var inputs = try FileDescriptor.pipe()
            var outputs = try FileDescriptor.pipe()
            var errors = try FileDescriptor.pipe()
            let given = [
                FileDescriptorBox(inputs.takeFirst()), FileDescriptorBox(outputs.takeSecond()),
                FileDescriptorBox(errors.takeSecond()),
            ]
            var options = AttachedClient.Options(
                CallerStreams(input: given[0].number, output: given[1].number, errorOutput: given[2].number))
            options.input = true
            options.hearsSignals = false
            change(&options)
            return Session(
                client: try AttachedClient(socket: sockets.takeFirst(), options: options),
                supervisor: sockets.takeSecond(), input: inputs.takeSecond(), output: outputs.takeFirst(),
                errorOutput: errors.takeFirst(), given: given)
        }

        func post(_ frame: AttachFrame) { _ = AttachChannel.send(frame.bytes, to: supervisor.rawValue, waiting: true) }

        func nextFrame() -> AttachFrame? { AttachChannel.receive(from: supervisor.rawValue) }

        func heard(_ number: CInt) -> String {
            var bytes = [UInt8](repeating: 0, count: 100)
            let got = read(number, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, got)), as: UTF8.self)
        }
    }

    @Test func aSessionUsesTheDescriptorsThatItWasGiven() throws {
        var session = try Session.open()
        try session.input?.writeAll(Array("typed".utf8))
        session.input = nil
        session.post(.started)
        session.post(.output(Array("out".utf8)))
        session.post(.errorOutput(Array("err".utf8)))
        // It reads before it hears of the end, which comes after these.
        var hasStarted = false
        let number = session.supervisor.rawValue
        let outcome = session.client.run {
            hasStarted = true
            _ = AttachChannel.send(AttachFrame.exited(code: 3).bytes, to: number, waiting: true)
        }
        #expect(outcome == .exited(code: 3) && hasStarted)
        #expect(session.heard(session.output.rawValue) == "out")
        #expect(session.heard(session.errorOutput.rawValue) == "err")
        #expect(session.nextFrame() == .input(Array("typed".utf8)))
    }

    @Test func aCancelledSessionLetsTheContainerGo() throws {
        let cancellation = try Cancellation()
        var session = try Session.open { $0.cancellation = cancellation }
        session.post(.started)
        let outcome = session.client.run { cancellation.cancel() }
        #expect(outcome == .detached)
        // Its input stays open: that is what leaving on purpose means to a supervisor.
        #expect(session.nextFrame() == .detach)
    }

    @Test func aCancelledSessionDoesNotWaitForAStart() throws {
        let cancellation = try Cancellation()
        let session = try Session.open { $0.cancellation = cancellation }
        cancellation.cancel()
        #expect(session.client.awaitStart() == .detached)
        #expect(session.nextFrame() == .detach)
    }

    @Test func signalsAreLeftToAFrontEndThatHasItsOwn() throws {
        func blocked() -> [CInt] {
            var set = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &set)
            return [SIGINT, SIGTERM, SIGWINCH, SIGHUP].filter { sigismember(&set, $0) == 1 }
        }
        let before = blocked()
        let session = try Session.open()
        #expect(blocked() == before)
        _ = consume session
    }

    @Test func aWaitForAnAnswerCanBeCancelled() throws {
        let directory = "/tmp/apus-control." + randomHex(bytes: 8)
        try Files.makeDirectory(directory, mode: 0o700)
        defer { try? Files.removeTree(directory) }
        let listener = try ControlListener(runDirectory: directory)
        guard let asking = try ControlConnection(runDirectory: directory, .wait(.notRunning)) else {
            Issue.record("nobody listens")
            return
        }
        let cancellation = try Cancellation()
        cancellation.cancel()
        let failure = #expect(throws: SystemError.self) {
            _ = try asking.receive(stop: StopConditions(cancellation: cancellation))
        }
        #expect(failure?.errno == Errno(ECANCELED))
        listener.close()
    }
}
