import Build
import Bytes
import ContainerSpec
import Dockerfile
import Errors
import Flags
import Linux

/// What a build has on its standard input.
enum BuildInput: Sendable {
    /// An archive, which is read from this descriptor.
    case archive(CInt)
    /// Anything else.
    case bytes([UInt8])
}

extension BuildOptionReader {
    /// Finds the context and the Dockerfile. Throws `OptionError`, and what `input` throws.
    func readContext(_ request: inout BuildRequest, _ input: () throws -> BuildInput) throws {
        let file = text("file")
        let context = try ContextArgument(parsed.positionals[0], directory: directory)
        switch context {
        case .standardInput:
            guard file != "-" else {
                throw OptionError("invalid argument: can't use stdin for both build context and dockerfile")
            }
            switch try input() {
            case .archive(let descriptor):
                request.context = .archive(descriptor)
                if !file.isEmpty { request.dockerfile = .inContext(file) }
            case .bytes(let bytes):
                guard file.isEmpty else {
                    throw OptionError(
                        "ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles")
                }
                request.dockerfile = .bytes(bytes, name: Self.standardName)
            }
        case .directory(let path):
            request.context = .directory(path)
            if file == "-" { return request.dockerfile = try given(input) }
            if !file.isEmpty { request.dockerfile = try dockerfile(file, context: path) }
        case .git(let url), .url(let url):
            if case .git = context { request.context = .git(url) } else { request.context = .url(url) }
            if file == "-" { return request.dockerfile = try given(input) }
            if !file.isEmpty { request.dockerfile = .inContext(file) }
        }
    }

    private static let standardName = "Dockerfile"

    private func given(_ input: () throws -> BuildInput) throws -> DockerfileSource {
        guard case .bytes(let bytes) = try input() else {
            throw OptionError("the Dockerfile on the standard input is an archive: give it as the context, by -")
        }
        return .bytes(bytes, name: Self.standardName)
    }

    // Where it is by its name: a link in the context that leads out of it is the builder's to judge.
    private func dockerfile(_ file: String, context: String) throws(OptionError) -> DockerfileSource {
        if case .url? = ContextArgument.remote(file) {
            throw .refused("--file \(file.excerpt)", "a Dockerfile is a file, or comes with a context")
        }
        let path = cleanPath(absolute(file))
        let root = cleanPath(context)
        if root != "/", path.begins(with: root + "/") { return .inContext(String(path.dropping(root.utf8.count + 1))) }
        if root == "/" { return .inContext(String(path.dropping(1))) }
        do throws(SystemError) {
            _ = try Files.status(Files.split(path).parent)
        } catch {
            throw OptionError("resolve : lstat \(Files.split(path).parent): \(error.errno)", .notFound)
        }
        return .file(path)
    }
}
