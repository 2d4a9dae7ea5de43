import Archive
import Errors
import Glibc
import Linux
import Runtime
import Store
import Supervision
import Trees

/// The process that reads and writes a container's files, in the user namespace that they belong to: `copy-tree [PID
/// START-TIME]`, with the container's first process where it runs. Its standard input and output are the streams that
/// archives come from and go to, descriptor 3 is the socket on which it is told what to do (`CopyCommand`), 4 a file that
/// describes the container, 5 keeps one that does not run from being started.
///
/// Nothing of the container is trusted: paths are resolved in its root by descriptors (`RootDirectory`), trees are walked
/// without following links, and no file of it is executed or loaded.
enum CopyTreeWorker {
    static func run(_ arguments: [String]) -> CInt {
        Signals.ignoreBrokenPipe()
        umask(0o022)
        let packets = CopyPackets(number: 3)
        // As long as it is outside: inside everybody is root.
        let hasOneID = UserNamespace.plan().mode == .single
        do throws(EngineError) {
            let file = FileDescriptor(owning: 4)
            let request = try engine { try file.readAll(limit: 64 << 20) }
            // Before the root file system is another one's.
            TarReader.prepare()
            let root = try ContainerTree.open(request, process: try process(arguments))
            // A container that sees the machine's processes must not look into this one.
            Hardening.setDumpable(false)
            umask(0)
            // It may be waiting for an archive that others go on writing. Not before: new credentials take it back.
            try engine { try Credentials.setParentDeathSignal(SIGKILL) }
            try packets.send(CopyReply.ready)
            let worker = CopyTreeServer(
                root: RootDirectory(root), packets: packets, hasOneID: hasOneID)
            try worker.serve()
            return 0
        } catch {
            try? packets.send(CopyReply.failed(error))
            return 1
        }
    }

    private static func process(_ arguments: [String]) throws(EngineError) -> ProcessIdentity? {
        if arguments.isEmpty { return nil }
        guard arguments.count == 2, let pid = ProcessID(arguments[0]), let start = UInt64(arguments[1]) else {
            throw EngineError("copy-tree: PID START-TIME", .invalid)
        }
        return ProcessIdentity(pid: pid, startTime: start)
    }
}

/// Serves the commands, one after the other, until the other side closes its end.
struct CopyTreeServer: ~Copyable {
    let root: RootDirectory
    let packets: CopyPackets
    /// Whether the container's user namespace has one id alone.
    let hasOneID: Bool

    func serve() throws(EngineError) {
        while let packet = try packets.receive() {
            var decoder = WireDecoder(packet.bytes)
            let command: CopyCommand
            do throws(WireError) { command = try decoder.read() } catch {
                throw EngineError("a command cannot be read: \(error)")
            }
            do throws(EngineError) { try serve(command) } catch {
                // After another failure the other side sends what are no commands: that is the end.
                guard case .status = command else { throw error }
                try packets.send(CopyReply.failed(error))
            }
        }
    }

    private func serve(_ command: CopyCommand) throws(EngineError) {
        switch command {
        case .status(let path): try packets.send(CopyReply.status(try status(path)))
        case .send(let path, let name):
            let entries = EntryPackets(packets, asksForReason: false)
            try read(path, as: name) { (entry, file) throws(EngineError) in try entries.add(entry, file) }
            try entries.flush()
            try packets.send(CopyReply.done(0))
        case .archive(let path):
            let writer = TarWriter(to: 1)
            let (base, absolute) = (CopyPath.base(path), CopyPath.inContainer(path))
            let name = base == [UInt8(ascii: "/")] || absolute == [UInt8(ascii: "/")] ? [UInt8(ascii: ".")] : base
            try read(path, as: name, TarStreams.consumer(writer))
            try packets.send(CopyReply.done(try engine { try writer.finish().size }))
        case .receive(let path, let keepsOwners):
            let (number, text) = try destination(path)
            let directory = FileDescriptor(owning: number)
            var sink = TreeSink(
                directory: directory.rawValue, label: text, keepsOwners ? .entries : .fixed(user: 0, group: 0),
                tellsWholePaths: false, keepsOwners: hasOneID)
            try packets.send(CopyReply.ready)
            try receive(into: &sink)
            endLifetime(directory)
        case .extract(let path):
            let (number, text) = try destination(path)
            let directory = FileDescriptor(owning: number)
            let scope = TreeSink.Scope(root: RootDirectory(try engine { try directory.duplicate() }))
            var sink = TreeSink(
                directory: directory.rawValue, label: text, .entries, tellsWholePaths: false, keepsOwners: hasOneID,
                scope: scope)
            let size = try TarStreams.extract(from: 0, into: &sink)
            try packets.send(CopyReply.done(size))
            endLifetime(directory)
        }
    }

    private func receive(into sink: inout TreeSink) throws(EngineError) {
        while let message = try packets.reply() {
            for reply in message.replies {
                switch reply {
                case .entry(let entry, let content): try sink.add(entry, content, message.file)
                case .done:
                    try sink.finish()
                    return try packets.send(CopyReply.done(0))
                default: throw EngineError("an entry cannot be read")
                }
            }
        }
        throw EngineError("the copy was given up", .cancelled)
    }

    // MARK: paths

    private func open(_ path: [UInt8], _ flags: CInt) throws(SystemError) -> FileDescriptor {
        guard !path.contains(0) else { throw SystemError("open", nil, .invalid) }
        for _ in 0..<128 {
            do throws(SystemError) {
                return try Files.open(
                    raw: path.map(CChar.init(bitPattern:)) + [0], inRoot: root.descriptor.rawValue, flags)
            } catch {
                switch error.errno {
                // A rename anywhere made the check of ".." impossible.
                case .again: continue
                // Before Linux 5.6, and below filters that do not know the call.
                case .notImplemented, .notPermitted: return try root.open(CopyPath.text(path), flags)
                default: throw error
                }
            }
        }
        return try root.open(CopyPath.text(path), flags)
    }

    private func lookUp(_ path: [UInt8]) throws(EngineError) -> FileDescriptor {
        do throws(SystemError) {
            let file = try open(path, FileDescriptor.pathOnly | O_NOFOLLOW)
            if try HiddenPlaces.isInside(file) { throw SystemError("lstat", nil, .noEntry) }
            return file
        } catch {
            throw EngineError(
                "lstat \(CopyPath.text(path)): \(error.errno)", error.errno == .noEntry ? .notFound : .system)
        }
    }

    private func status(_ path: [UInt8]) throws(EngineError) -> ContainerPathStatus {
        let absolute = CopyPath.inContainer(path)
        let file = try lookUp(absolute)
        do throws(SystemError) {
            let status = try file.status()
            let target = status.isSymbolicLink ? try ContainerLinks(root.descriptor.rawValue).end(of: absolute) : []
            return ContainerPathStatus(name: CopyPath.base(absolute), status, linkTarget: target)
        } catch { throw EngineError("lstat \(CopyPath.text(absolute)): \(error.errno)") }
    }

    private func read(
        _ path: [UInt8], as name: [UInt8], _ consumer: @escaping TreeSource.Consumer
    ) throws(EngineError) {
        let absolute = CopyPath.inContainer(path)
        let file = try lookUp(absolute)
        var source = TreeSource(name: name, label: absolute, readsKeptOwners: hasOneID, consumer) {
            (directory, path) throws(SystemError) in
            try path == absolute ? HiddenPlaces.hidesNamed(directory) : HiddenPlaces.hides(directory, path)
        }
        let (isDirectory, parent) = try engine {
            let status = try file.status()
            if status.isDirectory {
                return (true, try FileDescriptor.open(".", in: file.rawValue, O_RDONLY | O_DIRECTORY).release())
            }
            let folder = CopyPath.directory(absolute)
            return (false, try open(folder, FileDescriptor.pathOnly | O_DIRECTORY).release())
        }
        let opened = FileDescriptor(owning: parent)
        if isDirectory {
            try source.read(directory: opened.rawValue)
        } else {
            try source.read(
                file: CopyPath.base(absolute).map(CChar.init(bitPattern:)) + [0], in: opened.rawValue)
        }
        endLifetime(opened)
    }

    /// The directory that `path` leads to, open, and its path without links.
    private func destination(_ path: [UInt8]) throws(EngineError) -> (CInt, [UInt8]) {
        let absolute = CopyPath.join([UInt8(ascii: "/")], path)
        do throws(SystemError) {
            let directory = try open(absolute, O_RDONLY | O_DIRECTORY)
            if try directory.mountFlags().contains(.readOnly) {
                let own = try root.descriptor.status().raw.st_dev == directory.status().raw.st_dev
                throw SystemError(own ? "root" : "mount", nil, Errno(EROFS))
            }
            let text = try ContainerLinks(root.descriptor.rawValue).end(of: absolute)
            return (directory.release(), text)
        } catch {
            switch error.errno {
            case Errno(EROFS) where error.call == "root":
                throw EngineError("container rootfs is marked read-only", .invalid)
            case Errno(EROFS): throw EngineError("mounted volume is marked read-only", .invalid)
            case .notDirectory: throw EngineError("extraction point is not a directory", .invalid)
            case .noEntry: throw EngineError("lstat \(CopyPath.text(absolute)): \(error.errno)", .notFound)
            default: throw EngineError("open \(CopyPath.text(absolute)): \(error.errno)")
            }
        }
    }
}
