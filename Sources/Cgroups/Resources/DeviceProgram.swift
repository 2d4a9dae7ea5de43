import Linux
package import OCI

/// A list of device rules as a program that the kernel asks before a device node is opened or made
/// (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15): pure, nothing is loaded.
package struct DeviceProgram: Equatable, Sendable {
    /// An instruction of eBPF (instruction-set.rst).
    struct Instruction: Equatable {
        var code: UInt8
        var target: UInt8 = 0
        var source: UInt8 = 0
        var offset: Int16 = 0
        var immediate: Int32 = 0

        /// The eight bytes that the kernel takes.
        var encoded: UInt64 {
            UInt64(code) | UInt64(target | source << 4) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
                | UInt64(UInt32(bitPattern: immediate)) << 32
        }
    }

    private(set) var instructions: [Instruction] = []

    // What is wanted is in r2 (the accesses that no rule has allowed yet), r3 (type), r4 (major), r5 (minor).
    private static let loadWord: UInt8 = 0x61
    private static let move: UInt8 = 0xb7
    private static let moveRegister: UInt8 = 0xbf
    private static let and: UInt8 = 0x57
    private static let shiftRight: UInt8 = 0x77
    private static let jumpUnlessEqual: UInt8 = 0x55
    private static let jumpIfEqual: UInt8 = 0x15
    private static let exit: UInt8 = 0x95

    /// Of the kernel's `bpf_cgroup_dev_ctx`.
    private static let everyAccess: Int32 = 7

    /// Compiles `rules`, of which later ones win, for each kind of access by itself. What no rule names is forbidden.
    /// Throws `CgroupError.invalid`.
    package init(_ rules: [RuntimeSpec.Resources.DeviceRule]) throws(CgroupError) {
        add(Self.loadWord, 2, 1, offset: 0)
        add(Self.moveRegister, 3, 2)
        add(Self.and, 3, immediate: 0xffff)
        add(Self.shiftRight, 2, immediate: 16)
        add(Self.loadWord, 4, 1, offset: 4)
        add(Self.loadWord, 5, 1, offset: 8)
        var decided = false
        // From the last on, the first that matches decides.
        for rule in rules.reversed() {
            decided = try add(rule)
            // The verifier takes no instruction that cannot be reached.
            if decided { break }
        }
        if !decided { answer(0) }
    }

    private mutating func add(
        _ code: UInt8, _ target: UInt8, _ source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0
    ) {
        instructions.append(
            Instruction(code: code, target: target, source: source, offset: offset, immediate: immediate))
    }

    private mutating func answer(_ verdict: Int32) {
        add(Self.move, 0, immediate: verdict)
        add(Self.exit, 0)
    }

    // True where nothing can come after the rule.
    private mutating func add(_ rule: RuntimeSpec.Resources.DeviceRule) throws(CgroupError) -> Bool {
        let access = try Self.access(rule)
        guard access != 0 else { return false }
        var jumps: [Int] = []
        func jump(_ code: UInt8, _ register: UInt8, _ value: Int32, in program: inout DeviceProgram) {
            jumps.append(program.instructions.count)
            program.add(code, register, immediate: value)
        }
        if let type = try Self.type(rule) { jump(Self.jumpUnlessEqual, 3, type, in: &self) }
        if let major = try Self.number(rule.major) { jump(Self.jumpUnlessEqual, 4, major, in: &self) }
        if let minor = try Self.number(rule.minor) { jump(Self.jumpUnlessEqual, 5, minor, in: &self) }
        let isUniversal = jumps.isEmpty && access == Self.everyAccess
        if rule.allow {
            if access != Self.everyAccess {
                add(Self.and, 2, immediate: ~access)
                jump(Self.jumpUnlessEqual, 2, 0, in: &self)
            }
            answer(1)
        } else {
            if access != Self.everyAccess {
                add(Self.moveRegister, 6, 2)
                add(Self.and, 6, immediate: access)
                jump(Self.jumpIfEqual, 6, 0, in: &self)
            }
            answer(0)
        }
        for place in jumps { instructions[place].offset = Int16(instructions.count - place - 1) }
        return isUniversal
    }

    private static func type(_ rule: RuntimeSpec.Resources.DeviceRule) throws(CgroupError) -> Int32? {
        switch rule.type {
        case nil, "", "a": return nil
        case "b": return 1
        case "c", "u": return 2
        case let other?: throw .invalid("'\(other)' is no type of device: it is a, b or c")
        }
    }

    private static func access(_ rule: RuntimeSpec.Resources.DeviceRule) throws(CgroupError) -> Int32 {
        // A rule without it means every access, as one that names no device means each.
        guard let text = rule.access, !text.isEmpty else { return everyAccess }
        var bits: Int32 = 0
        for letter in text.utf8 {
            switch letter {
            case UInt8(ascii: "m"): bits |= 1
            case UInt8(ascii: "r"): bits |= 2
            case UInt8(ascii: "w"): bits |= 4
            default: throw .invalid("'\(text)' is no access to a device: it is made of r, w and m")
            }
        }
        return bits
    }

    private static func number(_ number: Int64?) throws(CgroupError) -> Int32? {
        guard let number, number >= 0 else { return nil }
        guard let value = Int32(exactly: number) else { throw .invalid("\(number) is no number of a device") }
        return value
    }

    /// Rules that every container needs, whatever its list says: a node may be made of anything, and the devices that
    /// are in each container may be opened (runtime-spec, config-linux.md, Default Devices).
    package static let indispensable: [RuntimeSpec.Resources.DeviceRule] =
        [.init(allow: true, type: "c", access: "m"), .init(allow: true, type: "b", access: "m")]
        + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)].map {
            .init(allow: true, type: "c", major: $0.0, minor: $0.1, access: "rwm")
        } + [.init(allow: true, type: "c", major: 136, access: "rwm")]
}
