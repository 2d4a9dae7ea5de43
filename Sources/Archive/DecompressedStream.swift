import CCompression
import Glibc
import Linux

/// Reads a descriptor and decompresses what comes, by its magic number: gzip of several members, zstd of
/// several frames, xz, bzip2, or nothing of these.
package final class DecompressedStream {
    /// How the stream is compressed.
    package let compression: Compression
    private let descriptor: CInt
    private var decoder: OpaquePointer?
    private let input: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var ended = false
    /// Whether the decoder is between two members, where the stream may end.
    private var between = false
    private let wait: (CInt) throws(ArchiveError) -> Void
    private let memory: DecodingMemory?
    /// What is held of `memory`.
    private var share: DecodingMemory.Share?

    /// Borrows `descriptor`, which must stay open, and reads its first bytes. `wait` is called before each
    /// read and may throw to end the stream; what decoding takes is a share of `memory`, where that is given. Throws `ArchiveError.unreadable`.
    package init(
        reading descriptor: CInt, sharing memory: DecodingMemory? = nil,
        wait: @escaping (CInt) throws(ArchiveError) -> Void = { _ throws(ArchiveError) in }
    ) throws(ArchiveError) {
        self.descriptor = descriptor
        self.wait = wait
        self.memory = memory
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        var filled = 0
        do throws(ArchiveError) {
            while filled < Compression.detectionLength {
                try wait(descriptor)
                let got = try Self.read(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: input[filled...]))
                if got == 0 { break }
                filled += got
            }
        } catch {
            input.deallocate()
            throw error
        }
        self.input = input
        end = filled
        ended = filled < Compression.detectionLength
        compression = Compression.detect(input[..<filled])
        if compression == .zstd {
            between = true
        } else {
            // A dictionary of xz may be as large as any window, and no layer should have one.
            try begin(compression == .xz ? .alone : .common)
        }
    }

    deinit {
        apus_decoder_free(decoder)
        if share != nil { memory?.leave() }
        input.deallocate()
    }

    /// Makes a decoder, once its share of the memory is there.
    private func begin(_ share: DecodingMemory.Share) throws(ArchiveError) {
        apus_decoder_free(decoder)
        decoder = nil
        if let memory {
            if self.share != nil { memory.leave() }
            self.share = nil
            try memory.take(share)
        }
        self.share = share
        switch compression {
        case .none: return
        case .gzip: decoder = apus_decoder_new(APUS_GZIP)
        case .zstd: decoder = apus_decoder_new(APUS_ZSTD)
        case .xz: decoder = apus_decoder_new(APUS_XZ)
        case .bzip2: decoder = apus_decoder_new(APUS_BZIP2)
        }
        if decoder == nil { fatalError("out of memory") }
    }

    /// Sees to it that the memory is there which the frame of zstd wants whose first bytes have been read.
    private func beginFrame() throws(ArchiveError) {
        var window = ZstdFrame.window(input[start..<end])
        while window == nil, !ended {
            let rest = end - start
            input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[start..<end]))
            (start, end) = (0, rest)
            end += try fill(UnsafeMutableRawBufferPointer(rebasing: input[rest...]))
            window = ZstdFrame.window(input[start..<end])
        }
        let wanted = DecodingMemory.Share(window: window ?? 0)
        // A decoder keeps the largest window that it has had.
        if share != wanted { try begin(wanted) }
    }

    /// Fills `buffer` with the next bytes, all of it but at the end; returns their number, 0 at the end.
    /// Throws `ArchiveError` (`unreadable`, `corrupt`, `truncated`).
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let got: Int
            got = compression == .none ? try copy(into: rest) : try decode(into: rest)
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    private func copy(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        if start < end {
            let count = min(buffer.count, end - start)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[start..<start + count]))
            start += count
            return count
        }
        return try fill(buffer)
    }

    private func decode(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        while true {
            if start == end {
                start = 0
                end = try fill(input)
            }
            if between {
                if start == end { return 0 }
                // gzip(1) writes to tapes, whose blocks it fills with zeros.
                if input[start..<end].allSatisfy({ $0 == 0 }) {
                    start = end
                    continue
                }
                if compression == .zstd { try beginFrame() }
            }
            var taken = 0
            var given = 0
            let state = apus_decoder_step(
                decoder, input.baseAddress! + start, end - start, start == end ? 1 : 0, buffer.baseAddress,
                buffer.count, &taken, &given)
            start += taken
            switch state {
            case APUS_DECODED_END: between = true
            case APUS_DECODED_MORE:
                between = false
                // Nothing came although everything was there: the stream was cut off.
                if given == 0 && taken == 0 && start == end && ended { throw .truncated(compression) }
            default: throw .corrupt(compression, String(cString: apus_decoder_message(decoder)))
            }
            if given > 0 { return given }
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        if ended { return 0 }
        try wait(descriptor)
        let got = try Self.read(descriptor, into: buffer)
        if got == 0 { ended = true }
        return got
    }

    private static func read(
        _ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ArchiveError) -> Int {
        do throws(SystemError) {
            return try check("read") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
        } catch {
            throw .unreadable(error)
        }
    }
}
