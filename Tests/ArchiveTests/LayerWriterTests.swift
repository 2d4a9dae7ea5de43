import Archive
import Glibc
import Linux
import OCI
import Testing

/// Layers that are written from trees, and unpacked again.
@Suite struct LayerWriterTests {
    private let folder = try! Folder()
    private let mine = LayerUnpacker(ownership: .squashed)

    private func tree(_ name: String, _ script: String, on base: String? = nil) throws -> String {
        let path = base == nil ? try folder.directory(name) : try copyTree(.plain, [base!], in: folder, as: name).path
        let (status, output) = try Tool.shell("set -e; umask 022\n" + script, in: path)
        try #require(status == 0, "\(output)")
        return path
    }

    private func names(_ bytes: [UInt8]) throws -> [String] { try entries(bytes, in: folder).map(\.name.printable) }

    @Test func whatIsTheSameGivesTheSameBytes() throws {
        let one = try tree(
            "one", "mkdir b a; echo x >a/z; echo y >a/b; echo - >a-; ln a/z b/l; touch -d @5 a b a- b/l a/b .")
        let two = try tree(
            "two", "mkdir a b; echo - >a-; echo y >a/b; echo x >b/l; ln b/l a/z; touch -d @5 a b a- b/l a/b .")
        let first = try writtenLayer(.merged, [one])
        #expect(first.bytes == (try writtenLayer(.merged, [two])).bytes)
        #expect(try names(first.bytes) == ["./", "a/", "a/b", "a/z", "a-", "b/", "b/l"])
        let links = try entries(first.bytes, in: folder).filter { $0.kind == .hardLink(target: RawName("a/z")) }
        #expect(links.map(\.name.printable) == ["b/l"])
    }

    @Test func timesCanBeHeldDown() throws {
        let path = try tree("t", "echo x >late; touch -d @100 late; echo y >early; touch -d @10 early")
        let limit = FileTime(seconds: 50, nanoseconds: 0)
        let all = try entries(writtenLayer(.merged, [path], times: .notAfter(limit)).bytes, in: folder)
        #expect(all.map(\.modification.seconds) == [50, 10, 50])
    }

    @Test func aTreeWithoutChangesIsAnEmptyLayer() throws {
        let base = try unpack(variedBase().finished(), in: folder, as: "base", mine).path
        let copy = try copyTree(.overlay, [base], in: folder, as: "copy").path
        let (bytes, report) = try writtenLayer(.difference, [copy, base])
        #expect(report.entries == 0)
        #expect(try names(bytes).isEmpty)
        // As an overlay has what was opened for writing and not changed.
        let upper = try tree("upper", "mkdir kept; chmod 750 kept; touch -d @1000 kept")
        #expect(try writtenLayer(.upper, [upper, base]).report.entries == 0)
        // The root has the looks of one of the layers, whatever the lowest is.
        try Tool.shell("chmod 1777 upper base", in: folder.path)
        let places = try folder.directory("places")
        #expect(try writtenLayer(.upper, [upper, base, places]).report.entries == 0)
        try Tool.shell("chmod 700 upper", in: folder.path)
        #expect(try names(writtenLayer(.upper, [upper, base, places]).bytes) == ["./"])
    }

    @Test func theEnginesOwnPlacesAreNoChange() throws {
        let base = try tree("base", "mkdir etc; echo a >etc/passwd; chmod 755 .")
        let script = "mkdir -p dev/pts proc; : >etc/hosts; chmod 755 ."
        let places = ["dev", "dev/pts", "proc", "etc/hosts"]
        let whole = try tree("whole", script, on: base)
        #expect(try names(writtenLayer(.difference, [whole, base], mountPlaces: places).bytes).isEmpty)
        #expect(
            try names(writtenLayer(.difference, [whole, base]).bytes)
                == ["dev/", "dev/pts/", "etc/", "etc/hosts", "proc/"])
        let filled = try tree("filled", script + "; echo x >etc/hosts; : >dev/f", on: base)
        #expect(
            try names(writtenLayer(.difference, [filled, base], mountPlaces: places).bytes)
                == ["dev/", "dev/f", "etc/", "etc/hosts"])
    }

    @Test func aNameThatALayerCannotHoldIsRefused() throws {
        let path = try tree("t", "mkdir d; echo x >d/.wh.x")
        let base = try folder.directory("base")
        do {
            _ = try writtenLayer(.upper, [path, base])
            Issue.record("it was written")
        } catch let error as ArchiveError {
            guard case .badEntry(let name, _) = error else { throw error }
            #expect(name == "d/.wh.x")
        }
        // An archive of files has no whiteouts.
        #expect(try names(writtenLayer(.merged, [path]).bytes) == ["./", "d/", "d/.wh.x"])
    }

    @Test func socketsAreLeftOut() throws {
        let base = try tree("base", "echo x >s; echo y >t")
        let path = try tree(
            "t", "rm s; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"s\")'", on: base)
        let (bytes, report) = try writtenLayer(.difference, [path, base])
        // What was there before is gone all the same.
        #expect(try names(bytes) == [".wh.s"] && report.skippedSockets == 1)
        #expect(try names(writtenLayer(.merged, [path]).bytes) == ["./", "t"])
    }

    @Test func attributesThatAnArchiveCannotHoldAreCounted() throws {
        let path = try tree("t", "echo x >f; setfattr -n 'user.a=b' -v 1 f; setfattr -n user.ok -v 2 f")
        let (bytes, report) = try writtenLayer(.merged, [path])
        let file = try #require(try entries(bytes, in: folder).last)
        #expect(report.skippedAttributes == 1)
        #expect(file.attributes.map(\.name) == [RawName("user.ok")])
    }

    @Test func aFileThatBecameShorterIsFilledWithZeros() throws {
        let file = try FileDescriptor.open(folder.file("short", Array("abc".utf8)), O_RDONLY)
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        var entry = TarEntry(
            name: RawName("f"), .regular, mode: 0o644, modification: FileTime(seconds: 0, nanoseconds: 0))
        entry.size = 600
        try writer.add(entry, from: file, keepsHoles: false, padsShortFiles: true)
        entry.size = 2
        try writer.add(entry, from: file, keepsHoles: false, padsShortFiles: true)
        entry.size = 600
        #expect(throws: ArchiveError.changed("f")) { try writer.add(entry, from: file, keepsHoles: false) }
        _ = try? writer.finish()
        #expect(bytes[512..<515].elementsEqual("abc".utf8) && bytes[515..<1112].allSatisfy { $0 == 0 })
        #expect(bytes[1536] == UInt8(ascii: "f") && bytes[2048..<2050].elementsEqual("ab".utf8) && bytes[2050] == 0)
    }

    /// Deeper than a process may have descriptors, and longer than a path may be.
    @Test func treesMayBeDeep() throws {
        let path = try folder.directory("deep")
        let depth = 2500
        do {
            let root = try Open(path)
            var trail = DirectoryTrail(root: root.number)
            for _ in 0..<depth {
                try Files.makeDirectory(RawName("dir"), in: trail.current, mode: 0o755)
                try trail.enter(RawName("dir"))
            }
            _ = try FileDescriptor.open("f", in: trail.current, O_WRONLY | O_CREAT, mode: 0o644)
            withExtendedLifetime(root) {}
        }
        let all = try entries(writtenLayer(.merged, [path]).bytes, in: folder)
        #expect(all.count == depth + 2)
        #expect(all.last?.name.count == depth * 4 + 2)
    }

    /// Directories that become symbolic links and back while they are read.
    @Test func nothingOutsideOfTheTreeIsRead() throws {
        _ = try folder.directory("outside")
        _ = try folder.file("outside/f", Array("SECRET".utf8))
        let path = try tree("t", "mkdir d; echo inner >d/f; echo x >e; cp e s")
        let swap = """
            (while :; do mv d d2; ln -s ../outside d; rm d; mv d2 d; rm -f s; ln -s ../outside/f s; rm s; echo x >s; done) \
            >/dev/null 2>&1 & echo $!
            """
        let process = try Tool.shell(swap, in: path).output.split(separator: "\n").first.flatMap { pid_t($0) }
        let swapper = try #require(process)
        defer { kill(swapper, SIGKILL) }
        let secret = Array("SECRET".utf8)
        for _ in 0..<300 {
            let bytes = try writtenLayer(.merged, [path]).bytes
            let leaks = stride(from: 0, to: bytes.count, by: 512).contains { bytes[$0...].starts(with: secret) }
            #expect(!leaks)
        }
    }

    @Test(
        .enabled(if: Tool.isRoot && Tool.has("setfacl"), "root, for owners of all kinds, and setfacl are needed"))
    func numbersAreMovedByAMap() throws {
        let path = try tree("t", "echo x >f; chown 100007:100008 f; echo y >g; chown 5:5 g; chown 100000:100000 .")
        // A version 3 capability of the namespace's root, and access lists with a user.
        let capability: [UInt8] = [1, 0, 0, 3, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12) + [0xa0, 0x86, 1, 0]
        let file = try FileDescriptor.open("\(path)/f", O_RDONLY)
        try ExtendedAttributes.set(RawName("security.capability"), of: file.rawValue, to: capability)
        let (status, output) = try Tool.shell("setfacl -m u:100009:r g", in: path)
        #expect(status == 0, "\(output)")
        let runs = [OwnerMap.Run(source: 100_000, target: 0, count: 65536)]
        let all = try entries(
            writtenLayer(.merged, [path], owners: OwnerMap(users: runs, groups: runs)).bytes, in: folder)
        #expect(all.map(\.user) == [0, 7, 65534] && all.map(\.group) == [0, 8, 65534])
        #expect(all[1].attributes.map(\.value) == [[1, 0, 0, 2, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12)])
        let list = try #require(all[2].attributes.first)
        #expect(list.name == RawName("system.posix_acl_access"))
        // The second entry, behind the header and the owner's.
        #expect(list.value[12] == 2 && Array(list.value[16..<20]) == [9, 0, 0, 0])
    }
}
