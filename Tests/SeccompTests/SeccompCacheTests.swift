import Glibc
import Linux
import OCI
import Testing

@testable import Seccomp

@Suite struct SeccompCacheTests {
    private let directory: TemporaryDirectory
    private let cache: SeccompCache
    private var path: String { directory.path + "/deep/seccomp" }

    init() throws {
        directory = try TemporaryDirectory()
        cache = SeccompCache(directory: directory.path + "/deep/seccomp")
    }

    private func onlyFile() throws -> String {
        let names = try Files.list(path)
        #expect(names.count == 1)
        return "\(path)/\(names[0])"
    }

    @Test func theSecondAnswerComesFromTheFile() throws {
        let first = try cache.defaultProgram(capabilities: 0)
        #expect(first == (try SeccompCompiler.program(for: DefaultProfile.specification(capabilities: 0))))
        // A file that says something else, correctly, shows that it is read.
        let file = try onlyFile()
        let key = try storedKey(file)
        let other = SeccompProgram(instructions: [6, 0, 0, 0, 0, 0, 0xff, 0x7f], flags: 4, ignoredCalls: [])
        try Files.write(CacheRecord.bytes(of: other, key: key), to: file)
        #expect(try cache.defaultProgram(capabilities: 0) == other)
    }

    @Test func aFilterThatOthersCouldHaveLeftIsNeitherReadNorKept() throws {
        let right = try cache.defaultProgram(capabilities: 0)
        let file = try onlyFile()
        let open = SeccompProgram(instructions: [6, 0, 0, 0, 0, 0, 0xff, 0x7f], flags: 4, ignoredCalls: [])
        try Files.write(CacheRecord.bytes(of: open, key: try storedKey(file)), to: file)
        chmod(path, 0o777)
        #expect(try cache.defaultProgram(capabilities: 0) == right)
        _ = try cache.defaultProgram(capabilities: 1 << 21)
        #expect(try Files.list(path).count == 1)
        if geteuid() == 0 {
            chmod(path, 0o755)
            chown(path, 4711, 4711)
            #expect(try cache.defaultProgram(capabilities: 0) == right)
            chown(path, 0, 0)
        }
        chmod(path, 0o700)
        #expect(try cache.defaultProgram(capabilities: 0) == open)
        #expect(try SeccompCache(directory: nil).defaultProgram(capabilities: 0) == right)
    }

    private func storedKey(_ file: String) throws -> [UInt8] {
        let bytes = try Files.read(file)
        let length = Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 32, as: UInt64.self) })
        return Array(bytes[56..<(56 + length)])
    }

    @Test func damagedFilesAreCompiledAgainAndReplaced() throws {
        let right = try cache.defaultProgram(capabilities: 5)
        let file = try onlyFile()
        let whole = try Files.read(file)
        var damages: [[UInt8]] = [[], Array(whole.dropLast()), Array(whole.prefix(30)), whole + [0]]
        for position in stride(from: 0, to: whole.count, by: 97) {
            var flipped = whole
            flipped[position] ^= 0x10
            damages.append(flipped)
        }
        for damage in damages {
            try Files.write(damage, to: file)
            #expect(try cache.defaultProgram(capabilities: 5) == right)
            #expect(try Files.read(file) == whole)
        }
    }

    @Test func capabilitiesThatDoNotMatterShareAFile() throws {
        _ = try cache.defaultProgram(capabilities: 1)
        _ = try cache.defaultProgram(capabilities: 1 << 13)
        _ = try onlyFile()
        _ = try cache.defaultProgram(capabilities: 1 << 21)
        #expect(try Files.list(path).count == 2)
    }

    @Test func kernelsWithAndWithoutSafeTracingDiffer() throws {
        let old = try SeccompCache(directory: path, kernel: KernelVersion(4, 4)).defaultProgram(capabilities: 0)
        let new = try SeccompCache(directory: path, kernel: KernelVersion(6, 1)).defaultProgram(capabilities: 0)
        #expect(old != new)
        #expect(try Files.list(path).count == 2)
    }

    @Test func aProfileFileIsKeptByItsContents() throws {
        let allow = Array(#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}"#.utf8)
        let log = Array(#"{"defaultAction":"SCMP_ACT_LOG","syscalls":[]}"#.utf8)
        let first = try #require(try cache.program(profile: allow, file: "a", capabilities: 0))
        let second = try #require(try cache.program(profile: log, file: "a", capabilities: 0))
        #expect(first != second)
        #expect(try cache.program(profile: allow, file: "b", capabilities: 0) == first)
        #expect(try Files.list(path).count == 2)
        #expect(try cache.program(profile: Array("{}".utf8), file: "c", capabilities: 0) == nil)
        #expect(throws: SeccompError.self) { try cache.program(profile: Array("{".utf8), file: "d", capabilities: 0) }
    }

    @Test func aDirectoryThatCannotBeWrittenCostsOnlyTime() throws {
        let cache = SeccompCache(directory: "/proc/seccomp")
        #expect(try cache.defaultProgram(capabilities: 0).count > 100)
    }

    @Test func noOneElseReadsTheCache() throws {
        _ = try cache.defaultProgram(capabilities: 0)
        #expect(try Files.status(path).permissions == 0o700)
        #expect(try Files.status(onlyFile()).permissions == 0o600)
    }
}
