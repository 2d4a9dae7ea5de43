import Dockerfile
import Errors
import Linux
import Synchronization

/// The contexts of a build, each made ready when it is first asked for.
final class Contexts: Sendable {
    private let request: BuildRequest
    private let tools: BuildTools
    private let reporter: Reporter
    private let known = Mutex<[String: Deferred<ContextSource>]>([:])

    init(_ request: BuildRequest, _ tools: BuildTools, _ reporter: Reporter) {
        self.request = request
        self.tools = tools
        self.reporter = reporter
        main = Deferred()
    }

    private let main: Deferred<ContextSource>
    private let isMainAsked = Mutex(false)

    /// The files of the context that the caller has named so; of the main one for nil. Throws BuildKit's sentences.
    func tree(_ name: String?) throws(BuildError) -> ContextTree {
        guard let name else { return try source().tree }
        let (deferred, isFirst) = known.withLock { known in
            if let deferred = known[name] { return (deferred, false) }
            let deferred = Deferred<ContextSource>()
            known[name] = deferred
            return (deferred, true)
        }
        if isFirst {
            do throws(BuildError) {
                let source = try reporter.step("[context \(name)] load from client") { _ throws(BuildError) in
                    try building { () throws(EngineError) in
                        try ContextSource(named: request.namedContexts[name] ?? .empty, tools)
                    }
                }
                deferred.set(.success(source))
            } catch { deferred.set(.failure(error)) }
        }
        return try deferred.wait().tree
    }

    /// The Dockerfile's content, and what it is called. Throws BuildKit's sentences.
    func dockerfile() throws(BuildError) -> (bytes: [UInt8], name: String) {
        guard let text = try source().dockerfile else {
            throw BuildError("failed to read dockerfile: open \(dockerfileName): no such file or directory", .notFound)
        }
        return (text.bytes, text.name)
    }

    /// What of the main context is left out. Throws where that cannot be told.
    func ignored() throws(BuildError) -> IgnoreMatcher? { try source().tree.ignored }

    private func source() throws(BuildError) -> ContextSource {
        let isFirst = isMainAsked.withLock { asked in
            defer { asked = true }
            return !asked
        }
        if isFirst {
            do throws(BuildError) {
                main.set(.success(try building { () throws(EngineError) in try ContextSource(main: request, tools) }))
            } catch { main.set(.failure(error)) }
        }
        return try main.wait()
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
}
