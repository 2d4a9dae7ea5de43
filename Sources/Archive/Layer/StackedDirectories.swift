import Glibc
import Linux

/// The directories of a stack of layers in overlay form, as the merged tree would show them: `LayerStack.find` for many
/// directories of one tree, at one call for each and layer.
final class StackedDirectories {
    private let stack: LayerStack
    /// By layer and path.
    private var known: [[RawName: State]]
    private var opaque: [[RawName: Bool]]

    private enum State {
        case directory(FileStatus)
        /// The layer neither has it nor hides it.
        case absent
        /// The layer hides it, or has something else there.
        case hidden
    }

    init(_ stack: LayerStack) {
        self.stack = stack
        known = Array(repeating: [:], count: stack.layers.count)
        opaque = known.map { _ in [:] }
    }

    /// What the merged tree has at `path`, where that is a directory; otherwise nil. Symbolic links in the middle of the
    /// path are not followed. Throws `SystemError`.
    func status(of path: RawName) throws(SystemError) -> FileStatus? {
        if needsSearch(path) {
            guard let found = try stack.find(path), found.status.isDirectory else { return nil }
            return found.status
        }
        return try place(of: path)?.status
    }

    /// What is kept beside the directory that `status(of:)` tells of; nil where it has nothing. Throws `SystemError`.
    func keptOwner(of path: RawName) throws(SystemError) -> KeptOwner? {
        if needsSearch(path) {
            guard let found = try stack.find(path), found.status.isDirectory else { return nil }
            return try KeptOwner.of(found.name, in: found.directory.rawValue)
        }
        guard let layer = try place(of: path)?.layer else { return nil }
        // The layers themselves may be open for their paths alone.
        let name = path.count == 1 ? [46, 0] : path
        let directory = try Files.open(raw: name, in: stack.layers[layer], O_RDONLY | O_DIRECTORY)
        return try KeptOwner.of(directory.rawValue)
    }

    private func needsSearch(_ path: RawName) -> Bool {
        path.count > Int(PATH_MAX) || EntryPath.split(path).contains(where: { $0.elementsEqual([46, 46]) })
    }

    private func place(of path: RawName) throws(SystemError) -> (layer: Int, status: FileStatus)? {
        for layer in stack.layers.indices {
            switch try state(path, layer) {
            case .directory(let status): return (layer, status)
            case .hidden: return nil
            case .absent: continue
            }
        }
        return nil
    }

    private func state(_ path: RawName, _ layer: Int) throws(SystemError) -> State {
        if let state = known[layer][path] { return state }
        let state = try look(path, layer)
        known[layer][path] = state
        return state
    }

    private func look(_ path: RawName, _ layer: Int) throws(SystemError) -> State {
        if path.count == 1 { return .directory(try Files.status(of: stack.layers[layer])) }
        let parent = Self.parent(path)
        switch try state(parent, layer) {
        case .absent: return .absent
        case .hidden: return .hidden
        case .directory: break
        }
        // Everything before the last component is known to be directories, so that no link is followed.
        guard let status = try Files.status(raw: path, in: stack.layers[layer]) else {
            return try isOpaque(parent, layer) ? .hidden : .absent
        }
        return status.isDirectory ? .directory(status) : .hidden
    }

    /// Whether the directory or one above it hides what the layers below have. The root's own mark means nothing.
    private func isOpaque(_ path: RawName, _ layer: Int) throws(SystemError) -> Bool {
        if path.count == 1 { return false }
        if let isOpaque = opaque[layer][path] { return isOpaque }
        let directory = try Files.open(raw: path, in: stack.layers[layer], O_RDONLY | O_DIRECTORY)
        var isOpaque = try OverlayAttributes.isOpaque(directory.rawValue)
        if !isOpaque { isOpaque = try self.isOpaque(Self.parent(path), layer) }
        opaque[layer][path] = isOpaque
        return isOpaque
    }

    private static func parent(_ path: RawName) -> RawName {
        guard let slash = path.lastIndex(of: CChar(bitPattern: UInt8(ascii: "/"))) else { return [0] }
        return path[..<slash] + [0]
    }
}
