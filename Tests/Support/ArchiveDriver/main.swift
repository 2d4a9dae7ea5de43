// Runs the module in a process of its own, for tests that need one: inside a user namespace, after a chroot,
// under strace. Usage: ArchiveDriver [--namespace BASE:COUNT] VERB …; see `run`.
import Archive
import Glibc
import Linux
import OCI

final class Folder {
    let descriptor: FileDescriptor
    init(_ path: String) throws(SystemError) { descriptor = try .open(path, O_RDONLY | O_DIRECTORY) }
}

/// Continues in a child in a new user namespace, whose ids from 0 on are those from `base` on; the parent waits
/// and exits as the child does.
func enterNamespace(base: String, count: String) throws(SystemError) {
    var ready = try FileDescriptor.pipe()
    var mapped = try FileDescriptor.pipe()
    let child = try cloneChild()
    if child == 0 {
        try NamespaceSet.user.unshare()
        try ready.takeSecond().writeAll([1])
        var byte: [UInt8] = [0]
        let reader = mapped.takeFirst()
        _ = try check("read") { read(reader.rawValue, &byte, 1) }
        try Credentials.setGroup(0)
        try Credentials.setUser(0)
        return
    }
    var byte: [UInt8] = [0]
    let reader = ready.takeFirst()
    _ = try check("read") { read(reader.rawValue, &byte, 1) }
    try Files.writeControl("0 \(base) \(count)", to: "/proc/\(child)/uid_map")
    try Files.writeControl("0 \(base) \(count)", to: "/proc/\(child)/gid_map")
    try mapped.takeSecond().writeAll([1])
    exit(try waitForExit(of: child).shellCode)
}

func run(_ words: [String]) throws {
    var words = words
    func takeFlag(_ flag: String) -> Bool {
        guard let index = words.firstIndex(of: flag) else { return false }
        words.remove(at: index)
        return true
    }
    func takeValue(_ flag: String) -> String? {
        guard let index = words.firstIndex(of: flag) else { return nil }
        defer { words.removeSubrange(index...(index + 1)) }
        return words[index + 1]
    }
    switch words.removeFirst() {
    case "unpack":
        // unpack [--squash] [--chroot] [--walk] [--no-umask] [--bytes N] [--lower DIR]… ARCHIVE DIR
        var unpacker = LayerUnpacker()
        if takeFlag("--squash") { unpacker.ownership = .squashed }
        if takeFlag("--walk") { unpacker.usesOpenat2 = false }
        if takeFlag("--no-umask") {
            umask(0)
            unpacker.hasNoUmask = true
        }
        let changesRoot = takeFlag("--chroot")
        unpacker.limits.bytes = takeValue("--bytes").flatMap { Int($0) }
        var lowers: [Folder] = []
        while let lower = takeValue("--lower") { lowers.append(try Folder(lower)) }
        let archive = try FileDescriptor.open(words[0], O_RDONLY)
        let target = try Folder(words[1])
        if changesRoot {
            try check("chroot") { chroot(words[1]) }
            try check("chdir") { chdir("/") }
        }
        let report = try unpacker.unpack(archive.rawValue, into: target.descriptor.rawValue)
        _ = try report.looseEnds.settle(
            in: target.descriptor.rawValue, unpacker.ownership, lowers: lowers.map { $0.descriptor.rawValue })
        withExtendedLifetime((target, lowers)) {}
        print(report)
    case "copy":
        // copy TARGET LAYER…, the topmost first
        let target = try Folder(words[0])
        let layers = try words.dropFirst().map { try Folder($0) }
        print(
            try TreeCopy(.overlay).copy(
                layers.map { $0.descriptor.rawValue }, into: target.descriptor.rawValue))
    case "copy-plain":
        // copy-plain TARGET TREE
        let target = try Folder(words[0])
        let tree = try Folder(words[1])
        print(try TreeCopy(.plain).copy([tree.descriptor.rawValue], into: target.descriptor.rawValue))
    case "remove":
        // remove PATH
        try Files.removeTree(words[0])
    case "list":
        // list ARCHIVE: its entries, with the digest of what each has of content and where
        let file = try FileDescriptor.open(words[0], O_RDONLY)
        let reader = try TarReader(reading: file.rawValue)
        while let entry = try reader.next() {
            var hasher = DigestHasher()
            var next = 0
            try reader.readContent { bytes, offset throws(ArchiveError) in
                if offset != next { hasher.update(Array("@\(offset) ".utf8)) }
                hasher.update(bytes)
                next = offset + bytes.count
            }
            print(
                entry.name.bytes, entry.kind, String(entry.mode, radix: 8), entry.user, entry.group, entry.size,
                entry.modification, entry.access.map { "\($0)" } ?? "-",
                entry.attributes.map { "\($0.name.bytes)=\($0.value)" }, hasher.current().short)
        }
        print(try reader.finish())
    case "rewrite":
        // rewrite [--chroot DIR] ARCHIVE TARGET: writes anew what the archive has
        let root = takeValue("--chroot")
        let file = try FileDescriptor.open(words[0], O_RDONLY)
        let target = try FileDescriptor.open(words[1], O_WRONLY | O_CREAT | O_TRUNC)
        TarReader.prepare()
        if let root {
            try check("chroot") { chroot(root) }
            try check("chdir") { chdir("/") }
        }
        let reader = try TarReader(reading: file.rawValue)
        let writer = TarWriter(to: target.rawValue)
        while let entry = try reader.next() {
            guard entry.kind == .regular else {
                try writer.add(entry)
                continue
            }
            var content: [UInt8] = []
            try reader.readContent { bytes, offset throws(ArchiveError) in
                content.append(contentsOf: repeatElement(0, count: offset - content.count))
                content.append(contentsOf: bytes)
            }
            content.append(contentsOf: repeatElement(0, count: entry.size - content.count))
            try writer.add(entry, content: content)
        }
        _ = try reader.finish()
        print(try writer.finish())
    case "digest":
        // digest FILE: that of the uncompressed bytes
        let file = try FileDescriptor.open(words[0], O_RDONLY)
        let pipeline = try DecodingPipeline(reading: file.rawValue)
        while try !pipeline.next().isEmpty {}
        print(pipeline.result!.digest)
    case let verb:
        print("no such verb: \(verb)")
        exit(2)
    }
}

// What tests that run beside this one have open is inherited, and some tests count descriptors (ulimit -n).
DescriptorTable.closeAll(from: 3)
do {
    var words = Array(CommandLine.arguments.dropFirst())
    if words.first == "--namespace" {
        let parts = words[1].split(separator: ":").map(String.init)
        words.removeFirst(2)
        try enterNamespace(base: parts[0], count: parts[1])
    }
    try run(words)
} catch {
    print("\(error)")
    exit(1)
}
