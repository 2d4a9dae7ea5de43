import Errors
import Glibc
import Linux
import Supervision

/// An open root that selected files are read from.
final class CopySource {
    private let root: CInt
    /// Whether nobody changes it.
    let isImmutable: Bool
    private var trail: DirectoryTrail
    private var place: [RawName] = []
    private var layers: LayeredRoot?

    /// Opens it. Throws `SystemError`.
    init(_ root: CopyRequest.Root, _ request: CopyRequest) throws(SystemError) {
        var tree: LayeredRoot?
        let opened: FileDescriptor
        switch root {
        case .directory(let path):
            isImmutable = false
            opened = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        case .layers(let layers) where layers.isEmpty:
            isImmutable = true
            opened = try FileDescriptor.open(request.temporary, O_RDONLY | O_DIRECTORY)
        case .layers(let layers):
            isImmutable = true
            let made = try LayeredRoot(layers, in: request.temporary, driver: request.driver, isReadOnly: true)
            opened = try FileDescriptor.open(".", in: made.root.rawValue, O_RDONLY | O_DIRECTORY)
            tree = consume made
        }
        layers = consume tree
        self.root = opened.release()
        trail = DirectoryTrail(root: self.root, flags: FileDescriptor.pathOnly)
    }

    /// Lets go of it; it is of no use then.
    func close() {
        trail = DirectoryTrail(root: root, flags: FileDescriptor.pathOnly)
        Glibc.close(root)
        layers.take()?.close()
    }

    /// The open directory `path`, borrowed until the next call; no link is followed on the way. Throws `SystemError`.
    func directory(_ path: [RawName]) throws(SystemError) -> CInt {
        var common = 0
        while common < place.count, common < path.count, place[common] == path[common] { common += 1 }
        while place.count > common {
            place.removeLast()
            do throws(SystemError) { try trail.leave() } catch {
                trail = DirectoryTrail(root: root, flags: FileDescriptor.pathOnly)
                place = []
                return try directory(path)
            }
        }
        for name in path[common...] {
            try trail.enter(name)
            place.append(name)
        }
        return trail.current
    }
}
