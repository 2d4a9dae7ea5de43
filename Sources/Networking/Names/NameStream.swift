import Glibc
import Linux

/// A client's connection, on which it may ask many questions at once (RFC 7766, 6.2.1).
final class NameStream: ReactorClient {
    private let reactor: Reactor
    private let socket: CInt
    private unowned let resolver: Resolver
    private var input = DNSStreamBuffer()
    private var output: [UInt8] = []
    private var waiting = 0
    private var hasEnded = false
    private var isClosed = false
    // Whether no whole question waits in `input`.
    private var isDrained = true
    private var isGoingOn = false
    private var lastUse = MonotonicTime.now()
    private var timer: Reactor.Timer?

    /// How long a connection may be without a whole question or an answer, in milliseconds.
    private static let idle: Int64 = 10_000
    /// How much may wait to be written before no more questions are read, in bytes.
    private static let room = 128 << 10

    /// Takes `socket` over, where nothing is thrown.
    init(_ reactor: Reactor, _ socket: CInt, _ resolver: Resolver) throws(SystemError) {
        self.reactor = reactor
        self.socket = socket
        self.resolver = resolver
        try reactor.watch(socket, [.readable], self)
        watchIdleness(Self.idle)
    }

    private func watchIdleness(_ milliseconds: Int64) {
        timer = reactor.after(milliseconds: milliseconds) { [weak self] in
            guard let self, !self.isClosed else { return }
            let left = Self.idle - (MonotonicTime.now() - self.lastUse)
            if left <= 0 { self.end() } else { self.watchIdleness(left) }
        }
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        guard !isClosed else { return }
        // Both directions are closed: nobody reads an answer any more.
        if events.contains(.failed) || !events.isDisjoint(with: .ended) { return end() }
        if events.contains(.readable), isDrained, !hasEnded, output.count < Self.room {
            if !input.fill(from: socket) { hasEnded = true }
            isDrained = false
        }
        goOn()
    }

    private func answer(_ message: [UInt8]?) {
        waiting -= 1
        guard !isClosed else { return }
        if let message {
            lastUse = .now()
            output += DNSStreamBuffer.prefix(message.count)
            output += message
        }
        goOn()
    }

    // Takes questions while there is room for their answers, and sends those that are there.
    private func goOn() {
        // Questions that are answered at once come back here.
        guard !isGoingOn else { return }
        isGoingOn = true
        repeat {
            while output.count < Self.room {
                guard let message = input.next() else {
                    isDrained = true
                    break
                }
                lastUse = .now()
                waiting += 1
                resolver.handle(message, byStream: true) { [weak self] in self?.answer($0) }
            }
            flush()
        } while !isClosed && output.isEmpty && !isDrained
        isGoingOn = false
        if !isClosed { settle() }
    }

    private func flush() {
        while !isClosed, !output.isEmpty {
            let count = output.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0 {
                let errno = Errno.current
                if errno == .interrupted { continue }
                return errno == .again ? () : end()
            }
            lastUse = .now()
            if count == output.count { output = [] } else { output.removeFirst(count) }
        }
    }

    // Waits for what can go on. A client that has ended its half gets its answers first.
    private func settle() {
        if hasEnded, isDrained, waiting == 0, output.isEmpty { return end() }
        var events: Epoll.Events = []
        if !hasEnded, isDrained, output.count < Self.room { events.insert(.readable) }
        if !output.isEmpty { events.insert(.writable) }
        do throws(SystemError) { try reactor.rewatch(socket, events) } catch { end() }
    }

    /// Closes the connection; answers that come later are dropped.
    func end() {
        guard !isClosed else { return }
        isClosed = true
        if let timer { reactor.cancel(timer) }
        reactor.unwatch(socket)
        close(socket)
        output = []
        resolver.forget(self)
    }
}
