import Archive
import Errors
import Glibc
import Linux

/// Sends entries to the other process of a copy, as many in a packet as go in; small files with their content, since a
/// descriptor costs both sides more than the bytes.
final class EntryPackets {
    /// Files up to this size are sent with their content, in bytes.
    private static let smallFile = 1 << 14

    private let packets: CopyPackets
    // The worker's own errors are the last word; a client asks for the worker's.
    private let asksForReason: Bool
    private var pending: [UInt8] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: smallFile, alignment: 4096)

    /// `asksForReason`: where the other side has ended, its own last error is thrown.
    init(_ packets: CopyPackets, asksForReason: Bool) {
        self.packets = packets
        self.asksForReason = asksForReason
    }

    deinit { buffer.deallocate() }

    /// Sends `entry`, or keeps it for the next packet. `file` is the open file with its content; -1 for none. Throws
    /// `EngineError`.
    func add(_ entry: TarEntry, _ file: CInt) throws(EngineError) {
        if file >= 0, entry.size <= Self.smallFile {
            let encoded = Self.encode(entry, content: try content(of: file, entry))
            if encoded.count <= CopyPackets.limit { return try add(encoded, -1) }
        }
        try add(Self.encode(entry, content: nil), file)
    }

    /// Sends what is kept. Throws `EngineError`.
    func flush() throws(EngineError) { try send(-1) }

    private static func encode(_ entry: TarEntry, content: [UInt8]?) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(CopyReply.entry(entry, content: content))
        return encoder.bytes
    }

    private func add(_ encoded: [UInt8], _ file: CInt) throws(EngineError) {
        if pending.count + encoded.count > CopyPackets.limit { try flush() }
        pending += encoded
        if file >= 0 { try send(file) }
    }

    private func send(_ file: CInt) throws(EngineError) {
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        do throws(EngineError) { try packets.send(bytes: bytes, file: file) } catch {
            guard asksForReason, error.kind == .unavailable else { throw error }
            throw try packets.lastWord() ?? error
        }
    }

    // Shorter than the entry says where somebody made the file shorter meanwhile.
    private func content(of file: CInt, _ entry: TarEntry) throws(EngineError) -> [UInt8] {
        var offset = 0
        do throws(SystemError) {
            while offset < entry.size {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<entry.size])
                let got = try check("read") { pread(file, rest.baseAddress, rest.count, off_t(offset)) }
                if got == 0 { break }
                offset += got
            }
        } catch { throw EngineError("read \(entry.name.printable): \(error.errno)") }
        return Array(buffer[..<offset])
    }
}
