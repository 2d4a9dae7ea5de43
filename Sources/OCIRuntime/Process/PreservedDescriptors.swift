import Glibc
import Linux

/// Descriptors that the caller passes through to the container: those of socket activation (sd_listen_fds(3)), and as
/// many more as `--preserve-fds` says.
struct PreservedDescriptors {
    /// Numbers in the calling process, 3 and up.
    let numbers: [CInt]
    /// What the container's process is told about them.
    let environment: [String]

    init(extra: Int) throws(OCIError) {
        let listening = getenv("LISTEN_FDS").flatMap { Int(String(cString: $0)) } ?? 0
        guard extra >= 0, listening >= 0, extra + listening < 1 << 16 else {
            throw OCIError("cannot pass \(extra) descriptors on")
        }
        var count = listening + extra
        // More than there are is how callers say all, as crun has it; a gap in between is a mistake.
        while count > listening, !DescriptorTable.isOpen(CInt(2 + count)) { count -= 1 }
        numbers = (0..<count).map { CInt(3 + $0) }
        for number in numbers where !DescriptorTable.isOpen(number) {
            throw OCIError("cannot pass \(numbers.count) descriptors on: there is no descriptor \(number)")
        }
        var variables: [String] = []
        if listening > 0 {
            variables = ["LISTEN_FDS=\(listening)", "LISTEN_PID=1"]
            if let names = getenv("LISTEN_FDNAMES") { variables.append("LISTEN_FDNAMES=\(String(cString: names))") }
        }
        environment = variables
    }
}
