import Archive
import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import Trees

/// The directory that the files of a context are in, wherever they came from.
struct ContextFiles {
    /// An absolute path.
    let directory: String
    /// What keeps the directory, where it is the build's own.
    let held: [TemporaryTree]
    /// Whether it is the caller's own directory: Docker leaves nothing out of what was fetched or sent as an archive.
    private var isCallers: Bool { held.isEmpty }
    /// The Dockerfile that was all there was at an address.
    private(set) var dockerfile: [UInt8]?

    /// Fetches or unpacks what has to be. `isMain`: a URL may be that of a Dockerfile. Throws `EngineError`.
    init(_ context: BuildContext, isMain: Bool, _ tools: BuildTools) throws(EngineError) {
        switch context {
        case .directory(let path):
            do {
                guard try Files.status(path).isDirectory else {
                    throw EngineError("context must be a directory: \(path)", .invalid)
                }
            } catch let error as SystemError {
                let isMissing = error.errno == .noEntry || error.errno == .notDirectory
                throw EngineError(
                    isMissing
                        ? "unable to prepare context: path \"\(path)\" not found"
                        : "unable to prepare context: \(path): \(error.errno)", isMissing ? .notFound : .system)
            } catch let error as EngineError { throw error } catch { throw EngineError(error) }
            directory = try Self.absolute(path)
            held = []
        case .empty:
            let tree = try TemporaryTree(tools)
            (directory, held) = (tree.path, [tree])
        case .archive(let descriptor):
            let tree = try TemporaryTree(tools)
            try Self.unpack(descriptor, into: tree.path, tools)
            (directory, held) = (tree.path, [tree])
        case .url(let address):
            let file = try WebFile.fetch(address, tools)
            let tree = try TemporaryTree(tools)
            (directory, held) = (tree.path, [tree])
            let opened = try engine {
                try FileDescriptor.open("\(file.tree.path)/\(file.name)", O_RDONLY).release()
            }
            defer { close(opened) }
            if try Self.isArchive(opened) {
                try Self.unpack(opened, into: tree.path, tools)
            } else if isMain {
                let reader = FileDescriptor(owning: opened)
                let bytes = Result { () throws(SystemError) in try reader.readAll(limit: SourceText.sizeLimit) }
                _ = reader.release()
                do throws(SystemError) { dockerfile = try bytes.get() } catch {
                    throw EngineError(
                        "\(address.excerpt) is neither an archive nor a Dockerfile: \(error.errno)", .invalid)
                }
            } else {
                throw EngineError("\(address.excerpt) is no tar archive", .invalid)
            }
        case .git(let address, let checksum):
            var parsed = try GitAddress(address, isOwn: true)
            if let checksum {
                guard !checksum.begins(with: "-") else {
                    throw EngineError("invalid checksum \"\(checksum.excerpt)\"", .invalid)
                }
                parsed.checksum = checksum
            }
            let (path, tree) = try GitCheckout.fetch(parsed, isOwn: true, tools)
            (directory, held) = (path, [tree])
        case .image(let name):
            throw EngineError("the image \(name.excerpt) has no directory of files here", .unsupported)
        case .layout(let path, _):
            throw EngineError("the image layout \(path.excerpt) has no directory of files here", .unsupported)
        }
    }

    private static func absolute(_ path: String) throws(EngineError) -> String {
        guard let real = realpath(path, nil) else {
            throw EngineError("unable to prepare context: \(path): \(Errno.current)")
        }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isArchive(_ number: CInt) throws(EngineError) -> Bool {
        let file = FileDescriptor(owning: number)
        let answer = Result { () throws(SystemError) in
            let isArchive = try ArchiveFile.isArchive(file)
            try file.rewind()
            return isArchive
        }
        _ = file.release()
        do throws(SystemError) { return try answer.get() } catch {
            throw EngineError("cannot read a context: \(error)")
        }
    }

    /// Unpacks the archive that `descriptor` reads into the directory `path`, where all of it belongs to the caller; nothing is made elsewhere,
    /// whatever its entries say.
    private static func unpack(_ descriptor: CInt, into path: String, _ tools: BuildTools) throws(EngineError) {
        do {
            let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            let scope = TreeSink.Scope(root: RootDirectory(try directory.duplicate()))
            var sink = TreeSink(
                directory: directory.rawValue, label: Array("/".utf8), .creator, tellsWholePaths: false, scope: scope,
                obstacles: .replaced)
            let reader = try TarReader(reading: descriptor)
            while let entry = try reader.next() {
                try tools.checkCancellation()
                try sink.add(entry, nil, nil, from: reader)
            }
            _ = try reader.finish()
            try sink.finish()
        } catch let error as ArchiveError {
            throw EngineError("the context cannot be unpacked: \(error)", .invalid)
        } catch let error as EngineError { throw error } catch { throw EngineError(error) }
    }

    // MARK: files of it

    /// The content of the file `path` in the context, whose links lead nowhere but into it; nil where there is none. Throws
    /// `EngineError`.
    func read(_ path: String) throws(EngineError) -> [UInt8]? {
        do throws(SystemError) {
            let root = try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
            let view = SelectionView(root: root.rawValue, ignored: nil)
            guard let place = try view.find(Array(path.utf8)) else { return nil }
            guard place.status.isRegular, let name = place.names.last else {
                throw SystemError("read", path, place.status.isDirectory ? .isDirectory : .notRegular)
            }
            let folder = try view.open(Array(place.names.dropLast()))
            let file = try Files.open(raw: name, in: folder.rawValue, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().isRegular else { throw SystemError("read", path, .notRegular) }
            return try file.readAll(limit: SourceText.sizeLimit)
        } catch { throw Self.unreadable(path, error) }
    }

    static func unreadable(_ path: String, _ error: SystemError) -> EngineError {
        let verb = error.call == "read" ? "read" : "open"
        let kind: ErrorKind =
            switch error.errno {
            case .noEntry: .notFound
            case .access: .forbidden
            default: .system
            }
        return EngineError("failed to read dockerfile: \(verb) \(path): \(error.errno)", kind)
    }

    /// The patterns that are for the Dockerfile `path` alone.
    func ignoreText(of path: String) throws(EngineError) -> IgnoreText? {
        let name = path + ".dockerignore"
        return try read(name).map { IgnoreText(bytes: $0, name: name) }
    }

    /// What is left out of the caller's directory: by the patterns `beside` the Dockerfile, or else by the context's own.
    func ignored(beside: IgnoreText?) throws(EngineError) -> IgnoreMatcher? {
        guard isCallers else { return nil }
        if let beside { return try beside.matcher() }
        return try read(".dockerignore").map { IgnoreText(bytes: $0, name: ".dockerignore") }?.matcher()
    }
}
