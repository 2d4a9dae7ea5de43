import Archive
import Glibc
import Linux
import OCI
import Testing

/// Layers that somebody made to do harm: a clear error or a harmless result, and nothing outside is touched.
@Suite struct HostileLayerTests {
    private let folder = try! Folder()

    /// Unpacks and checks that everything beside the layer's directory is as it was.
    private func unpackHostile(
        _ unpacker: LayerUnpacker, _ build: (inout TarBuilder) -> Void
    ) throws -> Result<(path: String, report: LayerReport), ArchiveError> {
        let id = randomHex(bytes: 4)
        let outside = try folder.directory("outside-\(id)")
        try Files.write(Array("untouched".utf8), to: "\(outside)/victim")
        let before = try Snapshot(outside)
        var tar = TarBuilder()
        build(&tar)
        defer {
            let after = try? Snapshot(outside)
            #expect(after == before)
            #expect(!Files.exists("\(folder.path)/evil") && !Files.exists("/var/tmp/evil") && !Files.exists("/evil"))
        }
        do {
            return .success(try unpack(tar.finished(), in: folder, as: "layer-\(id)", unpacker))
        } catch let error as ArchiveError {
            return .failure(error)
        }
    }

    private static let ways: [LayerUnpacker] = {
        var walking = LayerUnpacker(ownership: .squashed)
        walking.usesOpenat2 = false
        return [LayerUnpacker(ownership: .squashed), walking]
    }()

    @Test(arguments: ["../evil", "a/../../evil", "/../evil", "../../../../../../../../evil", "..", "a/.."])
    func namesThatLeadOutAreRefused(name: String) throws {
        for way in Self.ways {
            for type in ["0", "5", "2", "1"] as [Character] where !(name == "a/.." && type == "5") {
                let result = try unpackHostile(way) { $0.add(name, type, link: "victim") }
                guard case .failure(let error) = result else { Issue.record("unpacked \(name)"); continue }
                #expect(error.description.contains("refused") || error.description.contains("root directory"))
            }
        }
    }

    @Test func absoluteNamesBeginAtTheLayersRoot() throws {
        for way in Self.ways {
            let (path, _) = try unpackHostile(way) { $0.file("/evil", "inside") }.get()
            #expect(Look("\(path)/evil").text == "inside")
        }
    }

    @Test(arguments: ["..", "../..", "/", "/../../", "../outside", "/proc/self/cwd", "/proc/self/root/var/tmp"])
    func filesThroughALinkStayInside(target: String) throws {
        for way in Self.ways {
            let (path, _) = try unpackHostile(way) { tar in
                tar.link("l", to: target)
                tar.file("l/evil", "inside")
            }.get()
            #expect(Look("\(path)/l").status?.isSymbolicLink == true)
            #expect(try Tool.shell("find . -name evil", in: path).output.split(separator: "\n").count == 1)
        }
    }

    @Test func aLinkUnderAFilesOwnNameIsReplacedNotFollowed() throws {
        for way in Self.ways {
            let (path, _) = try unpackHostile(way) { tar in
                tar.link("l", to: "../outside/victim")
                tar.file("l", "inside")
                tar.link("d", to: "..")
                tar.directory("d")
                tar.file("d/evil", "inside")
            }.get()
            #expect(Look("\(path)/l").text == "inside")
            #expect(Look("\(path)/d/evil").text == "inside")
        }
    }

    @Test(arguments: ["../victim", "/etc/passwd", "l/passwd", "../../../../etc/passwd"])
    func hardLinksOutAreRefused(target: String) throws {
        for way in Self.ways {
            let result = try unpackHostile(way) { tar in
                tar.link("l", to: "/etc")
                tar.hardLink("evil", to: target)
            }
            guard case .failure(let error) = result else { Issue.record("linked \(target)"); continue }
            switch error {
            case .escapes, .linkTargetMissing: break
            default: Issue.record("\(error)")
            }
        }
    }

    @Test func aFileThroughAHardLinkToALinkStaysInside() throws {
        for way in Self.ways {
            let (path, _) = try unpackHostile(way) { tar in
                tar.link("s", to: "/")
                tar.hardLink("h", to: "s")
                tar.file("h/evil", "inside")
            }.get()
            #expect(Look("\(path)/evil").text == "inside")
        }
    }

    @Test func hardLinksToDirectoriesAndToWhiteoutsAreRefused() throws {
        let directory = try unpackHostile(Self.ways[0]) { tar in
            tar.directory("d")
            tar.hardLink("h", to: "d")
        }
        guard case .failure(.badName("h", _)) = directory else { Issue.record("\(directory)"); return }
        let whiteout = try unpackHostile(Self.ways[0]) { tar in
            tar.file(".wh.w")
            tar.hardLink("h", to: "w")
        }
        guard case .failure(.linkTargetMissing("h", "w")) = whiteout else { Issue.record("\(whiteout)"); return }
    }

    @Test(arguments: [".wh...", ".wh..", ".wh.", "a/.wh..", "a/.wh..."])
    func whiteoutsOfNoNameAreRefused(name: String) throws {
        for way in Self.ways {
            let result = try unpackHostile(way) { $0.file(name) }
            guard case .failure(.badName) = result else { Issue.record("\(result)"); continue }
        }
    }

    @Test func aWhiteoutThroughALinkStaysInside() throws {
        for way in Self.ways {
            let (path, _) = try unpackHostile(way) { tar in
                tar.link("l", to: "../outside")
                tar.file("l/.wh.victim")
            }.get()
            #expect(Look("\(path)/outside/victim").isWhiteout)
        }
    }

    @Test func emptyNamesAndTheRootAsAFileAreRefused() throws {
        for name in ["", ".", "./", "/"] {
            let result = try unpackHostile(Self.ways[0]) { $0.add(name, "2", link: "x") }
            guard case .failure(.badName) = result else { Issue.record("\(name): \(result)"); continue }
        }
    }

    @Test func aPathThroughAFileIsRefused() throws {
        for way in Self.ways {
            let result = try unpackHostile(way) { tar in
                tar.file("f")
                tar.file("f/x")
            }
            guard case .failure(.notDirectory("f")) = result else { Issue.record("\(result)"); continue }
        }
    }

    @Test func aNameThatIsTooLongOrTooDeepIsRefused() throws {
        let long = String(repeating: "n", count: 256)
        let deep = Array(repeating: "d", count: 1000).joined(separator: "/")
        for name in [long, deep] {
            let result = try unpackHostile(Self.ways[0]) { $0.add("x", pax: [("path", Array(name.utf8))]) }
            guard case .failure(let error) = result else { Issue.record("unpacked"); continue }
            #expect(error.description.contains("name too long") || error.description.contains("components"))
        }
    }

    @Test func aBombStopsAtTheLimit() throws {
        var unpacker = LayerUnpacker(ownership: .squashed, limits: .init(bytes: 1 << 20))
        var tar = TarBuilder()
        tar.file("bomb", String(repeating: "\0", count: 3 << 20))
        _ = try folder.file("bomb.tar", tar.finished())
        #expect(throws: ArchiveError.tooLarge(limit: 1 << 20)) {
            try unpack(tar.finished(), in: folder, as: "bytes", unpacker)
        }
        #expect(Look("\(folder.path)/bytes/bomb").status!.size <= 1 << 20)
        unpacker.limits = .init(entries: 10)
        var many = TarBuilder()
        for index in 0..<11 { many.file("f\(index)") }
        #expect(throws: ArchiveError.tooManyEntries(limit: 10)) {
            try unpack(many.finished(), in: folder, as: "entries", unpacker)
        }
        var implied = TarBuilder()
        implied.file("a/b/c/d/e/f/g/h/i/j/k")
        #expect(throws: ArchiveError.tooManyEntries(limit: 10)) {
            try unpack(implied.finished(), in: folder, as: "implied", unpacker)
        }
    }

    @Test(.enabled(if: Tool.isRoot && Tool.has("mount"), "a small file system needs root"))
    func aFullFileSystemIsSeenBeforeItIsFull() throws {
        var tar = TarBuilder()
        tar.file("bomb", String(repeating: "x", count: 20 << 20))
        _ = try folder.file("bomb.tar", tar.finished())
        // In a mount namespace of its own: the machine's mounts stay as they are.
        let (status, output) = try Tool.shell(
            """
            mkdir small; unshare -m sh -c 'mount -t tmpfs -o size=16m none small && \
            { \(Tool.driver) unpack --squash bomb.tar small; echo status $?; df --output=avail -k small | tail -1; }'
            """, in: folder.path)
        #expect(status == 0)
        #expect(output.contains("allowed or free"), "\(output)")
        #expect(output.contains("status 1"), "\(output)")
        let free = output.split(separator: "\n").last.flatMap { Int($0.drop { $0 == " " }) }
        #expect((free ?? 0) > 0, "\(output)")
    }
}
