import Archive
import Bytes
import Glibc
import Linux
import Runtime

/// The process that writes trees as archives whose files may belong to subordinate ids: `write-tree RUN-DIRECTORY FORM
/// EPOCH USERS GROUPS PLACES DIRECTORY…`, the archive on 3, what became of it on 1: the digest, the size, the number of
/// entries and of attributes that were left out, and the sizes of all files, with spaces between them. Exit code 1 and a sentence on standard error
/// where that fails.
///
/// FORM is a `LayerWriter.Form`, with "@fuse" behind it where fuse-overlayfs has written the topmost directory, and "@all" where all
/// that is in that is written; EPOCH is the latest time that a file gets, in seconds since 1970, or "-"; USERS and GROUPS are runs `source-target-count`
/// with "+" between them, or "-"; PLACES are paths with colons between them.
package enum WriteTreeWorker {
    /// Does the worker's work with `arguments`; returns the exit code.
    package static func run(_ arguments: [String]) -> CInt {
        guard arguments.count >= 7, var layer = writer(arguments[1]),
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
            layer.readsKeptOwners = mode == .single
            if !users.isEmpty || !groups.isEmpty { layer.owners = OwnerMap(users: users, groups: groups) }
            layer.mountPlaces = Set(arguments[5].split(on: ":").map { Array($0.utf8) })
            let writer = TarWriter(to: 3, times: times)
            let report = try layer.write(numbers, to: writer)
            let (digest, size) = try writer.finish()
            try FileDescriptor(owning: 1).writeAll(
                "\(digest) \(size) \(report.entries) \(report.skippedAttributes) \(report.contentSize)".utf8)
            return 0
        } catch {
            try? FileDescriptor(owning: 2).writeAll(Array("\(error)".utf8))
            return 1
        }
    }

    // nil for what is none.
    private static func writer(_ text: String) -> LayerWriter? {
        let words = text.split(on: "@")
        guard let first = words.first, let form = LayerWriter.Form(rawValue: String(first)) else { return nil }
        var writer = LayerWriter(form)
        for word in words.dropFirst() {
            switch word {
            case "fuse": writer.isOfFuse = true
            case "all": writer.writesAll = true
            default: return nil
            }
        }
        return writer
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
