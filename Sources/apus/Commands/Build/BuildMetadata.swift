import Build
import Bytes
import Glibc
import JSON
import Linux
import OCI

/// What `--metadata-file` says of a build, under buildx's names.
enum BuildMetadata {
    /// The document of a build that made `result`.
    static func document(_ result: BuildResult) -> JSONTree {
        var members: [(String, JSONTree?)] = []
        if let id = result.imageID {
            members.append(("containerimage.config.digest", .string(id.description)))
        }
        if let descriptor = result.descriptor {
            let described: [(String, JSONTree?)] = [
                ("mediaType", .string(descriptor.mediaType)), ("digest", .string(descriptor.digest.description)),
                ("size", .integer(descriptor.size)),
            ]
            members.append(("containerimage.descriptor", .record(described)))
            members.append(("containerimage.digest", .string(descriptor.digest.description)))
        }
        if !result.names.isEmpty {
            members.append(("image.name", .string(result.names.map(\.description).joined(separator: ","))))
        }
        return .record(members)
    }

    /// Writes `document` to the file `path`: whole, or not at all. Throws `SystemError`.
    static func write(_ document: JSONTree, to path: String) throws(SystemError) {
        let target = try WholeFile(path)
        let file = target.number
        var rest = Array(document.text(indent: 2).utf8)[...]
        while !rest.isEmpty {
            let count = try check("write") { rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } }
            rest = rest.dropFirst(count)
        }
        try target.keep()
    }

    /// What is said where that file cannot be made.
    static func complaint(_ error: SystemError, _ path: String) -> String {
        switch error.errno {
        case .noEntry, .notDirectory: "invalid output path: stat \(Files.split(path).parent): \(error.errno)"
        case .isDirectory: "invalid output path: \(path) is a directory"
        default: "writing metadata file \(path): \(error.errno)"
        }
    }
}
