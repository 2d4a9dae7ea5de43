import Archive
import Glibc
import Linux
import Testing

/// Trees that are deeper than a process may have descriptors, in processes that may have few.
@Suite struct DeepTreeTests {
    private let folder = try! Folder()

    private func driver(_ words: String, descriptors: Int = 128) throws -> (status: CInt, output: String) {
        try Tool.shell("ulimit -n \(descriptors); \(Tool.driver) \(words)", in: folder.path)
    }

    /// Directories, each in the one before, with a file in each hundredth and in the last.
    private func makeTree(_ name: String, depth: Int, directory: String = "d") throws {
        var trail = DirectoryTrail(root: AT_FDCWD)
        try Files.makeDirectory("\(folder.path)/\(name)")
        try trail.enter(RawName("\(folder.path)/\(name)"))
        for level in 1...depth {
            try Files.makeDirectory(directory, in: trail.current)
            try trail.enter(RawName(directory))
            if level % 100 == 0 || level == depth { try Files.write("\(level)".utf8, to: "f", in: trail.current) }
        }
    }

    /// What the files in such a tree say, from the top down.
    private func texts(_ name: String) throws -> [String] {
        var found: [String] = []
        let root = try FileDescriptor.open("\(folder.path)/\(name)", O_RDONLY | O_DIRECTORY)
        try Files.walk(below: root.rawValue) { (directory, name) throws(SystemError) in
            let status = try Files.status(raw: name, in: directory)
            if status?.isRegular == true { found.append(try Files.readText(name, in: directory)) }
            return status?.isDirectory == true
        }
        return found.sorted { Int($0)! < Int($1)! }
    }

    private static let expected = stride(from: 100, through: 1500, by: 100).map { "\($0)" }

    @Test func aDeepTreeIsRemoved() throws {
        try makeTree("tree", depth: 1500)
        let (status, output) = try driver("remove tree")
        #expect(status == 0, "\(output)")
        #expect(!Look("\(folder.path)/tree").exists)
    }

    @Test func aTreeIsRemovedWhosePathsNoCallTakesAndThatIsDeeperThanAStack() throws {
        try makeTree("tree", depth: 30_000, directory: "a-name-of-some-length")
        let (status, output) = try driver("remove tree")
        #expect(status == 0, "\(output)")
        #expect(!Look("\(folder.path)/tree").exists)
    }

    @Test func aDeepTreeIsCopied() throws {
        try makeTree("tree", depth: 1500)
        _ = try folder.directory("copy")
        let (status, output) = try driver("copy-plain copy tree")
        #expect(status == 0, "\(output)")
        #expect(try texts("copy") == Self.expected)
    }

    @Test func hardLinksStayLinksWhereTheirPathsAreTooLongForACall() throws {
        try makeTree("tree", depth: 400, directory: String(repeating: "x", count: 40))
        // From the bottom to the top, and beside it.
        let root = try FileDescriptor.open("\(folder.path)/tree", O_RDONLY | O_DIRECTORY)
        try Files.walk(below: root.rawValue) { (directory, name) throws(SystemError) in
            guard try Files.status(raw: name, in: directory)?.isDirectory == true else {
                if try Files.readText(name, in: directory) == "400" {
                    try Files.makeHardLink(raw: RawName("g"), in: directory, to: name, in: directory)
                    try Files.makeHardLink(raw: RawName("h"), in: root.rawValue, to: name, in: directory)
                }
                return false
            }
            return true
        }
        _ = try folder.directory("copy")
        let (status, output) = try driver("copy-plain copy tree")
        #expect(status == 0, "\(output)")
        #expect(Look("\(folder.path)/copy/h").status?.linkCount == 3)
    }

    @Test func deepLayersAreMerged() throws {
        for layer in ["top", "middle", "base"] { try makeTree(layer, depth: 1500) }
        try Files.write("only below".utf8, to: "\(folder.path)/base/d/d/below")
        try Files.unlink("\(folder.path)/top/d/d/d/d/d/d/d/d/d/d/f")
        _ = try folder.directory("copy")
        let (status, output) = try driver("copy copy top middle base")
        #expect(status == 0, "\(output)")
        try Files.unlink("\(folder.path)/copy/d/d/below")
        #expect(try texts("copy") == Self.expected)
    }

    @Test func whatCannotBeRemovedIsNamedByItsPath() throws {
        try makeTree("tree", depth: 3)
        // Nobody may remove what a file system forbids to change: here the kernel's own.
        let (status, output) = try driver("remove /proc/self/task")
        #expect(status != 0 && output.contains("/proc/self/task"), "\(output)")
    }
}
