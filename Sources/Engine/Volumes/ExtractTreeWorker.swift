import Archive
import Errors
import Glibc
import Linux
import Runtime
import Trees

/// The process that writes what an archive has into a directory whose files may belong to subordinate ids: `extract-tree
/// RUN-DIRECTORY DIRECTORY`, the archive on 3. Exit code 1 and a sentence on standard error where that fails; what was
/// written before stays.
///
/// The archive is not trusted: see `TreeSink`. An entry for the directory itself gives it its owner, mode, attributes and
/// time. Marks of an overlay are kept, too: another engine may have its layers in a volume.
enum ExtractTreeWorker {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count == 2 else { return 2 }
        do {
            TarReader.prepare()
            let mode = try UserNamespace.enter(runDirectory: arguments[0])
            umask(0)
            // An archive may be waited for that others go on writing.
            try Credentials.setParentDeathSignal(SIGKILL)
            try extract(
                into: try FileDescriptor.open(arguments[1], O_RDONLY | O_DIRECTORY), called: arguments[1],
                hasOneID: mode == .single)
            return 0
        } catch {
            try? FileDescriptor(owning: 2).writeAll(Array("\(error)".utf8))
            return 1
        }
    }

    private static func extract(
        into directory: consuming FileDescriptor, called name: String, hasOneID: Bool
    ) throws {
        let scope = TreeSink.Scope(root: RootDirectory(try directory.duplicate()))
        var sink = TreeSink(
            directory: directory.rawValue, label: Array(name.utf8), .entries, tellsWholePaths: false,
            keepsOwners: hasOneID, scope: scope)
        let reader = try TarReader(reading: 3)
        var top: TarEntry?
        var marked: [TarEntry] = []
        while let entry = try reader.next() {
            if isTop(entry) { top = entry } else { try sink.add(entry, nil, nil, from: reader) }
            if entry.attributes.contains(where: { isMark($0.name) }) { marked.append(entry) }
        }
        _ = try reader.finish()
        try sink.finish()
        for entry in marked { try setMarks(of: entry, below: directory.rawValue) }
        guard let top else { return }
        try sink.setOwner(of: directory.rawValue, top)
        try sink.setAttributes(of: directory.rawValue, top)
        try Files.setMode(of: directory.rawValue, top.mode)
        try Files.setTimes(of: directory.rawValue, access: top.modification, modification: top.modification)
    }

    private static func isTop(_ entry: TarEntry) -> Bool {
        entry.kind == .directory && entry.name.dropLast().split(separator: 47).allSatisfy { Array($0) == [46] }
    }

    // An overlay's, that an ordinary user may set.
    private static func isMark(_ name: RawName) -> Bool {
        OverlayAttributes.reserves(name) && name.bytes.starts(with: Array("user.".utf8))
    }

    private static func setMarks(of entry: TarEntry, below directory: CInt) throws(SystemError) {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try Files.open(raw: entry.name, inRoot: directory, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
        } catch {
            // A later entry, or somebody else, has replaced it.
            if error.errno == .noEntry || error.errno == .loop || error.errno == .notDirectory { return }
            throw error
        }
        for (name, value) in entry.attributes where isMark(name) {
            do throws(SystemError) { try ExtendedAttributes.set(name, of: file.rawValue, to: value) } catch {
                guard error.errno == .notSupported || error.errno == .notPermitted else { throw error }
            }
        }
    }
}
