import Archive
import Bytes
import Errors
import Glibc
import Linux
import Runtime
import Store
import Workers

/// The process that looks into trees whose directories may be closed to all but subordinate ids:
/// `inspect-tree RUN-DIRECTORY size|file-size|reclaimable PATH…` prints the bytes of each on a line;
/// `inspect-tree RUN-DIRECTORY difference EXPECTED ACTUAL` prints in what one tree differs from another, nothing where it does not;
/// `inspect-tree RUN-DIRECTORY own-size PATH OWN-PLACES LAYER…` prints the bytes of what is not in the layers;
/// `inspect-tree RUN-DIRECTORY changes overlay|fuse|whole PATH OWN-PLACES LAYER…` prints a letter and a path with a zero byte
/// behind it for each change, `OWN-PLACES` being paths with colons between them. Exit code 1 and a sentence on standard
/// error where that fails.
enum InspectTreeWorker {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count >= 2 else { return 2 }
        let rest = Array(arguments.dropFirst(2))
        do {
            _ = try UserNamespace.enter(runDirectory: arguments[0])
            let output = FileDescriptor(owning: 1)
            switch arguments[1] {
            case "size":
                for path in rest { try output.writeAll("\(TreeSize.bytes(of: path))\n".utf8) }
            case "file-size":
                for path in rest { try output.writeAll("\(TreeSize.bytes(of: path, withLinks: false))\n".utf8) }
            case "reclaimable":
                for path in rest { try output.writeAll("\(TreeSize.reclaimable(of: path))\n".utf8) }
            case "difference" where rest.count == 2:
                let expected = try FileDescriptor.open(rest[0], O_RDONLY | O_DIRECTORY)
                let actual = try FileDescriptor.open(rest[1], O_RDONLY | O_DIRECTORY)
                let found = try TreeDifference.find(expected.rawValue, actual.rawValue)
                try output.writeAll(Array((found ?? "").utf8))
            case "own-size" where rest.count >= 2:
                let places = rest[1].split(on: ":").map { String($0) }
                let size = try TreeChanges.size(of: rest[0], above: Array(rest[2...]), ownPlaces: places)
                try output.writeAll("\(size)".utf8)
            case "changes" where rest.count >= 3:
                let places = rest[2].split(on: ":").map { String($0) }
                guard let form = TreeChanges.Form(rawValue: rest[0]) else { return 2 }
                let changes = try TreeChanges.find(
                    in: rest[1], form, above: Array(rest[3...]), ownPlaces: places)
                var bytes: [UInt8] = []
                for change in changes {
                    bytes.append(change.kind.rawValue.asciiValue!)
                    bytes += change.path
                    bytes.append(0)
                }
                try output.writeAll(bytes)
            default: return 2
            }
            return 0
        } catch {
            try? FileDescriptor(owning: 2).writeAll(Array("\(error)".utf8))
            return 1
        }
    }
}

extension Engine {
    /// Runs the worker and returns what it printed. Throws what it complains about.
    func inspectTree(_ arguments: [String]) throws(EngineError) -> [UInt8] {
        try Worker.inspectTree.answer(executable, [paths.run] + arguments, limit: 1 << 30)
    }

    /// The sizes of the files below each of `paths`, in bytes.
    func treeSizes(_ paths: [String]) throws(EngineError) -> [Int64] { try sizes("size", paths) }

    /// As `treeSizes`, without symbolic links, as a build counts what it has written.
    func fileSizes(_ paths: [String]) throws(EngineError) -> [Int64] { try sizes("file-size", paths) }

    /// The bytes of content that the disk gets back when each of `paths` is removed.
    func reclaimableSizes(_ paths: [String]) throws(EngineError) -> [Int64] { try sizes("reclaimable", paths) }

    private func sizes(_ kind: String, _ paths: [String]) throws(EngineError) -> [Int64] {
        var sizes: [Int64] = []
        for start in stride(from: 0, to: paths.count, by: 200) {
            let part = Array(paths[start..<min(start + 200, paths.count)])
            let text = String(decoding: try inspectTree([kind] + part), as: UTF8.self)
            sizes += text.split(on: "\n").map { Int64($0) ?? 0 }
        }
        guard sizes.count == paths.count else { throw EngineError("the process inspect-tree said something else") }
        return sizes
    }
}
