import Glibc
import Linux
import Testing

/// A directory for one test.
final class TemporaryFolder {
    let path = "/var/tmp/apus-linux-\(randomHex(bytes: 6))"
    init() throws { try Files.makeDirectory(path) }
    deinit { try? Files.removeTree(path) }
}

@Suite struct TreeTests {
    private let folder = try! TemporaryFolder()

    private func make(_ paths: String...) throws {
        for path in paths { try Files.makeDirectories("\(folder.path)/\(path)") }
    }

    @Test func aTrailLeadsDownAndBackWithFewDescriptors() throws {
        try make("a/b/c/d/e")
        let root = try FileDescriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
        for limit in [1, 2, 16] {
            var trail = DirectoryTrail(root: root.rawValue, limit: limit)
            for name in ["a", "b", "c", "d", "e"] { try trail.enter(RawName(name)) }
            #expect(trail.path.printable == "a/b/c/d/e" && trail.depth == 5)
            for path in ["a/b/c/d", "a/b/c", "a/b", "a", "."] {
                try trail.leave()
                let expected = try Files.status("\(folder.path)/\(path)").identity
                #expect(try Files.status(of: trail.current).identity == expected)
            }
            #expect(trail.depth == 0)
        }
    }

    @Test func aDirectoryThatWasMovedMeanwhileLeadsNowhereElse() throws {
        try make("a/b/c", "other")
        let root = try FileDescriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
        var trail = DirectoryTrail(root: root.rawValue, limit: 1)
        for name in ["a", "b", "c"] { try trail.enter(RawName(name)) }
        try Files.rename("\(folder.path)/a/b/c", to: "\(folder.path)/other/c")
        do throws(SystemError) {
            try trail.leave()
            Issue.record("it went to the directory above, wherever that is")
        } catch { #expect(error.errno == Errno(ESTALE)) }
    }

    @Test func noSymbolicLinkIsEntered() throws {
        try make("tree/a", "outside/kept")
        try Files.makeSymbolicLink(
            raw: RawName("\(folder.path)/tree/a/link"), in: AT_FDCWD, to: RawName("\(folder.path)/outside"))
        try Files.removeTree("\(folder.path)/tree")
        #expect(Files.exists("\(folder.path)/outside/kept") && !Files.exists("\(folder.path)/tree"))
    }

    @Test func namesOfAnyBytesAreListedAndRemoved() throws {
        try make("tree")
        let name: RawName = [CChar(bitPattern: 0xe9), CChar(bitPattern: 0xff), 10, 0]
        let tree = try FileDescriptor.open("\(folder.path)/tree", O_RDONLY | O_DIRECTORY)
        try Files.makeDirectory(name, in: tree.rawValue)
        try Files.write([1], to: [CChar(bitPattern: 0x80), 0], in: tree.rawValue)
        #expect(try Set(Files.rawNames(of: tree.rawValue)) == [name, [CChar(bitPattern: 0x80), 0]])
        try Files.removeTree("\(folder.path)/tree")
        #expect(!Files.exists("\(folder.path)/tree"))
    }

    @Test func directoriesThatForbidItAreOpenedUp() throws {
        try make("tree/a/b/c")
        for path in ["tree/a/b/c", "tree/a/b", "tree/a", "tree"] {
            try Files.setMode(raw: RawName("\(folder.path)/\(path)"), in: AT_FDCWD, 0)
        }
        try Files.removeTree("\(folder.path)/tree")
        #expect(!Files.exists("\(folder.path)/tree"))
    }

    @Test func aMissingTreeIsRemovedAlreadyAndAFileIsOne() throws {
        try Files.removeTree("\(folder.path)/none")
        try Files.write([1], to: "\(folder.path)/file")
        try Files.removeTree("\(folder.path)/file")
        #expect(!Files.exists("\(folder.path)/file"))
    }

    @Test(.enabled(if: geteuid() != 0, "root may remove everything"))
    func whatCannotBeRemovedIsNamedByItsPath() throws {
        do throws(SystemError) {
            try Files.removeTree("/proc/self/task")
            Issue.record("it is gone")
        } catch { #expect(error.object?.hasPrefix("/proc/self/task") == true, "\(error)") }
    }

    @Test func aWalkVisitsEverythingOnceAndDirectoriesLast() throws {
        try make("tree/a/b", "tree/c")
        try Files.write([1], to: "\(folder.path)/tree/a/f")
        let root = try FileDescriptor.open("\(folder.path)/tree", O_RDONLY | O_DIRECTORY)
        var visited: [String] = []
        var left: [String] = []
        try Files.walk(below: root.rawValue) { (directory, name) throws(SystemError) in
            visited.append(name.printable)
            return try Files.status(raw: name, in: directory)?.isDirectory == true
        } leave: { (_, name) throws(SystemError) in
            left.append(name.printable)
        }
        #expect(visited.sorted() == ["a", "b", "c", "f"] && left.sorted() == ["a", "b", "c"])
        #expect(left.firstIndex(of: "b")! < left.firstIndex(of: "a")!)
    }

    @Test func anErrorOfAWalkNamesThePath() throws {
        try make("tree/a/b")
        let root = try FileDescriptor.open("\(folder.path)/tree", O_RDONLY | O_DIRECTORY)
        do throws(SystemError) {
            try Files.walk(below: root.rawValue) { (_, name) throws(SystemError) in
                if name == RawName("b") { throw SystemError("test", "b", .io) }
                return true
            }
            Issue.record("nothing was thrown")
        } catch { #expect(error == SystemError("test", "a/b", .io)) }
    }
}
