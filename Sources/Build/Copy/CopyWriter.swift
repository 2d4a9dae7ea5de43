import Archive
import Errors
import Glibc
import Linux
import OCI
import Trees

/// Writes selected files into a root file system.
struct CopyWriter: ~Copyable {
    private let place: CopyDestination
    private let owner: CopyOwner?
    private let mode: ModeChange?
    private let keepsOwners: Bool

    /// Files of this size and less that were fresh when they were read are read into memory to be sure of them.
    private static let smallFile = 1 << 20

    /// `owner` is that of `--chown` and `mode` of `--chmod`; `keepsOwners`: owners that cannot be given are kept beside the files.
    init(root: consuming RootDirectory, owner: CopyOwner?, mode: ModeChange?, keepsOwners: Bool) {
        self.owner = owner
        self.mode = mode
        self.keepsOwners = keepsOwners
        var made: FileMode = 0o755
        // BuildKit makes directories with the bits of an octal `--chmod`, and its process has a umask of 022.
        if case .fixed(let fixed) = mode { made &= fixed }
        place = CopyDestination(root: root, owner: owner, mode: made, keepsOwners: keepsOwners)
    }

    /// Copies `groups`, whose roots are `sources`, to `destination`: a slash at its end says that it is a directory. Throws `EngineError`.
    borrowing func write(
        _ groups: [SelectedGroup], from sources: [CopySource], to destination: [UInt8]
    ) throws(EngineError) {
        for group in groups {
            guard group.root < sources.count else { throw EngineError("a selection names no root") }
            let source = group.root < 0 ? nil : sources[group.root]
            if group.isArchive {
                try unpack(group, source, to: destination)
            } else if group.isDirectory {
                try writeDirectory(group, source, to: destination)
            } else {
                try writeFile(group, source, to: destination)
            }
        }
    }

    private borrowing func sink(_ directory: borrowing FileDescriptor, _ label: [UInt8]) -> TreeSink {
        TreeSink(
            directory: directory.rawValue, label: CopyPath.clean(label), .exact, tellsWholePaths: false,
            keepsOwners: keepsOwners, obstacles: .refusedByCopy)
    }

    private borrowing func writeDirectory(
        _ group: SelectedGroup, _ source: CopySource?, to destination: [UInt8]
    ) throws(EngineError) {
        let path = CopyPath.clean(destination)
        if CopyPath.endsInSlash(destination) {
            endLifetime(try place.makeDirectory(path))
        } else {
            endLifetime(try place.makeDirectory(CopyPath.directory(path)))
            if let there = try place.status(path), !there.isDirectory {
                throw EngineError("cannot copy to non-directory: \(CopyPath.text(path))", .invalid)
            }
        }
        let directory = try place.makeDirectory(path)
        var sink = sink(directory, path)
        for file in group.files where file.path.count > 1 { try add(file, file.path, group, source, &sink) }
        try sink.finish()
        // A directory that is copied to gets the time of the one that is copied, and nothing else of it.
        guard let top = group.files.first, top.path.count <= 1 else { return }
        // BuildKit is sent what is in a context, and nothing of the directory itself.
        if group.top.isEmpty, !(source?.isImmutable ?? true) { return }
        try engine {
            try Files.setTimes(of: directory.rawValue, access: top.modification, modification: top.modification)
        }
    }

    private borrowing func writeFile(
        _ group: SelectedGroup, _ source: CopySource?, to destination: [UInt8]
    ) throws(EngineError) {
        guard let file = group.files.first else { return }
        let path = CopyPath.clean(destination)
        let isDirectory: Bool
        if CopyPath.endsInSlash(destination) {
            endLifetime(try place.makeDirectory(path))
            isDirectory = true
        } else {
            endLifetime(try place.makeDirectory(CopyPath.directory(path)))
            isDirectory = try place.status(path)?.isDirectory ?? false
        }
        let found: (directory: [UInt8], name: RawName) = isDirectory ? (path, group.name) : try place.place(path)
        let directory = try place.makeDirectory(found.directory)
        var sink = sink(directory, found.directory)
        try add(file, found.name, group, source, &sink)
        try sink.finish()
    }

    // MARK: one file

    private borrowing func entry(_ file: SelectedFile, _ name: RawName) -> TarEntry {
        let kind: TarEntry.Kind =
            switch file.kind {
            case .directory: .directory
            case .regular: .regular
            case .symbolicLink: .symbolicLink(target: file.target)
            case .hardLink: .hardLink(target: file.target)
            case .fifo: .fifo
            case .characterDevice: .characterDevice(DeviceNumber(file.device))
            case .blockDevice: .blockDevice(DeviceNumber(file.device))
            }
        let changed =
            file.kind == .symbolicLink
            ? file.mode : mode?.applied(to: file.mode, isDirectory: file.kind == .directory) ?? file.mode
        return TarEntry(
            name: name, kind, mode: changed, user: owner?.user ?? file.user, group: owner?.group ?? file.group,
            size: file.kind == .regular ? Int(truncatingIfNeeded: file.stamp.size) : 0,
            modification: file.modification, attributes: file.attributes.map { ($0.name, $0.value) })
    }

    private borrowing func add(
        _ file: SelectedFile, _ name: RawName, _ group: SelectedGroup, _ source: CopySource?, _ sink: inout TreeSink
    ) throws(EngineError) {
        let entry = entry(file, name)
        guard file.kind == .regular else { return try sink.add(entry, nil, nil) }
        guard let source else { return try sink.add(entry, group.content, nil) }
        let opened = try Self.open(file, group, source)
        if file.isFresh, entry.size <= Self.smallFile {
            let content = try Self.reading(file, group) { () throws(SystemError) in
                try opened.readAll(limit: Self.smallFile + 1)
            }
            guard ContentSum(Digest(of: content)) == file.sum else { throw Self.changed(file, group) }
            return try sink.add(entry, content, nil)
        }
        let handle: FileDescriptor? = consume opened
        try sink.add(entry, nil, handle)
        try Self.check(handle.number ?? -1, file, group, source)
        guard file.isFresh else { return }
        let last = name.lastIndex(of: 47).map { Array(name[($0 + 1)...]) } ?? name
        let (number, wanted) = (sink.current, file.sum)
        let isSame = try Self.reading(file, group) { () throws(SystemError) in
            try ContentSum.of(try Files.open(raw: last, in: number, O_RDONLY)) == wanted
        }
        guard isSame else { throw Self.changed(file, group) }
    }

    private static func open(
        _ file: SelectedFile, _ group: SelectedGroup, _ source: CopySource
    ) throws(EngineError) -> FileDescriptor {
        var names = group.top
        for part in file.path.dropLast().split(separator: 47) { names.append(Array(part) + [0]) }
        guard let name = names.popLast() else { throw changed(file, group) }
        let way = names
        do {
            let opened = try Files.open(
                raw: name, in: try source.directory(way), O_RDONLY | O_NONBLOCK | O_NOCTTY)
            try check(opened.rawValue, file, group, source)
            return opened
        } catch let error as SystemError {
            switch error.errno {
            case .noEntry, .notDirectory, .loop, Errno(ENXIO): throw changed(file, group)
            default: throw EngineError("\(error.call) \(text(file, group)): \(error.errno)")
            }
        } catch let error as EngineError { throw error } catch { throw EngineError(error) }
    }

    private static func check(
        _ number: CInt, _ file: SelectedFile, _ group: SelectedGroup, _ source: CopySource
    ) throws(EngineError) {
        let status = try reading(file, group) { () throws(SystemError) in try Files.status(of: number) }
        let stamp = FileStamp(status)
        // A mount of layers may number its files anew.
        let isSame = source.isImmutable ? stamp.size == file.stamp.size : stamp == file.stamp
        guard status.isRegular, isSame else { throw changed(file, group) }
    }

    private static func reading<T>(
        _ file: SelectedFile, _ group: SelectedGroup, _ body: () throws(SystemError) -> T
    ) throws(EngineError) -> T {
        do throws(SystemError) { return try body() } catch {
            throw EngineError("\(error.call) \(text(file, group)): \(error.errno)")
        }
    }

    private static func text(_ file: SelectedFile, _ group: SelectedGroup) -> String {
        let parts = group.top.map(\.bytes) + (file.path.count > 1 ? [file.path.bytes] : [])
        return "/" + CopyPath.text(Array(parts.joined(separator: [UInt8(ascii: "/")])))
    }

    private static func changed(_ file: SelectedFile, _ group: SelectedGroup) -> EngineError {
        EngineError("\"\(text(file, group))\" changed while it was copied: try again", .conflict)
    }

    // MARK: archives

    /// Unpacks an archive into the directory `destination`: what is in the way of its files goes, and links in it lead no further than that
    /// directory.
    private borrowing func unpack(
        _ group: SelectedGroup, _ source: CopySource?, to destination: [UInt8]
    ) throws(EngineError) {
        guard let file = group.files.first, let source else { return }
        let path = CopyPath.clean(destination)
        // What an archive brings has modes of its own.
        let directory = try place.makeDirectory(path, mode: 0o755)
        let opened = try Self.open(file, group, source)
        if file.isFresh {
            let sum = try Self.reading(file, group) { () throws(SystemError) in try ContentSum.of(opened) }
            guard sum == file.sum else { throw Self.changed(file, group) }
        }
        let scope = TreeSink.Scope(root: RootDirectory(try engine { try directory.duplicate() }))
        var sink = TreeSink(
            directory: directory.rawValue, label: path, .exact, tellsWholePaths: false, keepsOwners: keepsOwners,
            scope: scope, obstacles: .replaced)
        do {
            let reader = try TarReader(reading: opened.rawValue, sharing: BuildCopyWorker.memory)
            while var entry = try reader.next() {
                if let owner { (entry.user, entry.group) = (owner.user, owner.group) }
                try sink.add(entry, nil, nil, from: reader)
            }
        } catch let error as ArchiveError {
            throw EngineError("\(Self.text(file, group)): \(error)", .invalid)
        } catch let error as EngineError { throw error } catch { throw EngineError(error) }
        try sink.finish()
        try Self.check(opened.rawValue, file, group, source)
    }
}
