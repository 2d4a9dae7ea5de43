/// Runs programs of classic BPF as the kernel does for seccomp(2), for one call after another.
struct FilterInterpreter {
    struct Call {
        var number: UInt32
        var architecture: UInt32
        var arguments: [UInt64]
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    private let code: [(code: UInt16, jumpTrue: Int, jumpFalse: Int, operand: UInt32)]

    /// Checks what the kernel checks when it loads a program (bpf_check_classic, seccomp_check_filter).
    init(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty, bytes.count % 8 == 0, bytes.count / 8 <= 4096 else {
            throw Malformed(description: "\(bytes.count) bytes are no program")
        }
        code = bytes.withUnsafeBytes { raw in
            stride(from: 0, to: bytes.count, by: 8).map {
                (
                    raw.loadUnaligned(fromByteOffset: $0, as: UInt16.self), Int(raw[$0 + 2]), Int(raw[$0 + 3]),
                    raw.loadUnaligned(fromByteOffset: $0 + 4, as: UInt32.self)
                )
            }
        }
        for (index, step) in code.enumerated() {
            let targets: [Int]
            switch step.code {
            case 0x06: targets = []
            case 0x05: targets = [Int(step.operand)]
            case 0x15, 0x25, 0x35, 0x45: targets = [step.jumpTrue, step.jumpFalse]
            case 0x20 where step.operand % 4 == 0 && step.operand < 64: targets = [0]
            case 0x54: targets = [0]
            default: throw Malformed(description: "instruction \(index): code \(step.code), operand \(step.operand)")
            }
            for target in targets where index + 1 + target >= code.count {
                throw Malformed(description: "instruction \(index) leaves the program")
            }
        }
    }

    var count: Int { code.count }

    /// What a program made of a call.
    struct Outcome {
        var result: UInt32
        /// How many instructions ran.
        var steps: Int
        /// Whether an argument was looked at: if not, all other calls of the same number end the same way.
        var sawArguments: Bool
    }

    /// Runs the program for a call.
    func run(_ call: Call) -> Outcome {
        var accumulator: UInt32 = 0
        var next = 0
        var steps = 0
        var sawArguments = false
        while true {
            let step = code[next]
            next += 1
            steps += 1
            switch step.code {
            case 0x06: return Outcome(result: step.operand, steps: steps, sawArguments: sawArguments)
            case 0x05: next += Int(step.operand)
            case 0x15: next += accumulator == step.operand ? step.jumpTrue : step.jumpFalse
            case 0x25: next += accumulator > step.operand ? step.jumpTrue : step.jumpFalse
            case 0x35: next += accumulator >= step.operand ? step.jumpTrue : step.jumpFalse
            case 0x45: next += accumulator & step.operand != 0 ? step.jumpTrue : step.jumpFalse
            case 0x54: accumulator &= step.operand
            default:
                switch step.operand {
                case 0: accumulator = call.number
                case 4: accumulator = call.architecture
                case 8, 12: accumulator = 0
                default:
                    sawArguments = true
                    let argument = call.arguments[Int(step.operand - 16) / 8]
                    accumulator = UInt32(truncatingIfNeeded: step.operand % 8 == 4 ? argument >> 32 : argument)
                }
            }
        }
    }
}
