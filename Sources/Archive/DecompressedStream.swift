import CCompression
import Glibc
import Linux

/// Reads a descriptor and decompresses what comes, by its magic number: gzip of several members, zstd of
/// several frames, xz, bzip2, or nothing of these.
package final class DecompressedStream {
    /// How the stream is compressed.
    package let compression: Compression
    private let descriptor: CInt
    private let decoder: OpaquePointer?
    private let input: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var ended = false
    /// Whether the decoder is between two members, where the stream may end.
    private var between = false
    private let wait: (CInt) throws(ArchiveError) -> Void

    /// Borrows `descriptor`, which must stay open, and reads its first bytes. `wait` is called before each
    /// read and may throw to end the stream. Throws `ArchiveError.unreadable`.
    package init(
        reading descriptor: CInt, wait: @escaping (CInt) throws(ArchiveError) -> Void = { _ throws(ArchiveError) in }
    ) throws(ArchiveError) {
        self.descriptor = descriptor
        self.wait = wait
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
        switch compression {
        case .none: decoder = nil
        case .gzip: decoder = apus_decoder_new(APUS_GZIP)
        case .zstd: decoder = apus_decoder_new(APUS_ZSTD)
        case .xz: decoder = apus_decoder_new(APUS_XZ)
        case .bzip2: decoder = apus_decoder_new(APUS_BZIP2)
        }
        if decoder == nil && compression != .none { fatalError("out of memory") }
    }

    deinit {
        apus_decoder_free(decoder)
        input.deallocate()
    }

    /// Fills `buffer` with the next bytes, all of it but at the end; returns their number, 0 at the end.
    /// Throws `ArchiveError` (`unreadable`, `corrupt`, `truncated`).
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let got: Int
            if let decoder { got = try decode(with: decoder, into: rest) } else { got = try copy(into: rest) }
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

    private func decode(
        with decoder: OpaquePointer, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ArchiveError) -> Int {
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
