import Linux
import OCI

@testable import Seccomp

/// Runs our program and libseccomp's on the same calls.
struct Comparison {
    struct Difference: CustomStringConvertible {
        let call: FilterInterpreter.Call
        let ours: UInt32
        let theirs: UInt32

        var description: String {
            let arguments = call.arguments.map { String($0, radix: 16) }.joined(separator: " ")
            return "\(String(call.architecture, radix: 16)) call \(String(call.number, radix: 16)) (\(arguments)): "
                + "\(String(ours, radix: 16)), libseccomp \(String(theirs, radix: 16))"
        }
    }

    let profile: RuntimeSpec.Seccomp
    let native: SeccompArchitecture
    let ours: FilterInterpreter
    let theirs: FilterInterpreter
    /// The longest way through our program that was seen.
    private(set) var longest = 0
    private(set) var compared = 0
    private let highest: [SeccompArchitecture: UInt32]

    init(_ profile: RuntimeSpec.Seccomp, native: SeccompArchitecture = .native) throws {
        self.profile = profile
        self.native = native
        highest = Self.highest(in: profile, native.family)
        ours = try FilterInterpreter(SeccompCompiler.program(for: profile, native: native).instructions)
        theirs = try FilterInterpreter(LibraryFilter(profile, native: native).program)
    }

    /// nil where libseccomp refuses the profile with `errno`.
    init?(_ profile: RuntimeSpec.Seccomp, native: SeccompArchitecture, refusing errno: CInt) throws {
        do {
            try self.init(profile, native: native)
        } catch let error as LibraryFilter.Failed where error.errno == Errno(errno) {
            return nil
        }
    }

    /// The numbers of all calls that the profile names, their neighbours, and the ends of ranges.
    static func numbers(around profile: RuntimeSpec.Seccomp) -> [UInt32] {
        var found: Set<UInt32> = [0, 600, 0x3fff_ffff, 0x4000_0000, 0x4000_0258, 0x8000_0000, 0xffff_fffe, .max]
        for name in (profile.syscalls ?? []).flatMap(\.names) {
            for architecture in SeccompArchitecture.x86_64.family {
                let entry = SyscallTable.entry(name, on: architecture)
                for number in [entry?.number, entry?.multiplexed?.number].compactMap({ $0 }) {
                    found.formUnion([number &- 1, number, number + 1, number ^ SeccompArchitecture.x32Bit])
                }
            }
        }
        return found.sorted()
    }

    /// Numbers 0 to 600, with and without the bit of x32, and those at the ends of ranges.
    static let numbers: [UInt32] =
        (0...600).map { $0 } + (0...600).map { 0x4000_0000 | $0 }
        + [0xf_0000, 0xf_0001, 0xf_0002, 0xf_0005, 0xf_0006, 0x3fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff]

    static let architectures: [UInt32] = [0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x4000_0028, 0xc000_00f3, 0]

    /// Argument lists around every value that the profile compares with: for each condition the value, its neighbours,
    /// and the same with other upper halves: up to `count` lists of
    /// one value alone, and `count` lists of mixed ones.
    static func argumentLists(
        for profile: RuntimeSpec.Seccomp, using generator: inout some RandomNumberGenerator, count: Int
    ) -> [[UInt64]] {
        var values: Set<UInt64> = [0, 1, 2, 0xffff_ffff, 0x1_0000_0000, .max]
        for argument in (profile.syscalls ?? []).flatMap({ $0.args ?? [] }) {
            for base in [argument.value, argument.valueTwo ?? 0, argument.value & (argument.valueTwo ?? 0)] {
                for value in [base, base &- 1, base &+ 1, ~base] {
                    values.formUnion([value, value & 0xffff_ffff, value | 0x1_0000_0000, value ^ 0xffff_ffff_0000_0000])
                }
            }
        }
        let list = values.sorted()
        var lists = list.shuffled(using: &generator).prefix(count).map { [UInt64](repeating: $0, count: 6) }
        for _ in 0..<count {
            lists.append((0..<6).map { _ in list.randomElement(using: &generator)! })
        }
        return lists
    }

    /// The calls on which the two disagree, leaving out that a call above all that the profile names, which meets the
    /// default in libseccomp's program, gets ENOSYS in ours.
    mutating func differences(_ lists: [[UInt64]], numbers: [UInt32] = numbers) -> [Difference] {
        let enosys = FilterResult.noSystemCall.rawValue
        let fallback = SeccompAction(rawValue: profile.defaultAction)!.result(number: profile.defaultErrnoRet).rawValue
        var found: [Difference] = []
        for architecture in Self.architectures {
            for number in numbers {
                for arguments in lists {
                    let call = FilterInterpreter.Call(number: number, architecture: architecture, arguments: arguments)
                    let one = ours.run(call)
                    let other = theirs.run(call)
                    longest = max(longest, one.steps)
                    compared += 1
                    let isAsDocumented =
                        one.result == enosys && other.result == fallback && isNew(number, architecture)
                    if one.result != other.result && !isAsDocumented {
                        found.append(Difference(call: call, ours: one.result, theirs: other.result))
                    }
                    if !one.sawArguments && !other.sawArguments { break }
                }
            }
        }
        return found
    }

    /// Whether the profile names no call with that number or a higher one. Worked out from names alone.
    private func isNew(_ number: UInt32, _ audit: UInt32) -> Bool {
        let isX32 = audit == SeccompArchitecture.x32.auditValue && number >= SeccompArchitecture.x32Bit
        let architecture = isX32 ? SeccompArchitecture.x32 : native.family.first { $0.auditValue == audit }
        guard let architecture else { return false }
        if architecture == .arm && number >= 0xf_0000 { return number > 0xf_0005 }
        return highest[architecture].map { number > $0 } ?? false
    }

    /// The highest number that the profile names, by architecture, leaving out ARM's private calls.
    private static func highest(
        in profile: RuntimeSpec.Seccomp, _ family: [SeccompArchitecture]
    ) -> [SeccompArchitecture: UInt32] {
        let names = Set((profile.syscalls ?? []).flatMap(\.names))
        var found: [SeccompArchitecture: UInt32] = [:]
        for architecture in family {
            let numbers = names.compactMap { SyscallTable.entry($0, on: architecture)?.number }
            found[architecture] = numbers.filter { architecture != .arm || $0 < 0xf_0000 }.max()
        }
        return found
    }
}
