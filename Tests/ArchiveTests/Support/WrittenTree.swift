import Archive
import Glibc
import Linux

/// A file of `size` bytes with "data" at each of `offsets`; returns its path.
func sparseFile(_ name: String, in folder: Folder, size: Int, _ offsets: [Int]) throws -> String {
    let path = "\(folder.path)/\(name)"
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
    try file.setSize(size)
    for offset in offsets {
        var failure: SystemError?
        Array("data".utf8).withUnsafeBytes { bytes in
            do throws(SystemError) { try file.write(bytes, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }
    return path
}

/// An archive of all sorts that `TarWriter` writes, for others to read.
func writtenTree(in folder: Folder) throws -> [UInt8] {
    func entry(
        _ name: String, _ kind: TarEntry.Kind = .regular, mode: FileMode = 0o644,
        attributes: [(name: RawName, value: [UInt8])] = []
    ) -> TarEntry {
        TarEntry(
            name: RawName(name), kind, mode: mode, modification: FileTime(seconds: 1_700_000_000, nanoseconds: 0),
            attributes: attributes)
    }
    var bytes: [UInt8] = []
    let writer = TarWriter { bytes.append(contentsOf: $0) }
    let file = try FileDescriptor.open(sparseFile("tree-s", in: folder, size: 1 << 24, [5, 1 << 22]), O_RDONLY)
    try writer.add(entry("d", .directory, mode: 0o755))
    var owned = entry("d/f", mode: 0o640, attributes: [(RawName("user.note"), Array("v=1\n".utf8))])
    (owned.user, owned.group) = (1234, 3_000_000)
    owned.modification = FileTime(seconds: 1_000_000_000, nanoseconds: 123_456_789)
    try writer.add(owned, content: Array("text".utf8))
    try writer.add(
        entry(
            "d/ping", mode: 0o755,
            attributes: [
                (
                    RawName("security.capability"),
                    [1, 0, 0, 2, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12)
                )
            ]), content: Array("ping".utf8))
    try writer.add(entry("d/su", mode: 0o4755), content: Array("su".utf8))
    try writer.add(entry("d/h", .hardLink(target: RawName("d/f"))))
    try writer.add(entry("d/l", .symbolicLink(target: RawName("f")), mode: 0o777))
    var latin = entry("")
    latin.name = [100, 47, CChar(bitPattern: 0xe9), CChar(bitPattern: 0xff), 0]
    try writer.add(latin, content: [1])
    try writer.add(entry("d/naïve"), content: [2])
    let long = String(repeating: "n", count: 120)
    try writer.add(entry("d/\(long)", .directory, mode: 0o711))
    try writer.add(entry("d/\(long)/\(long)"), content: Array("deep".utf8))
    try writer.add(entry("d/fifo", .fifo, mode: 0o600))
    var hole = entry("d/sparse")
    hole.size = 1 << 24
    try writer.add(hole, from: file)
    var old = entry("d/old")
    old.modification = FileTime(seconds: -6, nanoseconds: 750_000_000)
    try writer.add(old)
    _ = try writer.finish()
    return bytes
}
