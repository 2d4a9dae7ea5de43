import Archive
import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import Trees

/// A context as files that are here, and for the main one the Dockerfile. What had to be fetched or unpacked for it goes with the last copy.
struct ContextSource: Sendable {
    /// Its files, without what is ignored.
    let tree: ContextTree
    /// The Dockerfile; nil for a named context.
    private(set) var dockerfile: DockerfileText?
    private let held: [TemporaryTree]

    /// A Dockerfile as it was read.
    struct DockerfileText: Sendable {
        let bytes: [UInt8]
        /// What it is called in messages.
        let name: String
    }

    /// The context that `--build-context` names. Its own `.dockerignore` counts. Throws `EngineError`, also for an image and a layout, which are
    /// no files.
    init(named context: BuildContext, _ tools: BuildTools) throws(EngineError) {
        let files = try ContextFiles(context, isMain: false, tools)
        tree = ContextTree(
            directory: files.directory, ignored: try files.ignored(beside: nil))
        held = files.held
    }

    /// The main context of `request`, and its Dockerfile: for the standard one `Dockerfile`, or else `Containerfile`, in the context. What is left
    /// out says the file `NAME.dockerignore` beside the Dockerfile, or else `.dockerignore` of the context; the Dockerfile itself is
    /// read all the same. Throws BuildKit's sentences.
    init(main request: BuildRequest, _ tools: BuildTools) throws(EngineError) {
        let files = try ContextFiles(request.context, isMain: true, tools)
        held = files.held
        var beside: IgnoreText?
        switch request.dockerfile {
        case .bytes(let bytes, let name): dockerfile = DockerfileText(bytes: bytes, name: name)
        case .file(let path):
            dockerfile = DockerfileText(bytes: try Self.readGiven(path), name: Files.split(path).name)
            beside = try Self.ignoreText(of: path)
        case .inContext(let path):
            guard let bytes = try files.read(path) else { throw Self.missing(path) }
            dockerfile = DockerfileText(bytes: bytes, name: path)
            beside = try files.ignoreText(of: path)
        case .standard:
            if let bytes = files.dockerfile {
                dockerfile = DockerfileText(bytes: bytes, name: "Dockerfile")
                break
            }
            for name in ["Dockerfile", "Containerfile"] {
                guard let bytes = try files.read(name) else { continue }
                dockerfile = DockerfileText(bytes: bytes, name: name)
                beside = try files.ignoreText(of: name)
                break
            }
            if dockerfile == nil { throw Self.missing("Dockerfile") }
        }
        tree = ContextTree(directory: files.directory, ignored: try files.ignored(beside: beside))
    }

    private static func missing(_ name: String) -> EngineError {
        EngineError("failed to read dockerfile: open \(name): no such file or directory", .notFound)
    }

    private static func readGiven(_ path: String) throws(EngineError) -> [UInt8] {
        do throws(SystemError) { return try Files.readGiven(path, limit: SourceText.sizeLimit) } catch {
            throw ContextFiles.unreadable(path, error)
        }
    }

    private static func ignoreText(of path: String) throws(EngineError) -> IgnoreText? {
        let name = path + ".dockerignore"
        do throws(SystemError) {
            return IgnoreText(bytes: try Files.read(name, limit: SourceText.sizeLimit), name: name)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory || error.errno == .notRegular { return nil }
            throw EngineError("failed to read \(name): \(error.errno)", error.errno == .access ? .forbidden : .system)
        }
    }
}

/// A file of patterns for what is left out of a context.
struct IgnoreText: Sendable {
    let bytes: [UInt8]
    let name: String

    /// Its patterns. Throws `EngineError`.
    func matcher() throws(EngineError) -> IgnoreMatcher {
        do throws(DockerfileError) { return try IgnoreMatcher(bytes) } catch {
            throw EngineError("failed to read \(name): \(error)", .invalid)
        }
    }
}
