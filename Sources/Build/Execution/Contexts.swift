import Dockerfile
import Errors
import Linux
import Synchronization

/// The contexts of a build, each made ready when it is first asked for.
final class Contexts: Sendable {
    private let request: BuildRequest
    private let tools: BuildTools
    private let reporter: Reporter
    private let known = Mutex<[String: Deferred<ContextTree>]>([:])

    init(_ request: BuildRequest, _ tools: BuildTools, _ reporter: Reporter) {
        self.request = request
        self.tools = tools
        self.reporter = reporter
    }

    /// The files of the context that the caller has named so; of the main one for nil.
    func tree(_ name: String?) throws(BuildError) -> ContextTree {
        let (deferred, isFirst) = known.withLock { known in
            if let deferred = known[name ?? ""] { return (deferred, false) }
            let deferred = Deferred<ContextTree>()
            known[name ?? ""] = deferred
            return (deferred, true)
        }
        if isFirst {
            do throws(BuildError) { deferred.set(.success(try make(name))) } catch { deferred.set(.failure(error)) }
        }
        return try deferred.wait()
    }

    private func make(_ name: String?) throws(BuildError) -> ContextTree {
        let context = name == nil ? request.context : request.namedContexts[name!] ?? .empty
        switch context {
        case .directory(let path): return ContextTree(directory: path, ignored: nil)
        default: throw BuildError("this context is not there yet", .unsupported)
        }
    }

    /// What the Dockerfile is called before it is read.
    var dockerfileName: String {
        switch request.dockerfile {
        case .standard: "Dockerfile"
        case .inContext(let path): path
        case .file(let path): Files.split(path).name
        case .bytes(_, let name): name
        }
    }

    /// What of the main context is left out. Throws where that cannot be told.
    func ignored() throws(BuildError) -> IgnoreMatcher? { nil }

    /// The Dockerfile's content, and what it is called.
    func dockerfile() throws(BuildError) -> (bytes: [UInt8], name: String) {
        switch request.dockerfile {
        case .bytes(let bytes, let name): return (bytes, name)
        case .file(let path): return (try read(path), path)
        case .inContext(let path): return (try read(tree(nil).directory + "/" + path), path)
        case .standard: return (try read(tree(nil).directory + "/Dockerfile"), "Dockerfile")
        }
    }

    private func read(_ path: String) throws(BuildError) -> [UInt8] {
        do throws(SystemError) { return try Files.read(path, limit: SourceText.sizeLimit) } catch {
            throw BuildError("failed to read dockerfile: open \(path): \(error.errno)", .notFound)
        }
    }
}
