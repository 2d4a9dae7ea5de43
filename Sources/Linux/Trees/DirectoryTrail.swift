import CLinux
import Glibc

/// A way down a tree of directories from one that is open. The deepest few have a descriptor; those above are opened
/// again on the way back, so that the depth of a tree costs no descriptors.
package struct DirectoryTrail: ~Copyable {
    private struct Step {
        let name: RawName
        // Known once its descriptor has been closed.
        var identity: FileIdentity?
    }

    private let root: CInt
    private let limit: Int
    private let flags: CInt
    private var steps: [Step] = []
    // Of the deepest directories, the deepest last; never empty below the root.
    private var open: [CInt] = []

    /// Begins in the directory `root`, which is borrowed. `limit` is the most descriptors that the trail owns but for a
    /// moment; `flags` says what for directories are opened (O_RDONLY or O_PATH).
    package init(root: CInt, limit: Int = 16, flags: CInt = O_RDONLY) {
        self.root = root
        self.flags = flags
        self.limit = max(1, limit)
    }

    deinit { for number in open { close(number) } }

    /// The directory in which the trail ends; borrowed until it goes on.
    package var current: CInt { open.last ?? root }

    /// How many directories are between the root and where the trail ends, that one counted.
    package var depth: Int { steps.count }

    /// The name under which the last directory was entered. There must be one.
    package var name: RawName { steps[steps.count - 1].name }

    /// The names from the root to where the trail ends, with slashes between them.
    package var path: RawName {
        var path: RawName = []
        for step in steps {
            if !path.isEmpty { path.append(47) }
            path.append(contentsOf: step.name.dropLast())
        }
        return path + [0]
    }

    /// Goes into the directory `name`, without following a symbolic link. Throws `SystemError`; the trail is then where
    /// it was.
    package mutating func enter(_ name: RawName) throws(SystemError) {
        try enter(name, try Files.open(raw: name, in: current, flags | O_DIRECTORY))
    }

    /// Goes into the directory `name`, which is open already. Throws `SystemError`.
    package mutating func enter(_ name: RawName, _ opened: consuming FileDescriptor) throws(SystemError) {
        if open.count >= limit {
            // By which it is known again on the way back.
            steps[steps.count - open.count].identity = try Files.status(of: open[0]).identity
            close(open.removeFirst())
        }
        steps.append(Step(name: name, identity: nil))
        open.append(opened.release())
    }

    /// Goes back to the directory above. Throws `SystemError`: ESTALE where the directory has been moved to another
    /// place meanwhile. The trail is of no use then.
    package mutating func leave() throws(SystemError) {
        let left = steps.removeLast()
        let child = open.removeLast()
        defer { close(child) }
        guard open.isEmpty, let parent = steps.last else { return }
        let above = FileDescriptor(
            owning: try check("open", left.name.printable + "/..") {
                apus_open(child, "..", flags | O_DIRECTORY | O_CLOEXEC, 0)
            })
        guard try Files.status(of: above.rawValue).identity == parent.identity else {
            throw SystemError("open", left.name.printable + "/..", Errno(ESTALE))
        }
        open.append(above.release())
    }
}
