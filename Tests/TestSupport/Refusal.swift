import Glibc
import Linux

/// A system call that a program is to do without.
package struct Refusal: Sendable, CustomStringConvertible {
    /// The calls that older kernels lack and that filters refuse, with their numbers on x86-64 and aarch64.
    package enum Call: String, Sendable, CaseIterable {
        case pidfdSendSignal = "pidfd_send_signal"
        case openTree = "open_tree"
        case moveMount = "move_mount"
        case fsopen, fsconfig, fsmount
        case pidfdOpen = "pidfd_open"
        case clone3
        case closeRange = "close_range"
        case openat2
        case mountSetattr = "mount_setattr"
        case mount, setns, unshare
        case getdents64
        case bpf

        var number: UInt32 {
            #if arch(x86_64)
                let old: [UInt32] = [165, 308, 272, 217, 321]
            #else
                let old: [UInt32] = [40, 268, 97, 61, 280]
            #endif
            return switch self {
            case .pidfdSendSignal: 424
            case .openTree: 428
            case .moveMount: 429
            case .fsopen: 430
            case .fsconfig: 431
            case .fsmount: 432
            case .pidfdOpen: 434
            case .clone3: 435
            case .closeRange: 436
            case .openat2: 437
            case .mountSetattr: 442
            case .mount: old[0]
            case .setns: old[1]
            case .unshare: old[2]
            case .getdents64: old[3]
            case .bpf: old[4]
            }
        }
    }

    let call: Call
    let errno: CInt
    /// Only with exactly these flags; nil: always.
    let flags: UInt32?

    /// `errno` is what the call fails with; `flags` concerns mount(2), setns(2) and unshare(2) alone.
    package init(_ call: Call, _ errno: CInt, flags: UInt32? = nil) {
        self.call = call
        self.errno = errno
        self.flags = flags
    }

    package var description: String { "\(call.rawValue): \(Errno(errno))" }

    // Where the low half of the argument with the flags is in struct seccomp_data.
    private var flagsOffset: UInt32 {
        switch call {
        case .mount: 16 + 8 * 3
        case .setns: 16 + 8
        default: 16
        }
    }

    /// The filter as seccomp(2) takes it.
    static func program(_ refusals: [Refusal]) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ k: UInt32) {
            withUnsafeBytes(of: code) { bytes += $0 }
            bytes += [yes, no]
            withUnsafeBytes(of: k) { bytes += $0 }
        }
        // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
        let (load, equal, end): (UInt16, UInt16, UInt16) = (0x20, 0x15, 0x06)
        for refusal in refusals {
            let failure = 0x0005_0000 | UInt32(refusal.errno)
            add(load, 0, 0, 0)
            if let flags = refusal.flags {
                add(equal, 0, 3, refusal.call.number)
                add(load, 0, 0, refusal.flagsOffset)
                add(equal, 0, 1, flags)
            } else {
                add(equal, 0, 1, refusal.call.number)
            }
            add(end, 0, 0, failure)
        }
        add(end, 0, 0, 0x7fff_0000)
        return bytes
    }
}

extension Sandbox {
    /// The words to put before a command that is to run without some system calls, root's helpers included.
    package func refusing(_ refusals: [Refusal]) throws -> [String] {
        let file = "\(path)/refusal.\(randomHex(bytes: 4))"
        try Files.write(Refusal.program(refusals), to: file)
        return [try Fixtures.path("seccomp-exec", of: .tools), file]
    }

    /// The words to put before a command that is to see no subordinate ids of the user. Only for root to use.
    package var withoutSubordinateIDs: [String] {
        [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
            "mount --bind /dev/null /etc/subuid && mount --bind /dev/null /etc/subgid && exec \"$@\"", "sh",
        ]
    }

    /// Runs `apus` behind the words of `wrapper`, which are executed as whoever runs the tests, before the test's user
    /// is.
    package func apus(
        behind wrapper: [String], _ arguments: [String], input: [UInt8] = [], environment: [String] = []
    ) throws -> ProgramResult {
        let inner = spawn(Executable.path, arguments, adding: environment)
        var outer = inner
        if let first = wrapper.first {
            outer = Spawn(first, wrapper.dropFirst() + [inner.path] + inner.arguments, environment: inner.environment)
            outer.workingDirectory = inner.workingDirectory
        }
        let program = try RunningProgram(outer)
        if !input.isEmpty { try program.write(input) }
        program.closeInput()
        return try program.wait(seconds: 120)
    }
}
