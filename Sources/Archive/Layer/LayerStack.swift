import Glibc
import Linux

/// Looks a path up in a stack of layers in overlay form, as the merged tree would show it.
struct LayerStack {
    /// Open directories, the topmost layer first; borrowed.
    let layers: [CInt]

    /// Where a path was found: the open directory that holds it, and its name there.
    struct Found: ~Copyable {
        let directory: FileDescriptor
        let name: RawName
        let status: FileStatus
    }

    /// What one layer says of a path.
    enum Answer: ~Copyable {
        case found(Found)
        /// The layer neither has it nor hides it.
        case absent
        /// The layer hides it: a whiteout, an opaque directory, or something that is no directory.
        case hidden
    }

    /// What the merged tree has at `path`; nil where it has nothing. Symbolic links in the middle of the path
    /// are not followed. Throws `SystemError`.
    func find(_ path: RawName) throws(SystemError) -> Found? {
        let components = EntryPath.split(path).map { RawName($0) + [0] }
        for layer in layers {
            switch try Self.look(components, in: layer) {
            case .found(let found): return found
            case .hidden: return nil
            case .absent: continue
            }
        }
        return nil
    }

    /// Whether layers below may show what they have at `path`, which the layer itself has not. Throws `SystemError`.
    static func isAbsent(_ path: RawName, in layer: CInt) throws(SystemError) -> Bool {
        switch try look(EntryPath.split(path).map { RawName($0) + [0] }, in: layer) {
        case .absent: true
        default: false
        }
    }

    private static func look(_ components: [RawName], in layer: CInt) throws(SystemError) -> Answer {
        var directory = try FileDescriptor.open(".", in: layer, O_RDONLY | O_DIRECTORY)
        guard let last = components.last else {
            return .found(Found(directory: directory, name: RawName("."), status: try Files.status(of: layer)))
        }
        var isOpaque = false
        for component in components.dropLast() {
            do throws(SystemError) {
                let next = try Files.open(raw: component, in: directory.rawValue, O_RDONLY | O_DIRECTORY)
                directory = next
            } catch {
                switch error.errno {
                case .noEntry: return isOpaque ? .hidden : .absent
                case .notDirectory, .loop: return .hidden
                default: throw error
                }
            }
            if !isOpaque { isOpaque = try OverlayAttributes.isOpaque(directory.rawValue) }
        }
        guard let status = try Files.status(raw: last, in: directory.rawValue) else {
            return isOpaque ? .hidden : .absent
        }
        if status.isWhiteout { return .hidden }
        return .found(Found(directory: directory, name: last, status: status))
    }
}
