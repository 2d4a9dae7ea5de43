import Archive
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store

/// The process that unpacks layers, one after the other: `unpack-layers RUN-DIRECTORY OWNERSHIP`. Each message that comes on 0 is an order
/// (`Order`), and with it come the blob, the way for the result and the layer's empty directory. On 3 is the file of the memory that decoders share.
///
/// It changes its root into a layer's directory while it unpacks it: nothing that the archive names can lead elsewhere, whatever
/// the unpacker did wrong.
package enum UnpackLayersWorker {
    /// Where the blob comes from.
    enum Source: UInt8 {
        /// It is there. The worker waits for memory.
        case stored
        /// It is being fetched: where there is no memory now, the worker fails.
        case arriving
    }

    /// What the worker is to do.
    struct Order: WireCodable, Equatable {
        /// The layer's.
        var diffID: String
        var source: Source

        init(diffID: String, source: Source) {
            self.diffID = diffID
            self.source = source
        }

        func encode(to encoder: inout WireEncoder) {
            encoder.write(diffID)
            encoder.write(source.rawValue)
        }

        init(from decoder: inout WireDecoder) throws(WireError) {
            diffID = try decoder.read()
            guard let source = Source(rawValue: try decoder.read()) else { throw .invalidValue("source") }
            self.source = source
        }
    }

    /// What the worker reports.
    enum Answer: WireCodable, Equatable {
        case unpacked(Report)
        case failed(String)

        struct Report: Equatable {
            /// In bytes.
            var size: Int64
            var skipped: [String]
            var looseEnds: LooseEnds
        }

        func encode(to encoder: inout WireEncoder) {
            switch self {
            case .unpacked(let report):
                encoder.write(UInt8(0))
                encoder.write(report.size)
                encoder.write(report.skipped)
                encoder.write(report.looseEnds)
            case .failed(let message):
                encoder.write(UInt8(2))
                encoder.write(message)
            }
        }

        init(from decoder: inout WireDecoder) throws(WireError) {
            switch try decoder.read(UInt8.self) {
            case 0:
                let size: Int64 = try decoder.read()
                let skipped: [String] = try decoder.read()
                self = .unpacked(Report(size: size, skipped: skipped, looseEnds: try decoder.read()))
            case 2: self = .failed(try decoder.read())
            default: throw .invalidValue("result")
            }
        }
    }

    /// Does the worker's work with what follows its verb; returns the exit code.
    package static func run(_ arguments: [String]) -> CInt {
        guard arguments.count == 2, let ownership = UInt8(arguments[1]).flatMap(LayerStore.Ownership.init(rawValue:))
        else { return 2 }
        // Whoever does not listen any more does not want the answer, and the namespace is to be withdrawn all the same.
        Signals.ignoreBrokenPipe()
        let orders = PacketSocket(owning: FileDescriptor(owning: 0))
        var unpacker = LayerUnpacker(ownership: ownership == .full ? .archived : .squashed)
        unpacker.hasNoUmask = true
        // A window of one layer must not lie there while the next is unpacked.
        HeapMemory.keepLittle()
        do {
            try UserNamespace.sharing(runDirectory: arguments[0]) { mode in
                try prepare(mode, ownership)
                let outside = try FileDescriptor.open("/", FileDescriptor.pathOnly | O_DIRECTORY)
                serve(orders) { diffID, source, blob, directory in
                    unpacker.expected = diffID
                    unpacker.memory = DecodingMemory(lockedBy: 3, isPatient: source == .stored)
                    try changeRoot(into: directory)
                    let report = Result(catching: { try unpacker.unpack(blob, into: directory) })
                    try changeRoot(into: outside.rawValue)
                    return try report.get()
                }
            }
        } catch {
            // Nobody who gave an order is left without an answer.
            serve(orders) { _, _, _, _ in throw error }
        }
        return 0
    }

    private static func serve(
        _ orders: borrowing PacketSocket, _ work: (Digest, Source, CInt, CInt) throws -> LayerReport
    ) {
        while let order = try? orders.receiveWithDescriptors() {
            guard order.attachments.count == 3 else {
                for number in order.attachments { close(number) }
                continue
            }
            let answer = answer(order.bytes, blob: order.attachments[0], directory: order.attachments[2], work)
            give(answer, on: FileDescriptor(owning: order.attachments[1]))
        }
    }

    // Closes `blob` and `directory`: when the caller hears of it, nobody holds the layer but itself.
    private static func answer(
        _ order: [UInt8], blob: CInt, directory: CInt, _ work: (Digest, Source, CInt, CInt) throws -> LayerReport
    ) -> Answer {
        defer {
            close(blob)
            close(directory)
        }
        do {
            var decoder = WireDecoder(order)
            let order = try decoder.read(Order.self)
            guard let diffID = Digest(order.diffID) else { throw EngineError("the worker was ordered wrongly") }
            let report = try work(diffID, order.source, blob, directory)
            return .unpacked(
                .init(
                    size: Int64(report.diskSize), skipped: report.skippedNames,
                    looseEnds: report.looseEnds.isEmpty ? LooseEnds() : report.looseEnds))
        } catch { return .failed("\(error)") }
    }

    /// Writes `answer` to where the caller waits for it.
    static func give(_ answer: Answer, on way: consuming FileDescriptor) {
        var encoder = WireEncoder()
        encoder.write(answer)
        try? way.writeAll(encoder.bytes)
    }

    /// Checks that the ids are as the store's layers are to have them, and lets new files have the modes that they are given. Throws what is to
    /// be reported.
    static func prepare(_ mode: UserNamespace.Mode, _ ownership: LayerStore.Ownership) throws {
        guard (mode == .single) == (ownership == .squashed) else { throw IdsChanged() }
        umask(0)
    }

    /// Makes `directory` the root. Throws `SystemError`.
    static func changeRoot(into directory: CInt) throws(SystemError) {
        try check("fchdir") { fchdir(directory) }
        try check("chroot") { chroot(".") }
    }

    private struct IdsChanged: Error, CustomStringConvertible {
        var description: String { "the user's subordinate ids changed while the layer was being unpacked: try again" }
    }
}
