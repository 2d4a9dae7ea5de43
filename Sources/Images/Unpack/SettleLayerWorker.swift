import Archive
import Glibc
import Linux
import Runtime
import Store

/// The process that settles what an unpacked layer leaves to those below it: `settle-layer RUN-DIRECTORY OWNERSHIP
/// LOWERS`, the loose ends on 0, the way for the result on 1, the layer's directory on 3, and the directories of the LOWERS
/// layers below, the topmost first, from 4 on.
///
/// Its root is the layer's directory, as that of the process that unpacked it.
package enum SettleLayerWorker {
    /// Does the worker's work with what follows its verb; returns the exit code.
    package static func run(_ arguments: [String]) -> CInt {
        UnpackLayersWorker.give(work(arguments), on: FileDescriptor(owning: 1))
        return 0
    }

    private static func work(_ arguments: [String]) -> UnpackLayersWorker.Answer {
        guard arguments.count == 3, let ownership = UInt8(arguments[1]).flatMap(LayerStore.Ownership.init(rawValue:)),
            let lowerCount = CInt(arguments[2])
        else { return .failed("the worker was called wrongly") }
        do {
            let input = FileDescriptor(owning: 0)
            var decoder = WireDecoder(try input.readAll())
            let ends = try decoder.read(LooseEnds.self)
            return try UserNamespace.sharing(runDirectory: arguments[0]) { mode in
                try UnpackLayersWorker.prepare(mode, ownership)
                try UnpackLayersWorker.changeRoot(into: 3)
                let size = try ends.settle(
                    in: 3, ownership == .full ? .archived : .squashed, lowers: (0..<lowerCount).map { 4 + $0 })
                return .unpacked(.init(size: Int64(size), skipped: [], looseEnds: LooseEnds()))
            }
        } catch {
            return .failed("\(error)")
        }
    }
}
