import Glibc

/// A few blocks of a stream on their way from the thread that fills them to the two that look at them: who reads the stream, and who
/// hashes it. A block is filled again when both have let it go.
final class BlockRing: @unchecked Sendable {
    /// Small enough that a block is still in the processor's cache when it is looked at.
    static let blockSize = 1 << 18
    private static let blockCount = 4

    /// Who looks at the blocks.
    enum Side: Int {
        case reader = 0
        case hasher = 1
    }

    // Everything below is touched with the mutex held, but for what is in the blocks: a block belongs to who fills it while it is free,
    // and to nobody who writes from then on.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var lengths = [Int](repeating: 0, count: blockCount)
    /// Numbers of blocks since the beginning.
    private var filled = 0
    private var passed = [0, 0]
    private var isFinished = false
    private var isStopped = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        for _ in 0..<Self.blockCount { blocks.append(.allocate(byteCount: Self.blockSize, alignment: 4096)) }
    }

    deinit {
        blocks.forEach { $0.deallocate() }
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// The next block to fill, as soon as there is one; nil when nobody wants it any more.
    func free() -> UnsafeMutableRawBufferPointer? {
        locked {
            while filled - min(passed[0], passed[1]) == Self.blockCount && !isStopped { wait() }
            return isStopped ? nil : blocks[filled % Self.blockCount]
        }
    }

    /// The block that `free` gave has `length` bytes now.
    func fill(_ length: Int) {
        change {
            lengths[filled % Self.blockCount] = length
            filled += 1
        }
    }

    /// The stream ended after the blocks that were filled.
    func finish() { change { isFinished = true } }

    /// The next block for `side`, as soon as there is one, valid until it lets it go; nil after the last one.
    func next(_ side: Side) -> UnsafeRawBufferPointer? {
        locked {
            while passed[side.rawValue] == filled && !isFinished && !isStopped { wait() }
            guard passed[side.rawValue] < filled, !isStopped else { return nil }
            let place = passed[side.rawValue] % Self.blockCount
            return UnsafeRawBufferPointer(rebasing: blocks[place][..<lengths[place]])
        }
    }

    /// `side` has done with the block that it got last.
    func pass(_ side: Side) { change { passed[side.rawValue] += 1 } }

    /// Nobody wants anything more: whoever waits goes on.
    func stop() { change { isStopped = true } }

    private func wait() { pthread_cond_wait(changed, mutex) }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    private func change(_ body: () -> Void) {
        locked(body)
        pthread_cond_broadcast(changed)
    }
}
