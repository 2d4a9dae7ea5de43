import Archive
import Glibc
import Linux
import OCI
import Runtime
import Store

/// The process that unpacks one layer: `unpack-layer RUN-DIRECTORY OWNERSHIP DIFF-ID SOURCE`, the blob on 0, the way for
/// the result on 1, the layer's empty directory on 3, and the file of the memory that decoders share on 4.
///
/// It changes its root into the layer's directory: nothing that the archive names can lead elsewhere, whatever
/// the unpacker did wrong.
package enum UnpackLayerWorker {
    /// Where the blob comes from.
    enum Source: String {
        /// It is there. The worker waits for memory.
        case stored
        /// It is being fetched: where there is no memory now, the worker fails.
        case arriving
    }

    /// What the worker reports.
    enum Result: WireCodable, Equatable {
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
    package static func run(_ arguments: [String]) -> CInt { answer(work(arguments)) }

    /// Writes the result to where the caller waits for it; returns the exit code.
    static func answer(_ result: Result) -> CInt {
        var encoder = WireEncoder()
        encoder.write(result)
        let way = FileDescriptor(owning: 1)
        return (try? way.writeAll(encoder.bytes)) == nil ? 1 : 0
    }

    private static func work(_ arguments: [String]) -> Result {
        guard arguments.count == 4, let ownership = UInt8(arguments[1]).flatMap(LayerStore.Ownership.init(rawValue:)),
            let diffID = Digest(arguments[2]), let source = Source(rawValue: arguments[3])
        else { return .failed("the worker was called wrongly") }
        do {
            var unpacker = LayerUnpacker(ownership: ownership == .full ? .archived : .squashed, expecting: diffID)
            unpacker.hasNoUmask = true
            unpacker.memory = DecodingMemory(lockedBy: 4, isPatient: source == .stored)
            try enter(runDirectory: arguments[0], ownership)
            let report = try unpacker.unpack(0, into: 3)
            return .unpacked(
                .init(
                    size: Int64(report.diskSize), skipped: report.skippedNames,
                    looseEnds: report.looseEnds.isEmpty ? LooseEnds() : report.looseEnds))
        } catch {
            return .failed("\(error)")
        }
    }
    /// Enters the user namespace, and makes the layer's directory, on 3, the root. Throws what the worker is to report.
    static func enter(runDirectory: String, _ ownership: LayerStore.Ownership) throws {
        let mode = try UserNamespace.enter(runDirectory: runDirectory)
        guard (mode == .single) == (ownership == .squashed) else { throw IdsChanged() }
        umask(0)
        try check("fchdir") { fchdir(3) }
        try check("chroot") { chroot(".") }
    }

    private struct IdsChanged: Error, CustomStringConvertible {
        var description: String { "the user's subordinate ids changed while the layer was being unpacked: try again" }
    }
}
