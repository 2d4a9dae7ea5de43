import Glibc
import Linux

/// Where links of a container lead, as texts: for names and messages, not for what is opened.
struct ContainerLinks {
    private let root: CInt

    /// `root` is the container's root directory, open and borrowed.
    init(_ root: CInt) { self.root = root }

    /// The path at the end of all links in `path`, absolute and clean; what is behind something that is not there is
    /// taken by its letters. Throws `SystemError`: ELOOP where links do not end.
    func end(of path: [UInt8]) throws(SystemError) -> [UInt8] {
        var trail = DirectoryTrail(root: root, limit: 32, flags: FileDescriptor.pathOnly)
        var place: [RawName] = []
        var pending = Self.components(path)
        var links = 0
        while let name = pending.popLast() {
            if name == [46, 46, 0] {
                if trail.depth > 0 { try trail.leave() }
                if !place.isEmpty { place.removeLast() }
                continue
            }
            // Behind something that is no directory.
            guard trail.depth == place.count, let status = try Files.status(raw: name, in: trail.current) else {
                place.append(name)
                continue
            }
            if status.isSymbolicLink {
                links += 1
                if links > 255 { throw SystemError("lstat", nil, .loop) }
                let target = try Files.readLink(raw: name, in: trail.current)
                if target.first == 47 {
                    trail = DirectoryTrail(root: root, limit: 32, flags: FileDescriptor.pathOnly)
                    place = []
                }
                pending += Self.components(target.bytes)
                continue
            }
            place.append(name)
            if status.isDirectory { try trail.enter(name) }
        }
        return [47] + place.map(\.bytes).joined(separator: [47])
    }

    // The last one first.
    private static func components(_ path: [UInt8]) -> [RawName] {
        path.split(separator: 47).reversed().filter { $0 != [46] }.map { $0.map(CChar.init(bitPattern:)) + [0] }
    }
}
