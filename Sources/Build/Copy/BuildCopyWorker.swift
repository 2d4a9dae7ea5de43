import Archive
import ContainerSpec
import Errors
import Glibc
import Linux
import Runtime
import Supervision

/// The process that reads and writes the files of COPY and ADD, in the user namespace that they belong to: `build-copy`, with its order on
/// descriptor 3 (`CopyRequest`), the files that are selected on 4, the file of the memory that decoders share on 5, and its answer on 1.
///
/// Nothing of the trees is trusted: paths are followed by descriptors inside of their roots, and no file of them is executed or loaded.
package enum BuildCopyWorker {
    /// What archives are decoded with.
    static let memory = DecodingMemory(lockedBy: 5, isPatient: true)

    /// Does the worker's work; returns the exit code.
    package static func run() -> CInt {
        Signals.ignoreBrokenPipe()
        var answer = CopyAnswer.done
        do throws(EngineError) { try work() } catch { answer = .failed(error) }
        var encoder = WireEncoder()
        encoder.write(answer)
        do throws(SystemError) {
            try FileDescriptor(owning: 1).writeAll(encoder.bytes)
            return 0
        } catch { return 1 }
    }

    private static func work() throws(EngineError) {
        try engine {
            let order = FileDescriptor(owning: 3)
            var decoder = WireDecoder(try order.readAll(limit: 1 << 28))
            let request: CopyRequest = try decoder.read()
            let selection = FileDescriptor(owning: 4)
            // As long as it is outside: inside everybody is root.
            let hasOneID = UserNamespace.plan().mode == .single
            TarReader.prepare()
            try UserNamespace.sharing(runDirectory: request.runDirectory) { _ in
                umask(0)
                // Whoever ordered it is gone, so nobody wants it. Not before: new credentials take it back.
                try Credentials.setParentDeathSignal(SIGKILL)
                try carryOut(request, selection, hasOneID)
            }
        }
    }

    private static func carryOut(
        _ request: CopyRequest, _ selection: borrowing FileDescriptor, _ hasOneID: Bool
    ) throws {
        switch request.work {
        case .select(let layers, let sources):
            let groups = try select(layers, sources, request, hasOneID)
            var encoder = WireEncoder()
            encoder.write(groups)
            try selection.writeAll(encoder.bytes)
        case .copy(let copy):
            var list = WireDecoder(try selection.readAll(limit: 1 << 31))
            let groups: [SelectedGroup] = try list.read()
            try CopyExecution.run(copy, groups, request, hasOneID)
        case .makeDirectory(let copy): try CopyExecution.makeDirectory(copy, request, hasOneID)
        }
    }

    private static func select(
        _ layers: [String], _ sources: SelectionSources, _ request: CopyRequest, _ hasOneID: Bool
    ) throws -> [SelectedGroup] {
        let root = SelectionSources.Root(
            label: "", ignored: nil, sums: nil, isContext: false, readsKeptOwners: hasOneID)
        if layers.isEmpty {
            let empty = try FileDescriptor.open(request.temporary, O_RDONLY | O_DIRECTORY)
            return try sources.find(in: empty.rawValue, root) {}
        }
        let tree = try LayeredRoot(layers, in: request.temporary, driver: request.driver, isReadOnly: true)
        // A container that sees the machine's processes must not look into this one.
        Hardening.setDumpable(false)
        let top = try FileDescriptor.open(".", in: tree.root.rawValue, O_RDONLY | O_DIRECTORY)
        let found = Result { try sources.find(in: top.rawValue, root) {} }
        endLifetime(top)
        tree.close()
        return try found.get()
    }
}
