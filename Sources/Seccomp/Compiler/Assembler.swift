/// Writes a classic BPF program from its end to its beginning.
///
/// Jumps go forward only and conditional ones at most 255 instructions far, so whoever writes backward knows every
/// target's distance when it writes the jump, and bridges a longer one at once.
struct Assembler {
    /// An instruction that was written, by its distance from the end of the program.
    typealias Label = Int

    /// Where a jump goes.
    enum Target: Equatable {
        case result(FilterResult)
        case label(Label)
    }

    /// Tests of the accumulator (linux/bpf_common.h).
    enum Test: UInt16 {
        case equal = 0x15
        case greater = 0x25
        case greaterOrEqual = 0x35
    }

    private struct Instruction {
        var code: UInt16
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var operand: UInt32
    }

    /// The last instruction first.
    private var reversed: [Instruction] = []
    private var results: [FilterResult: Label] = [:]
    private var bridges: [Label: Label] = [:]

    init() { reversed.reserveCapacity(512) }

    var count: Int { reversed.count }

    /// The program in the order that the kernel reads it, 8 bytes for each instruction.
    var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: reversed.count * 8) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, instruction) in reversed.reversed().enumerated() {
                raw.storeBytes(of: instruction.code, toByteOffset: index * 8, as: UInt16.self)
                raw.storeBytes(of: instruction.jumpTrue, toByteOffset: index * 8 + 2, as: UInt8.self)
                raw.storeBytes(of: instruction.jumpFalse, toByteOffset: index * 8 + 3, as: UInt8.self)
                raw.storeBytes(of: instruction.operand, toByteOffset: index * 8 + 4, as: UInt32.self)
            }
            initialized = reversed.count * 8
        }
    }

    /// Jumps to `yes` where the accumulator passes the test against `operand`, to `no` otherwise.
    mutating func jump(_ test: Test, _ operand: UInt32, yes: Target, no: Target) -> Label {
        // Reaching `no` may take one instruction, which moves `yes` away by one.
        let yes = reach(yes, reserve: 1)
        let no = reach(no, reserve: 0)
        return write(
            Instruction(
                code: test.rawValue, jumpTrue: UInt8(count - 1 - yes), jumpFalse: UInt8(count - 1 - no),
                operand: operand))
    }

    /// Loads the 32-bit word at `offset` of `struct seccomp_data` and goes on at `next`.
    mutating func load(_ offset: UInt32, next: Target) -> Label {
        follow(next)
        return write(Instruction(code: 0x20, operand: offset))
    }

    /// Masks the accumulator and goes on at `next`.
    mutating func and(_ mask: UInt32, next: Target) -> Label {
        follow(next)
        return write(Instruction(code: 0x54, operand: mask))
    }

    private mutating func write(_ instruction: Instruction) -> Label {
        reversed.append(instruction)
        return reversed.count - 1
    }

    /// Makes `target` what comes after the instruction that is written next.
    private mutating func follow(_ target: Target) {
        switch target {
        case .result(let result): results[result] = write(Instruction(code: 0x06, operand: result.rawValue))
        case .label(let label): if label != count - 1 { _ = write(bridge(to: label)) }
        }
    }

    /// A label for `target` that the next instruction can jump to, with room for `reserve` more in between.
    private mutating func reach(_ target: Target, reserve: Int) -> Label {
        func isNear(_ label: Label) -> Bool { count - 1 - label <= 255 - reserve }
        switch target {
        case .result(let result):
            if let label = results[result], isNear(label) { return label }
            let label = write(Instruction(code: 0x06, operand: result.rawValue))
            results[result] = label
            return label
        case .label(let label):
            if isNear(label) { return label }
            if let known = bridges[label], isNear(known) { return known }
            let written = write(bridge(to: label))
            bridges[label] = written
            return written
        }
    }

    private func bridge(to label: Label) -> Instruction {
        Instruction(code: 0x05, operand: UInt32(count - 1 - label))
    }
}
