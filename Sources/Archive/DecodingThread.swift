import Glibc
import Linux
import OCI

/// What the reader and the decoding thread share. The thread holds a reference of its own, so it is not this
/// object's end that ends it but `stop`.
final class DecodingThread: @unchecked Sendable {
    private static let blockSize = 1 << 20
    private static let blockCount = 4

    // Everything below `mutex` is touched with the mutex held, but the blocks themselves: a block belongs to
    // the thread while it is free, and to the reader from `filled` on until it asks for the next one.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var lengths = [Int](repeating: 0, count: blockCount)
    private var filled = 0
    private var first = 0
    private var isReaderHolding = false
    private var isStopped = false
    private var outcome: Result<(digest: Digest, size: Int, compression: Compression), ArchiveError>?

    private let source: CInt
    private let algorithm: Digest.Algorithm
    private let memory: DecodingMemory?
    /// An end of a pipe that becomes readable when the reader gives up, so that a thread that waits for
    /// input ends.
    private let wake: FileDescriptor
    private var wakeWriter: FileDescriptor?
    private var thread: pthread_t?

    /// As `DecodingPipeline.init`, without starting.
    init(
        reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256, sharing memory: DecodingMemory? = nil
    ) throws(ArchiveError) {
        source = descriptor
        self.memory = memory
        self.algorithm = algorithm
        do throws(SystemError) {
            var ends = try FileDescriptor.pipe()
            wake = ends.takeFirst()
            wakeWriter = ends.takeSecond()
        } catch {
            mutex.deallocate()
            changed.deallocate()
            throw .unreadable(error)
        }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        for _ in 0..<Self.blockCount { blocks.append(.allocate(byteCount: Self.blockSize, alignment: 4096)) }
    }

    /// Starts the thread. Throws `ArchiveError.unreadable` when it cannot be made.
    func start() throws(ArchiveError) {
        var number = pthread_t()
        let reference = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &number, nil,
            { pointer in
                Unmanaged<DecodingThread>.fromOpaque(pointer!).takeRetainedValue().decode()
                return nil
            }, reference.toOpaque())
        if failure != 0 {
            reference.release()
            throw .unreadable(SystemError("pthread_create", nil, Errno(failure)))
        }
        thread = number
    }

    deinit {
        blocks.forEach { $0.deallocate() }
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Ends the thread, whether or not the stream was read to its end: after it, nobody reads the descriptor.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        _ = wakeWriter.take()
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }

    func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isReaderHolding {
            isReaderHolding = false
            first = (first + 1) % Self.blockCount
            filled -= 1
            pthread_cond_broadcast(changed)
        }
        while filled == 0 && outcome == nil { pthread_cond_wait(changed, mutex) }
        if filled > 0 {
            isReaderHolding = true
            return UnsafeRawBufferPointer(rebasing: blocks[first][..<lengths[first]])
        }
        if case .failure(let error)? = outcome { throw error }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    var result: (digest: Digest, size: Int, compression: Compression)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard filled == 0, case .success(let value)? = outcome else { return nil }
        return value
    }

    private func decode() {
        var hasher = DigestHasher(algorithm)
        var end: Result<(digest: Digest, size: Int, compression: Compression), ArchiveError>
        do throws(ArchiveError) {
            let stream = try DecompressedStream(reading: source, sharing: memory) {
                [wake = wake.rawValue] source throws(ArchiveError) in
                try Self.waitForInput(source, or: wake)
            }
            while let block = freeBlock() {
                let got = try stream.read(into: blocks[block])
                if got == 0 { break }
                hasher.update(UnsafeRawBufferPointer(rebasing: blocks[block][..<got]))
                publish(block, got)
            }
            let size = hasher.count
            end = .success((hasher.current(), size, stream.compression))
        } catch {
            end = .failure(error)
        }
        pthread_mutex_lock(mutex)
        outcome = end
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    private func freeBlock() -> Int? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while filled == Self.blockCount && !isStopped { pthread_cond_wait(changed, mutex) }
        return isStopped ? nil : (first + filled) % Self.blockCount
    }

    private func publish(_ block: Int, _ length: Int) {
        pthread_mutex_lock(mutex)
        lengths[block] = length
        filled += 1
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    private static func waitForInput(_ source: CInt, or wake: CInt) throws(ArchiveError) {
        var both = [
            pollfd(fd: source, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        do throws(SystemError) {
            try check("poll") { poll(&both, 2, -1) }
        } catch {
            throw .unreadable(error)
        }
        if both[1].revents != 0 { throw .unreadable(SystemError("read", nil, Errno(ECANCELED))) }
    }
}
