import Glibc
import Linux
import Runtime

extension ServeLoop {
    /// Hears an attached client.
    mutating func receive(from client: ControlClient) {
        let frame: AttachFrame
        switch AttachChannel.receiveNow(from: client.number) {
        case .frame(let received): frame = received
        case .nothing: return
        case .end: return client.leave()
        }
        switch frame {
        case .input(let data):
            guard client.hasInput, streams.takesInput else { return client.post(.inputTaken) }
            senders.append(client)
            acknowledge(streams.write(data))
        case .inputEnd: if client.hasInput { endInput() }
        case .resize(let size): streams.resize(size)
        case .signal(let signal): try? kill(signal)
        case .detach:
            client.role = .leaving
            client.leave()
            journal.record(.detach)
        case .started, .output, .errorOutput, .inputTaken, .done, .exited, .failed: break
        }
    }

    /// What follows from the end of a client's connection.
    mutating func clientLeft(_ client: ControlClient) {
        // Docker's StdinOnce. A terminal has no end of input.
        if client.hasInput { endInput() }
        if client.role == .holding { letGo() }
        if settings.endsWithClient {
            wishes.end = true
            // One that has just ended needs no signal.
            try? container?.send(SIGKILL)
        }
    }

    /// Tells those that have sent the next `count` pieces of input that the container has them.
    mutating func acknowledge(_ count: Int) {
        for _ in 0..<count { senders.removeFirst().post(.inputTaken) }
    }

    private mutating func endInput() {
        if settings.inputEndsWithClient { streams.endInput() }
    }
}
