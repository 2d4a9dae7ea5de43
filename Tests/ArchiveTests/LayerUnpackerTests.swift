import Archive
import Glibc
import Linux
import OCI
import Testing

/// Layers as good tools make them. Whoever runs the tests owns the files where the test is not about owners.
@Suite struct LayerUnpackerTests {
    private let folder = try! Folder()
    private var mine: LayerUnpacker { LayerUnpacker(ownership: .squashed) }

    private func layer(
        _ name: String = "layer", lowers: [String] = [], _ build: (inout TarBuilder) -> Void
    ) throws -> (path: String, report: LayerReport) {
        var tar = TarBuilder()
        build(&tar)
        return try unpack(tar.finished(), in: folder, as: name, mine, lowers: lowers)
    }

    @Test func reportsTheDigestOfTheUncompressedStream() throws {
        var tar = TarBuilder()
        tar.file("a", "text")
        let bytes = tar.finished() + Array("what follows the end counts".utf8)
        let report = try unpack(bytes, in: folder, mine).report
        #expect(report.diffID == Digest(of: bytes))
        #expect(report.streamSize == bytes.count)
        #expect(report.entries == 1)
        #expect(report.diskSize == 4)
    }

    @Test func refusesAnotherDigestThanExpected() throws {
        var unpacker = mine
        unpacker.expected = Digest(of: [1])
        let error = #expect(throws: ArchiveError.self) {
            try unpack(TarBuilder().finished(), in: folder, unpacker)
        }
        #expect(error == .wrongDiffID(expected: Digest(of: [1]), actual: Digest(of: TarBuilder().finished())))
        unpacker.expected = Digest(of: TarBuilder().finished(), .sha512)
        #expect(try unpack(TarBuilder().finished(), in: folder, as: "512", unpacker).report.diffID == unpacker.expected)
    }

    @Test func keepsModesTimesAndAttributes() throws {
        let (path, _) = try layer { tar in
            tar.directory("d", mode: 0o1555, time: 77)
            tar.add(
                "d/f", content: Array("x".utf8), mode: 0o4751,
                pax: [("mtime", Array("12.345678901".utf8)), ("SCHILY.xattr.user.note", [0, 1, 2])])
            tar.add("d/l", "2", link: "nowhere", mode: 0o777, pax: [("mtime", Array("13.5".utf8))])
            tar.add("d/p", "6", mode: 0o640)
        }
        let file = Look("\(path)/d/f")
        #expect(file.status?.permissions == 0o4751)
        #expect(file.status?.modificationTime == FileTime(seconds: 12, nanoseconds: 345_678_901))
        #expect(file.attribute("user.note") == [0, 1, 2])
        #expect(Look("\(path)/d").status?.permissions == 0o1555)
        #expect(Look("\(path)/d").status?.modificationTime == FileTime(seconds: 77, nanoseconds: 0))
        let link = Look("\(path)/d/l")
        #expect(link.status?.modificationTime == FileTime(seconds: 13, nanoseconds: 500_000_000))
        #expect(try Files.readLink("\(path)/d/l") == "nowhere")
        #expect(Look("\(path)/d/p").status?.type == S_IFIFO)
        #expect(Look("\(path)/d/p").status?.permissions == 0o640)
    }

    @Test func hardLinksShareTheirFileAndASymbolicLinkCanBeOne() throws {
        let (path, _) = try layer { tar in
            tar.file("a", "text")
            tar.hardLink("b", to: "a")
            tar.hardLink("c/d", to: "./b")
            tar.link("s", to: "/etc/passwd")
            tar.hardLink("t", to: "s")
        }
        #expect(Look("\(path)/a").status?.linkCount == 3)
        #expect(Look("\(path)/c/d").status?.identity == Look("\(path)/a").status?.identity)
        #expect(Look("\(path)/t").status?.isSymbolicLink == true)
        #expect(Look("\(path)/t").status?.identity == Look("\(path)/s").status?.identity)
    }

    @Test func aHardLinkToItselfChangesNothing() throws {
        let (path, _) = try layer { tar in
            tar.file("a", "text")
            tar.hardLink("b", to: "a")
            tar.hardLink("a", to: "b")
            tar.hardLink("a", to: "a")
        }
        #expect(Look("\(path)/a").text == "text")
        #expect(Look("\(path)/a").status?.linkCount == 2)
    }

    @Test func directoriesThatNoEntryDescribesAreRootsAndOpenToAll() throws {
        let (path, _) = try layer { $0.file("a/b/c", "text") }
        #expect(Look("\(path)/a/b").status?.permissions == 0o755)
        #expect(Look("\(path)/a/b/c").text == "text")
    }

    @Test func aDirectoryCanBeDescribedAfterItsContent() throws {
        let (path, _) = try layer { tar in
            tar.file("a/b", "text")
            tar.directory("a", mode: 0o700, time: 5)
        }
        #expect(Look("\(path)/a").status?.permissions == 0o700)
        #expect(Look("\(path)/a").status?.modificationTime.seconds == 5)
        #expect(Look("\(path)/a/b").text == "text")
    }

    @Test func laterEntriesWin() throws {
        let (path, _) = try layer { tar in
            tar.file("a", "old")
            tar.file("a", "new")
            tar.directory("b")
            tar.file("b/c", "gone")
            tar.file("b", "file")
            tar.file("d", "gone")
            tar.directory("d")
            tar.file("d/e", "text")
            tar.directory("f")
            tar.file("f/g", "kept")
            tar.directory("f", mode: 0o711)
            tar.link("h", to: "f")
            tar.file("h", "no link")
        }
        #expect(Look("\(path)/a").text == "new")
        #expect(Look("\(path)/b").text == "file")
        #expect(Look("\(path)/d/e").text == "text")
        #expect(Look("\(path)/d").isOpaque)
        #expect(Look("\(path)/f/g").text == "kept")
        #expect(Look("\(path)/f").status?.permissions == 0o711)
        #expect(!Look("\(path)/f").isOpaque)
        #expect(Look("\(path)/h").text == "no link")
    }

    @Test func whiteoutsBecomeDevicesAndOpaqueMarksAttributes() throws {
        let (path, report) = try layer { tar in
            tar.file("a/.wh.gone")
            tar.directory("before")
            tar.file("before/.wh..wh..opq")
            tar.file("before/x")
            tar.file("after/x")
            tar.file("after/.wh..wh..opq")
            tar.file(".wh..wh.aufs")
            tar.directory(".wh..wh.plnk")
        }
        #expect(Look("\(path)/a/gone").isWhiteout)
        #expect(Look("\(path)/before").isOpaque && Look("\(path)/after").isOpaque)
        #expect(Look("\(path)/before/x").exists && Look("\(path)/after/x").exists)
        #expect(!Look("\(path)/a").isOpaque)
        #expect(try Set(Files.list(path)) == ["a", "before", "after"])
        #expect(!report.isRootOpaque)
    }

    @Test func anOpaqueRootIsReported() throws {
        #expect(try layer { $0.file(".wh..wh..opq") }.report.isRootOpaque)
    }

    @Test(arguments: [true, false])
    func aWhiteoutHidesWhatIsBelowButNotItsOwnLayer(whiteoutFirst: Bool) throws {
        let (path, _) = try layer { tar in
            func whiteouts() {
                tar.file(".wh.file")
                tar.file(".wh.directory")
                tar.file(".wh.implied")
                tar.file(".wh.link")
            }
            if whiteoutFirst { whiteouts() }
            tar.file("file", "new")
            tar.directory("directory")
            tar.file("directory/x", "new")
            tar.file("implied/x", "new")
            tar.link("link", to: "file")
            if !whiteoutFirst { whiteouts() }
        }
        #expect(Look("\(path)/file").text == "new")
        #expect(Look("\(path)/directory").isOpaque && Look("\(path)/directory/x").text == "new")
        #expect(Look("\(path)/implied").isOpaque && Look("\(path)/implied/x").text == "new")
        #expect(Look("\(path)/link").status?.isSymbolicLink == true)
    }

    @Test func aLinkInAPathIsFollowedInsideTheLayer() throws {
        let (path, _) = try layer { tar in
            tar.link("absolute", to: "/etc")
            tar.file("absolute/passwd", "the layer's")
            tar.link("up", to: "../../../../../etc")
            tar.file("up/group", "the layer's")
            tar.directory("usr/bin")
            tar.link("bin", to: "usr/bin")
            tar.file("bin/sh", "shell")
        }
        #expect(Look("\(path)/etc/passwd").text == "the layer's")
        #expect(Look("\(path)/etc/group").text == "the layer's")
        #expect(Look("\(path)/usr/bin/sh").text == "shell")
        #expect(Look("\(path)/bin").status?.isSymbolicLink == true)
    }

    @Test func aHardLinkToALowerLayersFileCopiesItUp() throws {
        let base = try layer("base") { tar in
            tar.directory("d", mode: 0o710)
            tar.add("d/a", content: Array("below".utf8), mode: 0o640, time: 99)
            tar.file("hidden", "x")
            tar.file("e/opaque", "x")
        }.path
        let middle = try layer("middle") { $0.file(".wh.hidden") }.path
        let (path, _) = try layer("top", lowers: [middle, base]) { $0.hardLink("d/b", to: "d/a") }
        #expect(Look("\(path)/d/b").text == "below")
        #expect(Look("\(path)/d/b").status?.identity == Look("\(path)/d/a").status?.identity)
        #expect(Look("\(path)/d/a").status?.permissions == 0o640)
        #expect(Look("\(path)/d/a").status?.modificationTime.seconds == 99)
        // The directory that this layer does not describe is like the one below.
        #expect(Look("\(path)/d").status?.permissions == 0o710)
        let missing = ArchiveError.linkTargetMissing("x", target: "hidden")
        #expect(throws: missing) { _ = try layer("h", lowers: [middle, base]) { $0.hardLink("x", to: "hidden") } }
        #expect(throws: ArchiveError.linkTargetMissing("x", target: "d/a")) {
            _ = try layer("w", lowers: [middle, base]) { tar in
                tar.file("d/.wh.a")
                tar.hardLink("x", to: "d/a")
            }
        }
        #expect(throws: ArchiveError.linkTargetMissing("x", target: "e/opaque")) {
            _ = try layer("o", lowers: [middle, base]) { tar in
                tar.file("e/.wh..wh..opq")
                tar.hardLink("x", to: "e/opaque")
            }
        }
        #expect(throws: ArchiveError.linkTargetMissing("x", target: "d/a")) {
            _ = try layer("alone") { $0.hardLink("x", to: "d/a") }
        }
    }

    @Test func namesOfAnyBytesAndLength() throws {
        let deep = (0..<30).map { String(repeating: String($0 % 10), count: 200) }.joined(separator: "/")
        let longest = String(repeating: "n", count: 255)
        let (path, _) = try layer { tar in
            tar.add(raw: [0xe9, 0xff, 0x0a, 0x20], content: Array("latin".utf8))
            tar.add("x", content: Array("deep".utf8), pax: [("path", Array((deep + "/file").utf8))])
            tar.add("y", "1", pax: [("path", Array("link".utf8)), ("linkpath", Array((deep + "/file").utf8))])
            tar.add("z", content: Array("longest".utf8), pax: [("path", Array(longest.utf8))])
        }
        #expect(deep.utf8.count > Int(PATH_MAX))
        let folder = try Open(path)
        let names = try Files.rawNames(of: folder.number)
        withExtendedLifetime(folder) {}
        #expect(names.map(\.bytes).contains([0xe9, 0xff, 0x0a, 0x20]))
        #expect(Look("\(path)/link").text == "deep")
        #expect(Look("\(path)/link").status?.linkCount == 2)
        #expect(Look("\(path)/\(longest)").text == "longest")
    }

    @Test func attributesOfOverlayfsAreLeftOut() throws {
        let (path, report) = try layer { tar in
            tar.add("d", "5", mode: 0o755, pax: [("SCHILY.xattr.user.overlay.opaque", [121])])
            tar.add("f", pax: [("SCHILY.xattr.trusted.overlay.redirect", Array("/etc".utf8))])
        }
        #expect(!Look("\(path)/d").isOpaque)
        #expect(report.skippedAttributes == 2)
    }

    @Test func aDeviceThatWouldBeAWhiteoutIsSkipped() throws {
        let (path, report) = try layer { tar in
            tar.add("dev/null", "3", device: (0, 0))
            tar.file("a", "text")
        }
        #expect(!Look("\(path)/dev/null").exists)
        #expect(report.skippedNodes == 1 && report.skippedNames == ["dev/null"])
        #expect(Look("\(path)/a").text == "text")
    }

    @Test func modesAreTheSameWithoutAnUmaskAndBelowADefaultACL() throws {
        var tar = TarBuilder()
        tar.directory("d", mode: 0o2770)
        // An ordinary user cannot look into what nobody may read.
        let modes = [0o444, 0o666, 0o777, 0o4755, 0o2751, 0o1644] + (Tool.isRoot ? [0o000] : [])
        for mode in modes {
            tar.add("d/\(mode)", content: [1], mode: mode)
            tar.add("d/chowned-\(mode)", content: [1], mode: mode, user: 5)
        }
        // user::rwx, group::---, other::---; version 2 (xattr of acl(5), linux/posix_acl_xattr.h).
        let acl: [UInt8] =
            [2, 0, 0, 0] + [1, 0, 7, 0, 255, 255, 255, 255] + [4, 0, 0, 0, 255, 255, 255, 255]
            + [32, 0, 0, 0, 255, 255, 255, 255]
        tar.add("a", "5", mode: 0o755, pax: [("SCHILY.xattr.system.posix_acl_default", acl)])
        tar.add("a/f", content: [1], mode: 0o664)
        _ = try folder.file("modes.tar", tar.finished())
        let squash = Tool.isRoot ? "" : "--squash"
        for flags in ["", "--no-umask"] {
            let (status, output) = try Tool.shell(
                "umask 077; mkdir -p 'modes\(flags)' && \(Tool.driver) unpack \(squash) \(flags) modes.tar 'modes\(flags)'",
                in: folder.path)
            #expect(status == 0, "\(output)")
        }
        let nodes = try Snapshot("\(folder.path)/modes--no-umask").nodes
        for mode in modes {
            #expect(nodes["./d/\(mode)"]?.mode == FileMode(mode))
            #expect(nodes["./d/chowned-\(mode)"]?.mode == FileMode(mode))
        }
        #expect(nodes["./a/f"]?.mode == 0o664)
        let differences = try Snapshot("\(folder.path)/modes").differences(
            from: Snapshot("\(folder.path)/modes--no-umask")
        ).filter { !$0.hasPrefix(".: ") }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test func theOtherWayToResolvePathsGivesTheSame() throws {
        var tar = TarBuilder()
        tar.link("a", to: "/b/../c/./d")
        tar.file("a/x/y", "text")
        tar.link("loop", to: "loop")
        tar.hardLink("e", to: "a/x/y")
        tar.directory("c", mode: 0o700)
        tar.file("c/d/.wh.z")
        var walking = mine
        walking.usesOpenat2 = false
        let one = try unpack(tar.finished(), in: folder, as: "one", mine).path
        let other = try unpack(tar.finished(), in: folder, as: "other", walking).path
        let differences = try Snapshot(one, times: false, attributes: { _ in true })
            .differences(from: Snapshot(other, times: false, attributes: { _ in true }))
        #expect(differences.isEmpty)
        #expect(Look("\(one)/c/d/x/y").text == "text")
        for unpacker in [mine, walking] {
            var bad = tar
            bad.file("loop/x", "text")
            #expect(throws: ArchiveError.self) {
                try unpack(bad.finished(), in: folder, as: randomHex(bytes: 4), unpacker)
            }
        }
    }

    @Test(
        .enabled(if: Tool.has("tar"), "GNU tar is needed"),
        arguments: [
            "--format=gnu", "--format=posix --sparse-version=0.0", "--format=posix --sparse-version=0.1",
            "--format=posix --sparse-version=1.0",
        ])
    func holesStayHoles(format: String) throws {
        let script = """
            set -e; mkdir -p src; rm -f src/*; truncate -s 64M src/s
            for i in 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39 41 43 45 47 49 51 53 55 57 59
            do echo part$i | dd of=src/s bs=1M seek=$i conv=notrunc status=none; done
            truncate -s 8M src/empty
            tar \(format) -S -C src -cf s.tar s empty
            """
        try #require(try Tool.shell(script, in: folder.path).status == 0)
        let path = try unpack(try Files.read("\(folder.path)/s.tar"), in: folder, mine).path
        #expect(try Snapshot(path).nodes["./s"]?.content == Snapshot("\(folder.path)/src").nodes["./s"]?.content)
        #expect(Look("\(path)/s").status!.raw.st_blocks * 512 < 8 << 20)
        #expect(Look("\(path)/empty").status!.size == 8 << 20)
        #expect(Look("\(path)/empty").status!.raw.st_blocks == 0)
    }
}
