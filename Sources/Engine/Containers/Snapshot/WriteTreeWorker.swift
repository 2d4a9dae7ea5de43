import Archive
import Bytes
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store
import Workers

/// The process that writes trees as archives whose files may belong to subordinate ids: `write-tree RUN-DIRECTORY FORM
/// EPOCH USERS GROUPS PLACES DIRECTORY…`, the archive on 3, what became of it on 1: the digest, the size and the number of
/// entries and of attributes that were left out, with spaces between them. Exit code 1 and a sentence on standard error
/// where that fails.
///
/// FORM is a `LayerWriter.Form`, with "@fuse" behind it where fuse-overlayfs has written the topmost directory; EPOCH is the latest time that a file gets, in seconds since 1970, or "-"; USERS and GROUPS are runs `source-target-count`
/// with "+" between them, or "-"; PLACES are paths with colons between them.
enum WriteTreeWorker {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count >= 7, let (form, isOfFuse) = form(arguments[1]),
            let times = times(arguments[2]), let users = runs(arguments[3]), let groups = runs(arguments[4])
        else { return 2 }
        var numbers: [CInt] = []
        defer { for number in numbers { close(number) } }
        do {
            TarReader.prepare()
            let mode = try UserNamespace.enter(runDirectory: arguments[0])
            for path in arguments.dropFirst(6) {
                numbers.append(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).release())
            }
            var layer = LayerWriter(form)
            layer.readsKeptOwners = mode == .single
            layer.isOfFuse = isOfFuse
            if !users.isEmpty || !groups.isEmpty { layer.owners = OwnerMap(users: users, groups: groups) }
            layer.mountPlaces = Set(arguments[5].split(on: ":").map { Array($0.utf8) })
            let writer = TarWriter(to: 3, times: times)
            let report = try layer.write(numbers, to: writer)
            let (digest, size) = try writer.finish()
            try FileDescriptor(owning: 1).writeAll(
                "\(digest) \(size) \(report.entries) \(report.skippedAttributes)".utf8)
            return 0
        } catch {
            try? FileDescriptor(owning: 2).writeAll(Array("\(error)".utf8))
            return 1
        }
    }

    // nil for what is none.
    private static func form(_ text: String) -> (LayerWriter.Form, isOfFuse: Bool)? {
        let words = text.split(on: "@")
        guard let first = words.first, let form = LayerWriter.Form(rawValue: String(first)) else { return nil }
        return (form, isOfFuse: words.count > 1)
    }

    // nil for what is none.
    private static func times(_ text: String) -> TarWriter.Times? {
        if text == "-" { return .own }
        return Int(text).map { .notAfter(FileTime(seconds: $0, nanoseconds: 0)) }
    }

    private static func runs(_ text: String) -> [OwnerMap.Run]? {
        if text == "-" { return [] }
        var runs: [OwnerMap.Run] = []
        for part in text.split(on: "+") {
            let numbers = part.split(on: "-").compactMap { UInt32($0) }
            guard numbers.count == 3 else { return nil }
            runs.append(.init(source: numbers[0], target: numbers[1], count: numbers[2]))
        }
        return runs
    }
}

/// Trees that are to be written as one archive; see `LayerWriter`.
struct TreeArchive {
    var form: LayerWriter.Form
    /// The topmost first; with `Form.upper` and `Form.difference` what is written, and what it is compared with.
    var directories: [String]
    /// Whether fuse-overlayfs has written the topmost directory.
    var isOfFuse = false
    /// The map of the user namespace whose numbers the topmost directory's files have; nil for the user's own.
    var map: IDMap?
    /// Absolute paths where something empty is no change.
    var mountPlaces: [String] = []
    /// The latest time that a file gets, in seconds since 1970; nil for none.
    var epoch: Int?

    /// What was written.
    struct Result {
        var digest: Digest
        /// In bytes.
        var size: Int64
        var entries: Int
        var skippedAttributes: Int
    }
}

extension Engine {
    /// Writes `archive` to `output`, which is borrowed. Throws with the path of what cannot be read, and where `output`
    /// takes no more; what it has then is no archive.
    func write(_ archive: TreeArchive, to output: CInt) throws(EngineError) -> TreeArchive.Result {
        let answer = try Worker.writeTree.answer(executable, [paths.run] + archive.arguments, passing: [output])
        let words = String(decoding: answer, as: UTF8.self).split(on: " ")
        guard words.count == 4, let digest = Digest(String(words[0])), let size = Int64(words[1]),
            let entries = Int(words[2]), let skipped = Int(words[3])
        else { throw EngineError("the process write-tree said something else") }
        return TreeArchive.Result(digest: digest, size: size, entries: entries, skippedAttributes: skipped)
    }
}

extension TreeArchive {
    fileprivate var arguments: [String] {
        // Back from the numbers that the files have.
        func text(_ mappings: [RuntimeSpec.IDMapping]?) -> String {
            guard let mappings, !mappings.isEmpty else { return "-" }
            return mappings.map { "\($0.hostID)-\($0.containerID)-\($0.size)" }.joined(separator: "+")
        }
        // Without the slash that they begin with.
        let places = mountPlaces.map { String($0.dropping(1)) }.joined(separator: ":")
        return [
            form.rawValue + (isOfFuse ? "@fuse" : ""), epoch.map(String.init) ?? "-", text(map?.users),
            text(map?.groups), places,
        ] + directories
    }
}
