import Archive
import Bytes
import ContainerSpec
import Errors
import Glibc
import Linux
import Runtime
import Supervision
import Trees

/// Copies what was selected into a root file system; in the worker process.
///
/// The selection is what is copied, or nothing is: each file must still be what it was when its content was summed up, before and after it
/// is copied; where a change might not show, since it was as fresh as that, its copy is summed up again.
enum CopyExecution {
    /// Does all of it. Throws `EngineError`.
    static func run(
        _ copy: CopyRequest.Copy, _ groups: [SelectedGroup], _ request: CopyRequest, _ hasOneID: Bool
    ) throws {
        let mode = try copy.mode.map { text throws(EngineError) in try ModeChange(text) }
        var sources: [CopySource] = []
        for root in copy.roots { sources.append(try CopySource(root, request)) }
        try inRoot(of: copy, request) { (root, owner) in
            let writer = CopyWriter(root: root, owner: owner, mode: mode, keepsOwners: hasOneID)
            try writer.write(groups, from: sources, to: copy.destination)
        }
        for source in sources { source.close() }
    }

    /// Makes the destination a directory. Throws `EngineError`.
    static func makeDirectory(_ copy: CopyRequest.Copy, _ request: CopyRequest, _ hasOneID: Bool) throws {
        try inRoot(of: copy, request) { (root, owner) in
            let destination = CopyDestination(root: root, owner: owner, mode: 0o755, keepsOwners: hasOneID)
            endLifetime(try destination.makeDirectory(copy.destination))
        }
    }

    // Does `work` in the root directory that files go into. It lets go of that before it returns.
    private static func inRoot(
        of copy: CopyRequest.Copy, _ request: CopyRequest,
        _ work: (_ root: consuming RootDirectory, _ owner: CopyOwner?) throws -> Void
    ) throws {
        // On nothing there is nothing to mount.
        if copy.isLinked || copy.lowers.isEmpty {
            let upper = "\(copy.scratch)/\((request.driver ?? .overlay).directory)"
            do throws(SystemError) { try Files.makeDirectory(upper, mode: 0o755) } catch {
                guard error.errno == .exists else { throw error }
            }
            let root = try FileDescriptor.open(upper, O_RDONLY | O_DIRECTORY)
            Hardening.setDumpable(false)
            let lack = copy.isLinked ? "for --link, which does without the files below" : "in an image without files"
            let owner = try copy.owner.map { text in try CopyOwner.resolve(text, root: root, lack: lack) }
            return try work(RootDirectory(root), owner)
        }
        let tree = try LayeredRoot(copy.lowers, in: copy.scratch, driver: request.driver, isReadOnly: false)
        Hardening.setDumpable(false)
        let outcome = Result {
            let root = try FileDescriptor.open(".", in: tree.root.rawValue, O_RDONLY | O_DIRECTORY)
            let owner = try copy.owner.map { text in try CopyOwner.resolve(text, root: root) }
            try work(RootDirectory(root), owner)
        }
        tree.close()
        try outcome.get()
    }
}

/// To whom `--chown` gives files.
struct CopyOwner: Sendable, Equatable {
    let user: UInt32
    let group: UInt32

    /// Looks `text`, "USER" or "USER:GROUP", up in the root file system's own lists. As BuildKit: a number of a user alone is the group's,
    /// too, and who is in no list is root. `lack`: where names cannot be looked up at all, in words. Throws `EngineError`.
    static func resolve(
        _ text: String, root: borrowing FileDescriptor, lack: String? = nil
    ) throws(EngineError) -> CopyOwner {
        let parts = text.split(on: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (userText, groupText) = (parts[0], parts.count > 1 ? parts[1] : "")
        var user: UInt32 = 0
        var group: UInt32 = 0
        do throws(OptionError) {
            if let number = UInt32(userText) {
                (user, group) = (number, number)
            } else if !userText.isEmpty {
                try requireFiles(userText, lack)
                let found = try number(userText, in: try UserResolver.read("etc/passwd", root))
                (user, group) = found ?? (0, 0)
            }
            if let number = UInt32(groupText) {
                group = number
            } else if !groupText.isEmpty {
                try requireFiles(groupText, lack)
                if let found = try number(groupText, in: try UserResolver.read("etc/group", root)) {
                    group = found.first
                }
            }
        } catch { throw EngineError("\(error)", .invalid) }
        guard user < UInt32.max, group < UInt32.max else {
            throw EngineError("the owner \(text.excerpt) is out of range", .invalid)
        }
        return CopyOwner(user: user, group: group)
    }

    private static func requireFiles(_ name: String, _ lack: String?) throws(OptionError) {
        guard let lack else { return }
        throw OptionError("--chown cannot look up \(name.excerpt) \(lack): use numbers")
    }

    // The numbers of an entry; the second is of meaning for users alone.
    private static func number(_ name: String, in list: [UInt8]) throws(OptionError) -> (first: UInt32, second: UInt32)?
    {
        var file = AccountFile(list)
        while let entry = file.next() {
            guard entry.has(Array(name.utf8), in: 0), let first = entry.number(2).flatMap({ UInt32(exactly: $0) })
            else {
                continue
            }
            return (first, entry.number(3).flatMap { UInt32(exactly: $0) } ?? 0)
        }
        return nil
    }
}
