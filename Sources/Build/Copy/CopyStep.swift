import Archive
import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import OCI
import Store
import Trees

/// A COPY or an ADD whose variables have their values.
struct CopyStep: Sendable {
    let instruction: CopyInstruction
    /// Whether it is an ADD, which fetches URLs and unpacks archives.
    let isAdd: Bool
    /// The stage's working directory at this place, absolute.
    let workingDirectory: String
    /// Where the files come from.
    let source: FileSource

    /// Finds what is to be copied, and what the cache has to know of it. What an ADD fetches is fetched now, and stays as long as the
    /// selection does. Throws BuildKit's sentences. Several threads may do so at once.
    func select(_ tools: BuildTools) throws(EngineError) -> FileSelection {
        try tools.checkCancellation()
        if let mode = instruction.mode { _ = try ModeChange(mode) }
        var selection = FileSelection()
        var local = SelectionSources(excluded: instruction.excluded, keepsParents: instruction.keepsParents)
        // In the order of the words, whatever they are.
        for word in instruction.sources {
            if isAdd, let remote = RemoteSource(word) {
                try find(local, tools, &selection)
                local.sources = []
                try add(remote, to: &selection, tools)
            } else {
                local.sources.append(source(of: word))
            }
        }
        try find(local, tools, &selection)
        for file in instruction.files { selection.add(Self.group(of: file)) }
        selection.seal()
        return selection
    }

    /// Copies `selection` into a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the
    /// directory `scratch`, as a container's would: `upper`, or what another storage driver has in its place. With `--link`, and where there
    /// are no `lowers`, that is all of the layer.
    ///
    /// What is copied is what was selected: where a file is not any more what it was then, this throws (`conflict`). Throws
    /// `EngineError`; what is in `scratch` is of no use then. Several threads may do so at once.
    func execute(
        _ selection: FileSelection, on lowers: [String], in scratch: String, _ tools: BuildTools
    ) throws(EngineError) {
        let copy = CopyRequest.Copy(
            roots: selection.roots, lowers: lowers, scratch: scratch, destination: destination,
            owner: instruction.owner, mode: instruction.mode, isLinked: instruction.isLinked)
        try CopyProcess.perform(.copy(copy), groups: selection.groups, tools)
    }

    /// Where the files go, absolute; a slash at its end says that it is a directory.
    var destination: [UInt8] {
        let given = Array(instruction.destination.utf8)
        let slash = UInt8(ascii: "/")
        let base = given.first == slash ? [] : Array(workingDirectory.utf8) + [slash]
        var path = CopyPath.clean([slash] + base + given)
        let last = CopyPath.base(given)
        if given.isEmpty || given.last == slash || last == [UInt8(ascii: ".")], path.last != slash {
            path.append(slash)
        }
        return path
    }

    // MARK: sources

    private func source(of word: String) -> SelectionSources.Source {
        let slash = UInt8(ascii: "/")
        let bytes = Array(word.utf8)
        var source = SelectionSources.Source(path: CopyPath.clean([slash] + bytes))
        source.isUnpacked = isAdd && instruction.unpacks ?? true
        guard instruction.keepsParents else { return source }
        let mark = Array("/./".utf8)
        let place =
            bytes.count < 3 ? nil : (1..<max(1, bytes.count - 2)).first { bytes[$0..<($0 + 3)].elementsEqual(mark) }
        source.pivot = place.map { CopyPath.clean([slash] + bytes[..<$0]) } ?? [slash]
        let kept = place.map { Array(bytes[($0 + 3)...]) } ?? bytes
        source.path = CopyPath.clean(source.pivot + CopyPath.clean([slash] + kept))
        return source
    }

    private static func group(of file: CopyInstruction.InlineFile) -> SelectedGroup {
        let now = FileStamp.now()
        let stamp = FileStamp(device: 0, inode: 0, size: UInt64(file.content.count), modified: 0, changed: 0)
        var selected = SelectedFile(
            path: [0], kind: .regular, mode: 0o644, user: 0, group: 0,
            modification: FileTime(seconds: Int(now / 1_000_000_000), nanoseconds: Int(now % 1_000_000_000)),
            stamp: stamp)
        selected.sum = ContentSum(Digest(of: file.content))
        var group = SelectedGroup(root: -1, top: [], name: RawName(file.name), isDirectory: false)
        group.files = [selected]
        group.content = file.content
        return group
    }

    // Adds what they name to the selection.
    private func find(
        _ local: SelectionSources, _ tools: BuildTools, _ selection: inout FileSelection
    ) throws(EngineError) {
        guard !local.sources.isEmpty else { return }
        var local = local
        switch source {
        case .context(let tree):
            let place = selection.place(of: .directory(tree.directory))
            for index in local.sources.indices { local.sources[index].root = place }
            selection.add(try local.find(in: tree, tools))
        case .layers(let layers):
            let place = selection.place(of: .layers(layers))
            for index in local.sources.indices { local.sources[index].root = place }
            selection.add(try CopyProcess.perform(.select(layers, local), tools))
        }
    }

    private func add(
        _ remote: RemoteSource, to selection: inout FileSelection, _ tools: BuildTools
    ) throws(EngineError) {
        let fetched = try remote.fetch(for: instruction, tools)
        selection.hold(fetched.tree)
        var found = SelectionSources(excluded: instruction.excluded)
        var source = fetched.source
        source.root = selection.place(of: .directory(fetched.directory))
        found.sources = [source]
        selection.add(try found.find(in: ContextTree(directory: fetched.directory, ignored: nil), tools))
    }
}

extension SelectionSources {
    /// Finds the sources in a context, whose contents' sums are remembered. Throws as `find(in:_:check:)`.
    func find(in tree: ContextTree, _ tools: BuildTools) throws(EngineError) -> [SelectedGroup] {
        let (sums, directory) = try engine {
            (
                try ContentSums(in: tools.paths.buildCache),
                try FileDescriptor.open(tree.directory, O_RDONLY | O_DIRECTORY).release()
            )
        }
        let opened = FileDescriptor(owning: directory)
        let root = Root(
            label: tree.directory, ignored: tree.ignored, sums: sums, isContext: true, readsKeptOwners: false)
        let groups = try find(in: opened.rawValue, root) { () throws(EngineError) in try tools.checkCancellation() }
        // What is not remembered is read again the next time, which is no reason to fail now.
        do throws(SystemError) { try sums.save() } catch {}
        return groups
    }
}
