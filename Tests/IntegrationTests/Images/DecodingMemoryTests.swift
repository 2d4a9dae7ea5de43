import Glibc
import Linux
import TestSupport
import Testing

/// What an image takes of the memory while it is pulled or loaded, whatever its layers ask for.
@Suite struct DecodingMemoryTests {
    /// The bound of all processes' own pages together, in bytes.
    private static let bound = 150_000_000

    /// A layer of one small file and `zeros` MiB of zeros behind its archive, as a frame of zstd with a window of 128 MiB.
    private struct Layer {
        let frame: [UInt8]
        let diffID: String

        init(_ number: Int, zeros: Int) throws {
            let script =
                "cd $(mktemp -d) && echo \(number) >file && tar --create --owner=0 --group=0 --mtime=@0 file && rm -r \"$PWD\""
            let program = try RunningProgram(Spawn("/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin"]))
            program.closeInput()
            let archive = try program.wait().output
            // RFC 8878, 3.1.1: no size, a window of 2^(10+17) bytes; a raw block, then blocks of one byte that is repeated, 128 KiB each.
            var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3]
            frame += Self.header(archive.count, type: 0, isLast: false) + archive
            for left in (0..<zeros * 8).reversed() { frame += Self.header(1 << 17, type: 1, isLast: left == 0) + [0] }
            self.frame = frame
            let sum = try RunningProgram(
                Spawn(
                    "/bin/sh", ["-c", "{ cat; head -c \(zeros << 20) /dev/zero; } | sha256sum"],
                    environment: ["PATH=/usr/bin:/bin"]))
            try sum.write(archive)
            sum.closeInput()
            diffID = "sha256:" + (try sum.wait().text.prefix(64))
        }

        private static func header(_ count: Int, type: Int, isLast: Bool) -> [UInt8] {
            let bits = count << 3 | type << 1 | (isLast ? 1 : 0)
            return [UInt8(bits & 255), UInt8(bits >> 8 & 255), UInt8(bits >> 16)]
        }
    }

    /// Eight layers, of which the first fills its window.
    private static let layers = Result { try (0..<8).map { try Layer($0, zeros: $0 == 0 ? 136 : 80) } }

    private static func repository() throws -> HostilePullTests.Repository {
        var repository = HostilePullTests.Repository()
        let layers = try layers.get()
        let blobs = try layers.map {
            try repository.add($0.frame, HostilePullTests.Repository.layerType + "+zstd")
        }
        let config = try repository.add(
            HostilePullTests.config(layers.map(\.diffID)), HostilePullTests.Repository.configType)
        repository.tag(HostilePullTests.manifest(config, blobs))
        return repository
    }

    /// The most memory of its own that `program`, which says little, and its descendants have had at once while it ran, in bytes.
    private func peak(of program: RunningProgram) throws -> Int {
        var most = 0
        while Self.isRunning(program.pid) {
            most = max(most, Self.family(of: program.pid).reduce(0) { $0 + Self.ownMemory($1) })
            usleep(2000)
        }
        let result = try program.wait()
        #expect(result.code == 0, "\(result)")
        return most
    }

    private static func isRunning(_ pid: ProcessID) -> Bool {
        // After the name, which may be anything.
        guard let text = try? Files.readText("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return false
        }
        return !text[end...].hasPrefix(") Z")
    }

    private static func family(of pid: ProcessID) -> [ProcessID] {
        // Any of them may end meanwhile, and has no memory then.
        let threads = (try? Files.list("/proc/\(pid)/task")) ?? []
        let children = threads.flatMap { thread in
            (try? Files.readText("/proc/\(pid)/task/\(thread)/children"))?.split(separator: " ") ?? []
        }
        return [pid] + children.compactMap { ProcessID($0) }.flatMap { family(of: $0) }
    }

    private static func ownMemory(_ pid: ProcessID) -> Int {
        guard let status = try? Files.readText("/proc/\(pid)/status") else { return 0 }
        return status.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix("RssAnon:") || line.hasPrefix("RssShmem:") else { return sum }
            return sum + (line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
        }
    }

    @Test(arguments: TestUser.available)
    func largeWindowsOfAPullTakeTurns(_ user: TestUser) throws {
        let repository = try Self.repository()
        let server = HTTPServer { repository.answer($0) }
        try withSandbox(user) { sandbox throws in
            let peak = try peak(of: sandbox.start(["pull", "--quiet", "\(server.host)/a/b"]))
            #expect((60_000_000..<Self.bound).contains(peak), "\(peak) bytes")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }

    @Test func largeWindowsOfALoadTakeTurns() throws {
        let repository = try Self.repository()
        try withSandbox(.any) { sandbox throws in
            let folder = "\(sandbox.path)/work/layout"
            try sandbox.tool("/bin/mkdir", "-p", "\(folder)/blobs/sha256")
            for (name, object) in repository.objects where name.hasPrefix("blobs/") {
                try Files.write(object.bytes, to: "\(folder)/blobs/sha256/\(name.dropFirst(13))")
            }
            let manifest = repository.objects["manifests/latest"]!.bytes
            let digest = try HostilePullTests.sha256(manifest)
            try Files.write(manifest, to: "\(folder)/blobs/sha256/\(digest.dropFirst(7))")
            let index =
                #"{"schemaVersion":2,"manifests":[{"mediaType":"\#(HostilePullTests.Repository.manifestType)","#
                + #""digest":"\#(digest)","size":\#(manifest.count)}]}"#
            try Files.write(Array(index.utf8), to: "\(folder)/index.json")
            try Files.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "\(folder)/oci-layout")
            // The archive itself asks for as much.
            let tar = try sandbox.tool(
                "/bin/sh", "-c", "tar -C \(folder) -c . | zstd -q --long=27 >\(sandbox.path)/work/archive")
            #expect(tar.code == 0, "\(tar)")
            let peak = try peak(of: sandbox.start(["load", "--quiet", "--input", "\(sandbox.path)/work/archive"]))
            #expect((60_000_000..<Self.bound).contains(peak), "\(peak) bytes")
        }
    }
}
