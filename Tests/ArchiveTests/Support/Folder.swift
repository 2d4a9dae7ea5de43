import Archive
import Glibc
import Linux

/// A temporary directory that is removed with its owner. Below /var/tmp: layers need a file system that has
/// devices and extended attributes, which a tmpfs of an old kernel lacks.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = "/var/tmp/apus-archive-\(randomHex(bytes: 8))"
        try Files.makeDirectory(path, mode: 0o755)
    }

    deinit { try? Files.removeTree(path) }

    /// A new directory in this one.
    func directory(_ name: String) throws -> String {
        try Files.makeDirectory("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    /// A new file in this one.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Files.write(bytes, to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}

/// Unpacks the archive `bytes` into a new directory of `folder` and returns the directory's path and the report.
@discardableResult
func unpack(
    _ bytes: [UInt8], in folder: Folder, as name: String = "layer", _ unpacker: LayerUnpacker = LayerUnpacker(),
    lowers: [String] = []
) throws -> (path: String, report: LayerReport) {
    let archive = try FileDescriptor.open(folder.file("\(name).tar", bytes), O_RDONLY)
    let path = try folder.directory(name)
    let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
    let open = try lowers.map { try Open($0) }
    let report = try unpacker.unpack(archive.rawValue, into: directory.rawValue)
    // Without layers below there is nothing to learn of directories, and no file for a link.
    _ = try report.looseEnds.settle(in: directory.rawValue, unpacker.ownership, lowers: open.map(\.number))
    withExtendedLifetime(open) {}
    return (path, report)
}

/// Copies what `sources` show, the topmost first, into the new directory `target` of `folder`.
@discardableResult
func copyTree(
    _ form: TreeCopy.Form, _ sources: [String], in folder: Folder, as target: String
) throws -> (path: String, report: TreeCopyReport) {
    let path = try folder.directory(target)
    let directory = try Open(path)
    let open = try sources.map { try Open($0) }
    let report = try TreeCopy(form).copy(open.map(\.number), into: directory.number)
    withExtendedLifetime((open, directory)) {}
    return (path, report)
}

/// An open directory that an array can hold.
final class Open {
    let descriptor: FileDescriptor
    var number: CInt { descriptor.rawValue }
    init(_ path: String) throws { descriptor = try .open(path, O_RDONLY | O_DIRECTORY) }
}

/// What a test asks of one name.
struct Look {
    let status: FileStatus?
    let path: String

    init(_ path: String) {
        self.path = path
        status = try? Files.status(path, following: false)
    }

    var exists: Bool { status != nil }
    var isWhiteout: Bool { status?.isWhiteout ?? false }
    var isDirectory: Bool { status?.isDirectory ?? false }
    var isOpaque: Bool { attribute("user.overlay.opaque") == Array("y".utf8) }
    var text: String? { try? Files.readText(path) }
    func attribute(_ name: String) -> [UInt8]? {
        try? ExtendedAttributes.get(RawName(name), of: RawName(path), in: AT_FDCWD)
    }
}
