import Glibc
import Synchronization
import Testing

@testable import Linux

/// Paths below a root: what openat2(2) says, and what is said by hand where it is refused.
@Suite struct RootDirectoryTests {
    private final class Tree {
        let path = "/tmp/apus-root-\(randomHex(bytes: 6))"
        var root: String { path + "/root" }

        init() throws {
            for folder in ["/outside", "/root/a/b", "/root/etc"] { try Files.makeDirectories(path + folder) }
            try Files.write("outside".utf8, to: path + "/outside/secret")
            try Files.write("inside".utf8, to: root + "/a/b/file")
            try Files.write("decoy".utf8, to: root + "/secret")
            for (name, target) in [
                ("up", "../../../outside"), ("absolute", "/a/b"), ("a/relative", "b/file"), ("loop", "loop"),
                ("chain", "absolute/../relative"), ("dangling", "/no/where"), ("proc", "/proc/self/root"),
                ("a/top", "../../../../secret"),
            ] { try check("symlink") { symlink(target, root + "/" + name) } }
        }

        deinit { try? Files.removeTree(path) }

        func directory() throws -> RootDirectory {
            RootDirectory(try FileDescriptor.open(root, FileDescriptor.pathOnly | O_DIRECTORY))
        }
    }

    private func outcome(_ open: () throws(SystemError) -> FileDescriptor) -> String {
        do throws(SystemError) {
            let file = try open()
            let status = try file.status()
            return "inode \(status.raw.st_ino)"
        } catch { return "\(error.errno)" }
    }

    @Test(
        arguments: [
            "/", ".", "a", "a/b/file", "/a/b/file", "a/../a/b", "../../a", "../../../../outside/secret", "up",
            "up/secret",
            "absolute", "absolute/file", "a/relative", "chain", "loop", "loop/x", "dangling", "proc", "a/top",
            "nothing",
            "a/b/file/x", "a//b/./file", "a/b/",
        ], [0, O_NOFOLLOW, O_DIRECTORY] as [CInt])
    func theWalkAgreesWithTheKernel(_ path: String, _ flags: CInt) throws {
        let tree = try Tree()
        let directory = try tree.directory()
        let kernel = outcome { () throws(SystemError) in try directory.open(path, FileDescriptor.pathOnly | flags) }
        let walk = outcome { () throws(SystemError) in try directory.walk(path, FileDescriptor.pathOnly | flags) }
        #expect(kernel == walk)
    }

    @Test(arguments: [
        ("..", true), ("../a", true), ("a/..", true), ("/a/../b", true), ("a/...", false), ("a/..b", false),
        ("a../b", false), (".", false), ("./a/.", false), ("", false), ("a/./..", true),
    ])
    func aWayUpIsAComponentOfTwoDots(_ path: String, _ isThere: Bool) {
        #expect(RootDirectory.hasWayUp(path) == isThere)
    }

    @Test func whatIsMadeIsSaidToBeNew() throws {
        let tree = try Tree()
        let directory = try tree.directory()
        var isNew = false
        _ = try directory.openOrCreate("x/y/z", .directory, isNew: &isNew)
        #expect(isNew)
        _ = try directory.openOrCreate("x/y/z", .directory, isNew: &isNew)
        #expect(!isNew)
        _ = try directory.openOrCreate("dangling", .file, isNew: &isNew)
        #expect(try isNew && !Files.status(tree.root + "/no/where").isDirectory)
        _ = try directory.openOrCreate("a/b/file", .file, isNew: &isNew)
        #expect(!isNew)
    }

    @Test func theWalkOfALongPathComesBack() throws {
        let tree = try Tree()
        let directory = try tree.directory()
        let down = String(repeating: "d/", count: 300)
        try Files.makeDirectories(tree.root + "/" + down.dropLast())
        let path = down + String(repeating: "../", count: 299) + "../a/b/file"
        #expect(try directory.walk(path, O_RDONLY).readAll() == Array("inside".utf8))
        #expect(try directory.open(path, O_RDONLY).readAll() == Array("inside".utf8))
    }

    @Test func contentsComeFromInsideAlone() throws {
        let tree = try Tree()
        let directory = try tree.directory()
        for path in ["a/top", "../../secret", "/secret"] {
            #expect(String(decoding: try directory.walk(path, O_RDONLY).readAll(), as: UTF8.self) == "decoy")
        }
    }

    @Test(arguments: ["up", "absolute/file", "a/relative", "a/../a", "proc", "loop", "../outside/secret"])
    func nothingIsFollowedBeneath(_ path: String) throws {
        let tree = try Tree()
        let directory = try tree.directory()
        #expect(throws: SystemError.self) { _ = try directory.openBeneath(path, O_RDONLY) }
        #expect(throws: SystemError.self) { _ = try directory.walkBeneath(path, O_RDONLY) }
        #expect(try directory.walkBeneath("a/b/file", O_RDONLY).readAll() == Array("inside".utf8))
        let root = RootDirectory(try FileDescriptor.open("/", FileDescriptor.pathOnly | O_DIRECTORY))
        let mounted = outcome { () throws(SystemError) in try root.walkBeneath("proc/version", O_RDONLY) }
        #expect(mounted == "\(Errno.crossDevice)")
    }

    /// A directory and a link out of the root change places all the time: the walk ends inside, or fails.
    @Test func aSwappedLinkNeverLeadsOut() throws {
        let tree = try Tree()
        let root = tree.root
        try check("symlink") { symlink("../../../../outside", root + "/swap") }
        try Files.write("inside".utf8, to: root + "/a/secret")
        let swapper = Swapper(root)
        defer { swapper.stop() }
        let directory = try tree.directory()
        var read = 0
        for _ in 0..<20_000 {
            guard let file = try? directory.walk("a/secret", O_RDONLY), let text = try? file.readAll() else { continue }
            read += 1
            #expect(text != Array("outside".utf8))
            if text == Array("outside".utf8) { break }
        }
        #expect(read > 0)
    }
}

/// A thread that lets a link take a directory's place and gives it back, until it is stopped.
private final class Swapper: Sendable {
    private let root: String
    private let isStopped = Atomic(false)
    private let thread = Atomic<UInt>(0)

    init(_ root: String) {
        self.root = root
        var number = pthread_t()
        pthread_create(
            &number, nil,
            { context in
                Unmanaged<Swapper>.fromOpaque(context!).takeUnretainedValue().swap()
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        thread.store(UInt(number), ordering: .relaxed)
    }

    private func swap() {
        while !isStopped.load(ordering: .relaxed) {
            rename(root + "/a", root + "/aside")
            rename(root + "/swap", root + "/a")
            rename(root + "/a", root + "/swap")
            rename(root + "/aside", root + "/a")
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        pthread_join(pthread_t(thread.load(ordering: .relaxed)), nil)
    }
}
