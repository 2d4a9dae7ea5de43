import Archive
import Glibc
import Linux
import OCI
import Runtime
import Store

/// The process that unpacks one layer: `unpack-layer RUN-DIRECTORY OWNERSHIP DIFF-ID`, the blob on 0, the way for
/// the result on 1, the layer's empty directory on 3, and the directories of the layers below, the topmost first,
/// from 4 on.
///
/// It changes its root into the layer's directory: nothing that the archive names can lead elsewhere, whatever
/// the unpacker did wrong.
package enum UnpackLayerWorker {
    /// What the worker reports.
    enum Result: WireCodable, Equatable {
        case unpacked(Report)
        /// A hard link leads to a layer below, or a directory is to look like the one below: to be tried again
        /// with those layers at hand.
        case needsLowers
        case failed(String)

        struct Report: Equatable {
            /// In bytes.
            var size: Int64
            var skipped: [String]
        }

        func encode(to encoder: inout WireEncoder) {
            switch self {
            case .unpacked(let report):
                encoder.write(UInt8(0))
                encoder.write(report.size)
                encoder.write(report.skipped)
            case .needsLowers: encoder.write(UInt8(1))
            case .failed(let message):
                encoder.write(UInt8(2))
                encoder.write(message)
            }
        }

        init(from decoder: inout WireDecoder) throws(WireError) {
            switch try decoder.read(UInt8.self) {
            case 0:
                let size: Int64 = try decoder.read()
                self = .unpacked(Report(size: size, skipped: try decoder.read()))
            case 1: self = .needsLowers
            case 2: self = .failed(try decoder.read())
            default: throw .invalidValue("result")
            }
        }
    }

    /// Does the worker's work with what follows its verb; returns the exit code.
    package static func run(_ arguments: [String]) -> CInt {
        let result = work(arguments)
        var encoder = WireEncoder()
        encoder.write(result)
        let way = FileDescriptor(owning: 1)
        return (try? way.writeAll(encoder.bytes)) == nil ? 1 : 0
    }

    private static func work(_ arguments: [String]) -> Result {
        guard arguments.count == 4, let raw = UInt8(arguments[1]), let ownership = LayerStore.Ownership(rawValue: raw),
            let diffID = Digest(arguments[2]), let lowerCount = CInt(arguments[3])
        else { return .failed("the worker was called wrongly") }
        do {
            let mode = try UserNamespace.enter(runDirectory: arguments[0])
            guard (mode == .single) == (ownership == .squashed) else {
                return .failed("the user's subordinate ids changed while the layer was being unpacked: try again")
            }
            umask(0)
            try check("fchdir") { fchdir(3) }
            try check("chroot") { chroot(".") }
            let lowers = (0..<lowerCount).map { 4 + $0 }
            let unpacker = LayerUnpacker(ownership: ownership == .full ? .archived : .squashed, expecting: diffID)
            let report = try unpacker.unpack(0, into: 3, lowers: lowers)
            if report.implicitDirectories > 0, lowers.isEmpty { return .needsLowers }
            return .unpacked(.init(size: Int64(report.diskSize), skipped: report.skippedNames))
        } catch ArchiveError.linkTargetMissing where lowerCount == 0 {
            return .needsLowers
        } catch {
            return .failed("\(error)")
        }
    }
}
