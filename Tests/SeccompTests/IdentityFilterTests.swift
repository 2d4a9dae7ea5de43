import Glibc
import Linux
import OCI
import Testing

@testable import Seccomp

/// Filters for the calls that would need another id.
@Suite struct IdentityFilterTests {
    private static let cache = SeccompCache(directory: nil)
    private static let docker = EquivalenceTests.dockersCapabilities
    private static let asked: UInt32 = 0x7fc0_0000
    private static let ignored: UInt32 = 0x0005_0000
    private static let allowed: UInt32 = 0x7fff_0000

    private func verdict(
        _ effect: IdentityFilter.Effect, _ name: String, _ arguments: [UInt64] = [], capabilities: UInt64 = docker,
        on architecture: SeccompArchitecture = .native
    ) throws -> UInt32 {
        let program = try #require(
            try IdentityFilter.program(effect, capabilities: capabilities, from: Self.cache))
        #expect(program.needsListener == (effect == .asked))
        let number = try #require(SyscallTable.entry(name, on: architecture)?.number)
        var all = arguments
        while all.count < 6 { all.append(0) }
        return try FilterInterpreter(program.instructions).run(
            .init(number: number, architecture: architecture.auditValue, arguments: all)
        ).result
    }

    @Test func callsAboutOwnersAndUsersAreAskedOrIgnored() throws {
        for name in ["fchownat", "fchown", "setresuid", "setgroups", "setfsgid", "setuid", "setregid"] {
            #expect(try verdict(.asked, name) == Self.asked, "\(name)")
            #expect(try verdict(.ignored, name) == Self.ignored, "\(name)")
        }
        // Who does not know of another answer is told the kernel's.
        for name in ["getuid", "getresgid", "getgroups"] {
            #expect(try verdict(.asked, name) == Self.asked && verdict(.ignored, name) == Self.allowed, "\(name)")
        }
        for name in ["openat", "fchmodat", "fsetxattr", "getpid", "execve", "faccessat", "fstat"] {
            #expect(try verdict(.asked, name) == Self.allowed && verdict(.ignored, name) == Self.allowed, "\(name)")
        }
    }

    @Test func onlyDevicesAndKeptCapabilitiesAreLookedAt() throws {
        for (mode, isDevice): (UInt64, Bool) in [
            (0o020666, true), (0o060600, true), (0o010644, false), (0o100644, false), (0, false), (0o140000, false),
        ] {
            #expect(try verdict(.asked, "mknodat", [0, 0, mode]) == (isDevice ? Self.asked : Self.allowed), "\(mode)")
            #expect(try verdict(.ignored, "mknodat", [0, 0, mode]) == (isDevice ? Self.ignored : Self.allowed))
        }
        #expect(try verdict(.asked, "prctl", [8, 1]) == Self.asked)
        #expect(
            try verdict(.asked, "prctl", [8, 0]) == Self.allowed && verdict(.asked, "prctl", [38, 1]) == Self.allowed)
        #expect(try verdict(.ignored, "prctl", [8, 1]) == Self.allowed)
        #expect(try verdict(.asked, "prlimit64", [0, 10, 4096]) == Self.asked)
        #expect(try verdict(.asked, "prlimit64", [0, 10, 0, 4096]) == Self.allowed)
        #expect(try verdict(.asked, "prlimit64", [0, 7, 4096]) == Self.allowed)
        // stat(2), but neither lstat(2) nor fstat(2).
        #expect(try verdict(.asked, "newfstatat", [0, 0, 0, 0]) == Self.asked)
        #expect(try verdict(.asked, "newfstatat", [0, 0, 0, 0x100]) == Self.allowed)
        #expect(try verdict(.asked, "newfstatat", [0, 0, 0, 0x1000]) == Self.allowed)
        #expect(try verdict(.ignored, "newfstatat", [0, 0, 0, 0]) == Self.allowed)
    }

    @Test func whatTheContainerMayNotItMayNotHereEither() throws {
        let owners: UInt64 = 1 << 0
        #expect(try verdict(.asked, "fchownat", capabilities: owners) == Self.asked)
        #expect(try verdict(.asked, "setuid", capabilities: owners) == Self.allowed)
        #expect(try verdict(.ignored, "mknodat", [0, 0, 0o020666], capabilities: owners) == Self.allowed)
        #expect(try IdentityFilter.program(.asked, capabilities: 1 << 21, from: Self.cache) == nil)
        #expect(try IdentityFilter.program(.asked, capabilities: 0, from: Self.cache) == nil)
    }

    #if arch(x86_64)
        @Test func eachArchitectureHasItsVariants() throws {
            for (name, architecture): (String, SeccompArchitecture) in [
                ("chown", .x86_64), ("lchown", .x86), ("chown32", .x86), ("setresuid32", .x86), ("getuid", .x86),
                ("setgroups32", .x86), ("fchownat", .x32), ("chown", .x32),
            ] { #expect(try verdict(.asked, name, on: architecture) == Self.asked, "\(name) of \(architecture)") }
            let table = IdentityCall.table()
            let i386 = UInt64(SeccompArchitecture.x86.auditValue) << 32
            #expect(table[i386 | 182] == .init(call: .chown, isShort: true))
            #expect(table[i386 | 212] == .init(call: .chown, isShort: false))
            #expect(table[i386 | 298] == .init(call: .fchownat, isShort: false))
            let native = UInt64(SeccompArchitecture.x86_64.auditValue) << 32
            #expect(table[native | 92] == .init(call: .chown, isShort: false))
            #expect(table[native | 0x4000_005c] == .init(call: .chown, isShort: false))
        }
    #endif

    /// The kernel takes the one, and has calls succeed that it would refuse.
    @Test(.enabled(if: Helpers.haveCompiler, "there is no cc to compile Tests/Support/seccomp-exec.c with"))
    func theKernelIgnoresTheCalls() throws {
        let helpers = try Helpers()
        let program = try #require(
            try IdentityFilter.program(.ignored, capabilities: Self.docker, from: Self.cache))
        let path = "\(helpers.directory.path)/filter.bpf"
        try Files.write(program.instructions, to: path)
        let file = "\(helpers.directory.path)/file"
        try Files.write([], to: file)
        #expect(try helpers.run([helpers.executor, path, "/bin/chown", "12345:12345", file]).code == 0)
        #expect(try Files.status(file).user == geteuid())
    }
}
