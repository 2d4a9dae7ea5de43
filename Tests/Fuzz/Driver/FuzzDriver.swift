// FuzzDriver TARGET FILE...: runs a target on files, and fails where it accepts none of them.
// Built with `--sanitize=fuzzer` it is libFuzzer instead, whose options and folders of inputs follow, and FUZZ_TARGET names the
// target (`make fuzz`; LLVM's documentation, LibFuzzer).
// FuzzDriver encode: prints the seeds of the protocol's corpus, one a line, as hexadecimal digits.
import Glibc
import Linux

@testable import Runtime

#if LIBFUZZER
    private let target: Target = {
        guard let name = getenv("FUZZ_TARGET"), let target = Target(rawValue: String(cString: name)) else {
            fatalError("FUZZ_TARGET is one of \(Target.names)")
        }
        return target
    }()

    /// What libFuzzer calls with each of its inputs.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
        _ = target.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
        return 0
    }
#else
    @main
    enum FuzzDriver {
        static func main() {
            let arguments = CommandLine.arguments
            if arguments.count == 2, arguments[1] == "encode" {
                let failed = LaunchError(.mounts, sentence: "cannot mount", errno: .notPermitted)
                let starts: [[ChildMessage]] = [
                    [.executing], [.terminal, .executing], [.ready, .executing],
                    [.mapIDs, .forked(7), .terminal, .ready, .executing],
                    [.forked(1), .executing], [.failed(failed)], [.mapIDs, .failed(failed)],
                ]
                for messages in starts {
                    let bytes = messages.map { Frame.encode($0) }.flatMap { [UInt8($0.count)] + $0 }
                    print(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
                }
                exit(0)
            }
            guard arguments.count > 2, let target = Target(rawValue: arguments[1]) else {
                fail("usage: FuzzDriver TARGET FILE..., where TARGET is one of \(Target.names)")
            }

            var accepted = 0
            for path in arguments[2...] {
                guard let bytes = try? Files.read(path) else { fail("cannot read \(path)") }
                if target.run(bytes) { accepted += 1 }
            }
            guard accepted > 0 else { fail("no file of the corpus is accepted: the target tests nothing") }
            print("\(target.rawValue): \(arguments.count - 2) files, \(accepted) accepted")
        }

        private static func fail(_ text: String) -> Never {
            let line = Array((text + "\n").utf8)
            write(2, line, line.count)
            exit(2)
        }
    }
#endif
