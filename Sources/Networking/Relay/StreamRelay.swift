import Glibc
import Linux

/// Copies between pairs of connected sockets of TCP, both ways, as long as both want.
///
/// It keeps nothing of what little connections move: bytes are looked at where they wait (MSG_PEEK), sent as far as the other
/// side has room, and only then taken away (MSG_TRUNC, tcp(7), which copies nothing). So a reader that is slow holds the writer
/// back, and ten thousand connections that stand still cost two descriptors each. A direction that moves much has a pipe as long
/// as it does, through which the kernel moves pages.
final class StreamRelay {
    private let reactor: Reactor
    private let buffer: SharedBuffer
    // Pairs that have pipes, and how many of those there are.
    private var swift: [Pair] = []
    private var pipes = 0

    // What one connection may move before others have their turn.
    private static let turn = 1 << 20
    // What a direction has to have moved since it was looked at last, to get a pipe.
    private static let much = 1 << 20
    private static let mostPipes = 64
    // After how many milliseconds a pipe is given back through which nothing has come.
    private static let patience: Int64 = 1_000

    init(_ reactor: Reactor, _ buffer: SharedBuffer) {
        self.reactor = reactor
        self.buffer = buffer
    }

    /// Takes over both sockets, which are connected and non-blocking, and closes them when all is said.
    func join(_ one: CInt, _ other: CInt) {
        for number in [one, other] {
            try? InternetSocket.set(TCP_NODELAY, of: CInt(IPPROTO_TCP), to: 1, on: number)
            try? InternetSocket.set(SO_KEEPALIVE, of: SOL_SOCKET, to: 1, on: number)
        }
        let pair = Pair(self, one, other)
        do throws(SystemError) {
            try reactor.watch(one, [.readable, .writable, .ended, .edges], pair)
            try reactor.watch(other, [.readable, .writable, .ended, .edges], pair)
            pair.move()
        } catch { pair.abort() }
    }

    // MARK: pipes

    private func pipe(for pair: Pair) -> SplicePipe? {
        guard pipes < Self.mostPipes, let pipe = try? SplicePipe() else { return nil }
        pipes += 1
        if swift.isEmpty { sweepLater() }
        if !swift.contains(where: { $0 === pair }) { swift.append(pair) }
        return pipe
    }

    private func sweepLater() {
        reactor.after(milliseconds: Self.patience) {
            self.swift.removeAll { pair in
                self.pipes -= pair.givePipesBack()
                return !pair.hasPipes
            }
            if !self.swift.isEmpty { self.sweepLater() }
        }
    }

    /// Closes a socket so that its peer is told of an error, and not of an end.
    static func reset(_ number: CInt) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(number)
    }

    private enum Progress { case waiting, more, ended, failed }

    private final class Pair: ReactorClient {
        private let relay: StreamRelay
        private let one: CInt
        private let other: CInt
        private var there = Direction()
        private var back = Direction()
        private var isClosed = false
        private var isQueued = false

        init(_ relay: StreamRelay, _ one: CInt, _ other: CInt) {
            self.relay = relay
            self.one = one
            self.other = other
        }

        func ready(_ descriptor: CInt, _ events: Epoll.Events) {
            // Whether the error comes before bytes that wait is the kernel's affair: those are lost with TCP, too.
            if events.contains(.failed), InternetSocket.pendingError(descriptor) != nil { return abort() }
            move()
        }

        func move() {
            isQueued = false
            guard !isClosed else { return }
            var isDue = false
            for isBack in [false, true] where !(isBack ? back : there).hasEnded {
                let (source, target) = isBack ? (other, one) : (one, other)
                let progress =
                    isBack ? relay.move(source, target, &back, self) : relay.move(source, target, &there, self)
                switch progress {
                case .waiting: break
                case .more: isDue = true
                case .ended:
                    shutdown(target, CInt(SHUT_WR))
                    if isBack { back.hasEnded = true } else { there.hasEnded = true }
                case .failed: return abort()
                }
            }
            if there.hasEnded, back.hasEnded { return end() }
            if isDue, !isQueued {
                isQueued = true
                relay.reactor.soon { self.move() }
            }
        }

        var hasPipes: Bool { there.pipe != nil || back.pipe != nil }

        // Returns how many.
        func givePipesBack() -> Int { there.givePipeBack(isClosed) + back.givePipeBack(isClosed) }

        private func leave() {
            isClosed = true
            relay.reactor.unwatch(one)
            relay.reactor.unwatch(other)
        }

        private func end() {
            leave()
            close(one)
            close(other)
        }

        func abort() {
            guard !isClosed else { return }
            leave()
            StreamRelay.reset(one)
            StreamRelay.reset(other)
        }
    }

    private struct Direction {
        var hasEnded = false
        var pipe: SplicePipe?
        /// Whether the end of what is in the pipe is the source's.
        var isLast = false
        /// How many bytes it has moved since it was looked at last.
        var moved = 0

        mutating func givePipeBack(_ isClosed: Bool) -> Int {
            defer { moved = 0 }
            guard let pipe, isClosed || hasEnded || moved == 0 && pipe.pending == 0 else { return 0 }
            self.pipe = nil
            return 1
        }
    }

    private func move(_ source: CInt, _ target: CInt, _ direction: inout Direction, _ pair: Pair) -> Progress {
        if direction.pipe == nil, direction.moved > Self.much { direction.pipe = pipe(for: pair) }
        let progress: Progress
        let moved: Int
        if let pipe = direction.pipe {
            (progress, moved) = splice(source, target, pipe, &direction.isLast)
        } else {
            (progress, moved) = copy(source, target)
        }
        direction.moved += moved
        return progress
    }

    private func splice(
        _ source: CInt, _ target: CInt, _ pipe: SplicePipe, _ isLast: inout Bool
    ) -> (Progress, moved: Int) {
        var moved = 0
        while moved < Self.turn {
            if pipe.pending == 0 {
                if isLast { return (.ended, moved) }
                switch pipe.fill(from: source) {
                case .moved: break
                case .waiting: return (.waiting, moved)
                case .ended: isLast = true
                case .failed: return (.failed, moved)
                }
                continue
            }
            switch pipe.drain(to: target) {
            case .moved(let count): moved += count
            case .waiting: return (.waiting, moved)
            case .ended, .failed: return (.failed, moved)
            }
        }
        return (.more, moved)
    }

    private func copy(_ source: CInt, _ target: CInt) -> (Progress, moved: Int) {
        var moved = 0
        while moved < Self.turn {
            let room = buffer.bytes()
            let seen = recv(source, room.baseAddress, room.count, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
            if seen == 0 { return (.ended, moved) }
            guard seen > 0 else { return (Self.failure, moved) }
            let sent = send(
                target, room.baseAddress, seen, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            guard sent > 0 else { return (Self.failure, moved) }
            let taken = recv(source, nil, sent, CInt(MSG_TRUNC) | CInt(MSG_DONTWAIT))
            guard taken == sent else { return (.failed, moved) }
            moved += sent
        }
        return (.more, moved)
    }

    // Of the last call.
    private static var failure: Progress {
        let errno = Errno.current
        if errno == .interrupted { return .more }
        return errno == .again ? .waiting : .failed
    }
}

/// Room for what is copied, which all share who copy one after the other; given back when nobody has copied for a while.
final class SharedBuffer {
    private static let size = 256 << 10
    // In milliseconds.
    private static let patience: Int64 = 5_000

    private let reactor: Reactor
    private var memory: UnsafeMutableRawBufferPointer?
    private var isUsed = false

    init(_ reactor: Reactor) { self.reactor = reactor }

    /// The room.
    func bytes() -> UnsafeMutableRawBufferPointer {
        isUsed = true
        if let memory { return memory }
        // Mapped by itself, so that it can be given back by itself.
        let address = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { fatalError("no memory for what is copied between sockets") }
        let made = UnsafeMutableRawBufferPointer(start: address, count: Self.size)
        memory = made
        watch()
        return made
    }

    private func watch() {
        isUsed = false
        reactor.after(milliseconds: Self.patience) {
            guard let memory = self.memory else { return }
            if self.isUsed { return self.watch() }
            munmap(memory.baseAddress, memory.count)
            self.memory = nil
        }
    }
}
