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

    @Test func aDirectoryMayForbidAnyPartOfIt() throws {
        for mode: FileMode in 0...7 {
            try make("tree/mode/in/deep", "tree/mode/empty")
            try Files.write([1], to: "\(folder.path)/tree/mode/file")
            try Files.write([1], to: "\(folder.path)/tree/mode/in/file")
            for path in ["tree/mode/in", "tree/mode", "tree"] {
                try Files.setMode(raw: RawName("\(folder.path)/\(path)"), in: AT_FDCWD, mode << 6)
            }
            try Files.removeTree("\(folder.path)/tree")
            #expect(!Files.exists("\(folder.path)/tree"), "mode \(mode)")
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may remove everything"))
    func aTreeInADirectoryThatForbidsItStaysWhole() throws {
        try make("above/tree/in")
        try Files.write([1], to: "\(folder.path)/above/file")
        let above = RawName("\(folder.path)/above")
        try Files.setMode(raw: above, in: AT_FDCWD, 0o500)
        for name in ["tree", "file"] {
            do throws(SystemError) {
                try Files.removeTree("\(folder.path)/above/\(name)")
                Issue.record("\(name) is gone")
            } catch { #expect(error.errno == .access && error.call == "unlink", "\(error)") }
        }
        #expect(try Files.status("\(folder.path)/above").permissions == 0o500)
        #expect(try Files.list("\(folder.path)/above/tree") == ["in"])
        try Files.setMode(raw: above, in: AT_FDCWD, 0o700)
    }

    @Test func treesOfManyNamesAndDeepOnesAreRemoved() throws {
        try make("tree/" + String(repeating: "d/", count: 1000))
        let wide = try FileDescriptor.open("\(folder.path)/tree/d", O_RDONLY | O_DIRECTORY)
        for number in 0..<2000 {
            try Files.write([], to: "\(number)-\(String(repeating: "n", count: 60))", in: wide.rawValue)
        }
        #expect(try Files.rawNames(of: wide.rawValue).count == 2001)
        try Files.removeTree("\(folder.path)/tree")
        #expect(!Files.exists("\(folder.path)/tree"))
    }

    @Test func whatTheDiskGetsBackIsCounted() throws {
        try make("tree/a", "kept")
        let bytes = [UInt8](repeating: 1, count: 5000)
        try Files.write(bytes, to: "\(folder.path)/tree/a/file")
        try Files.write(bytes, to: "\(folder.path)/kept/linked")
        try check("link") { link("\(folder.path)/kept/linked", "\(folder.path)/tree/other") }
        try check("symlink") { symlink("0123456789", "\(folder.path)/tree/link") }
        var freed: Int64 = 7
        try Files.removeTree("\(folder.path)/tree", freed: &freed)
        #expect(freed == 7 + 5000 + 10)
        try Files.removeTree("\(folder.path)/kept/linked", freed: &freed)
        #expect(freed == 7 + 5000 + 10 + 5000)
    }

    @Test func severalMayRemoveOneTreeAtOnce() async throws {
        for _ in 0..<5 {
            for number in 0..<20 { try make("tree/\(number)/a/b/c") }
            let path = folder.path + "/tree"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try Files.removeTree(path) } }
                try await group.waitForAll()
            }
            #expect(!Files.exists(path))
        }
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
