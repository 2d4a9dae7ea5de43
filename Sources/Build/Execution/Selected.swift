import Bytes
import Dockerfile
import Errors
import Linux
import OCI
import Store

/// What a COPY takes from somewhere. Of layers, which do not change, it is remembered: where the step is in the cache, too, nothing of them is
/// read again.
struct Selected {
    /// As `FileSelection.digest`.
    let digest: Digest
    private let known: FileSelection?
    /// The directories that the files were found in.
    private let directories: [String]
    private let copy: CopyInstruction
    private let isAdd: Bool
    private let directory: String
    private let origin: Execution.ResolvedOrigin

    /// Finds it. Throws BuildKit's sentences for what is not there.
    init(
        _ copy: CopyInstruction, isAdd: Bool, _ directory: String, _ origin: Execution.ResolvedOrigin,
        _ execution: Execution
    ) throws(BuildError) {
        (self.copy, self.isAdd, self.directory, self.origin) = (copy, isAdd, directory, origin)
        let path = Self.path(copy, isAdd: isAdd, origin, execution.tools.paths)
        if let path, let text = Self.read(path), let digest = Digest(text) {
            self.digest = digest
            known = nil
            directories = []
            return
        }
        let (selection, directories) = try Self.select(copy, isAdd: isAdd, directory, origin, execution)
        digest = selection.digest
        known = selection
        self.directories = directories
        guard let path else { return }
        try building { () throws(EngineError) in
            do throws(SystemError) {
                try Files.makeDirectories(Files.split(path).parent, mode: 0o700)
                try Files.replace(path, with: Array(digest.description.utf8), mode: 0o600, durable: false)
            } catch { throw EngineError(error) }
        }
    }

    /// The files themselves, while layers are pinned.
    func selection(_ execution: Execution) throws(BuildError) -> FileSelection {
        guard var known else {
            return try Self.select(copy, isAdd: isAdd, directory, origin, execution).selection
        }
        // Layers may have got their names since.
        if case .layers(let result) = origin { known.replace(directories, by: result.directories) }
        return known
    }

    private static func select(
        _ copy: CopyInstruction, isAdd: Bool, _ directory: String, _ origin: Execution.ResolvedOrigin,
        _ execution: Execution
    ) throws(BuildError) -> (selection: FileSelection, directories: [String]) {
        let pin = execution.pins.pin()
        defer { pin.release() }
        let source = origin.source
        var directories: [String] = []
        if case .layers(let layers) = source { directories = layers }
        let work = CopyStep(instruction: copy, isAdd: isAdd, workingDirectory: directory, source: source)
        do throws(EngineError) { return (try work.select(execution.tools), directories) } catch {
            guard error.kind == .notFound else { throw BuildError(error) }
            throw BuildError("failed to compute cache key: \(error.message)", error.kind)
        }
    }

    // What is damaged is found out anew.
    private static func read(_ path: String) -> String? { try? Files.readText(path, limit: 256) }

    /// Where it is remembered; nil where it cannot be: of a context, and of layers that have no digests yet.
    private static func path(
        _ copy: CopyInstruction, isAdd: Bool, _ origin: Execution.ResolvedOrigin, _ paths: StorePaths
    ) -> String? {
        guard case .layers(let result) = origin, let diffIDs = result.diffIDs, !isAdd, copy.files.isEmpty else {
            return nil
        }
        var key = StepKey("selection")
        for diffID in diffIDs { key.add(diffID) }
        key.add(copy.sources)
        key.add(copy.excluded)
        key.add(copy.keepsParents)
        return "\(paths.buildCache)/selections/\(key.digest.hex)"
    }
}
