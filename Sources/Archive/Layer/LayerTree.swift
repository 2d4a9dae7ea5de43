import Glibc
import Linux

/// The directories of a layer under construction, found by path without ever leaving its root.
///
/// A symbolic link in the middle of a path is followed inside the root, as Docker, containerd and umoci do:
/// after `a -> /etc`, `a/passwd` lands in the layer's own etc.
final class LayerTree {
    /// An open directory that several can hold.
    final class Directory {
        let descriptor: FileDescriptor
        /// Whether the path that it was found by leads through no symbolic link, where that is known.
        var isReal = false
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
        var number: CInt { descriptor.rawValue }
    }

    /// Called with the open directory, and its path without symbolic links, for each that had to be made
    /// because no entry did.
    typealias Creation = (_ directory: CInt, _ path: RawName) throws(ArchiveError) -> Void

    private let root: Directory
    private var usesOpenat2: Bool
    private var cache: [RawName: Directory] = [:]
    private static let cacheSize = 32
    private static let maximumLinks = 40

    /// `usesOpenat2: false` walks component by component, as kernels before 5.6 need it.
    init(root: CInt, usesOpenat2: Bool = true) throws(SystemError) {
        self.root = Directory(try .open(".", in: root, O_RDONLY | O_DIRECTORY))
        self.usesOpenat2 = usesOpenat2
    }

    /// Forgets what was found: a directory or a symbolic link went away.
    func invalidate() { cache.removeAll(keepingCapacity: true) }

    /// The directory at `path`; nil where there is none. Missing ones are made, and whiteouts replaced, if
    /// `create` is given. Throws `ArchiveError`.
    func directory(_ path: RawName, create: Creation?) throws(ArchiveError) -> Directory? {
        if path.count == 1 { return root }
        if let found = cache[path] { return found }
        var found: Directory?
        // Longer paths are for the walk.
        if usesOpenat2 && path.count <= Int(PATH_MAX) {
            do throws(SystemError) {
                found = Directory(try Files.open(raw: path, inRoot: root.number, O_RDONLY | O_DIRECTORY))
            } catch {
                switch error.errno {
                // Absent before Linux 5.6; EPERM is what a container's seccomp filter may say instead.
                case .notImplemented, .notPermitted: usesOpenat2 = false
                // EAGAIN is a renamed ".." (openat2(2)); the others may be for the walk to change.
                case .noEntry, .notDirectory, .again, .nameTooLong: break
                default: throw .failed(path.printable, error)
                }
            }
        }
        if found == nil, let create { found = try make(path, create) }
        if found == nil { found = try walk(path, create: create) }
        guard let found else { return nil }
        remember(found, path)
        return found
    }

    private func remember(_ directory: Directory, _ path: RawName) {
        if cache.count >= Self.cacheSize { invalidate() }
        cache[path] = directory
    }

    /// Makes the directory at `path` where the one above it is at hand; nil where that is for the walk.
    private func make(_ path: RawName, _ create: Creation) throws(ArchiveError) -> Directory? {
        guard let slash = path.lastIndex(of: CChar(bitPattern: UInt8(ascii: "/"))) else { return nil }
        let depth = path.count { $0 == CChar(bitPattern: UInt8(ascii: "/")) }
        guard depth < EntryPath.maximumDepth, let parent = cache[path[..<slash] + [0]], parent.isReal else {
            return nil
        }
        let made: Directory
        do throws(SystemError) {
            made = try make(RawName(path[(slash + 1)...]), in: parent.number, replacingWhiteout: false)
        } catch {
            // Something else has the name, or the path is too long.
            return nil
        }
        made.isReal = true
        try create(made.number, path)
        return made
    }

    private func walk(_ path: RawName, create: Creation?) throws(ArchiveError) -> Directory? {
        var stack: [(name: ArraySlice<CChar>, directory: Directory)] = []
        var rest = Array(EntryPath.split(path).reversed())
        var links = 0
        while let component = rest.popLast() {
            if component.elementsEqual([46, 46]) {
                _ = stack.popLast()
                continue
            }
            let parent = stack.last?.directory ?? root
            let name = RawName(component) + [0]
            if let next = try subdirectory(name, in: parent.number, of: path) {
                stack.append((component, next))
                if links == 0 { rememberReal(next, stack) }
            } else {
                let status = try failing(path) { () throws(SystemError) in
                    try Files.status(raw: name, in: parent.number)
                }
                if status?.isSymbolicLink == true {
                    links += 1
                    guard links <= Self.maximumLinks else {
                        throw .failed(path.printable, SystemError("open", nil, .loop))
                    }
                    let target = try failing(path) { () throws(SystemError) in
                        try Files.readLink(raw: name, in: parent.number)
                    }
                    if target.first == 47 { stack.removeAll() }
                    rest.append(contentsOf: EntryPath.split(target).reversed())
                } else if status == nil || status?.isWhiteout == true {
                    guard let create else { return nil }
                    guard stack.count < EntryPath.maximumDepth else {
                        throw .badName(path.printable, "its path is too deep")
                    }
                    let made = try failing(path) { () throws(SystemError) in
                        try make(name, in: parent.number, replacingWhiteout: status != nil)
                    }
                    stack.append((component, made))
                    if links == 0 { rememberReal(made, stack) }
                    try create(made.number, stack.map(\.name).joined(separator: [47]) + [0])
                } else {
                    throw .notDirectory(path.printable)
                }
            }
        }
        return stack.last?.directory ?? root
    }

    private func rememberReal(_ directory: Directory, _ stack: [(name: ArraySlice<CChar>, directory: Directory)]) {
        directory.isReal = true
        remember(directory, Array(stack.map(\.name).joined(separator: [47])) + [0])
    }

    /// nil for anything but a directory.
    private func subdirectory(_ name: RawName, in parent: CInt, of path: RawName) throws(ArchiveError) -> Directory? {
        do throws(SystemError) {
            return Directory(try Files.open(raw: name, in: parent, O_RDONLY | O_DIRECTORY))
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory || error.errno == .loop { return nil }
            throw .failed(path.printable, error)
        }
    }

    private func make(
        _ name: RawName, in parent: CInt, replacingWhiteout: Bool
    ) throws(SystemError) -> Directory {
        if replacingWhiteout { try Files.unlink(name, in: parent) }
        try Files.makeDirectory(name, in: parent, mode: 0o700)
        let made = Directory(try Files.open(raw: name, in: parent, O_RDONLY | O_DIRECTORY))
        // The whiteout hid what is below, and the new directory must go on doing so.
        if replacingWhiteout { try OverlayAttributes.setOpaque(made.number) }
        return made
    }
}

/// Runs `body`; what it throws is about the entry `name`.
@inline(__always)
func failing<T: ~Copyable>(
    _ name: @autoclosure () -> RawName, _ body: () throws(SystemError) -> T
) throws(ArchiveError) -> T {
    do throws(SystemError) {
        return try body()
    } catch {
        throw .failed(name().printable, error)
    }
}
