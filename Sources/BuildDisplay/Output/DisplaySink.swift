import Glibc
import Linux

/// A descriptor that others own, onto which a build is shown for as long as somebody reads it.
struct DisplaySink: Sendable {
    /// The descriptor.
    let descriptor: CInt

    /// Writes all of `bytes`; false where that cannot be: whoever reads has gone, or the disk is full. The build goes on.
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
                continue
            }
            switch Errno.current {
            case .interrupted: continue
            case .again:
                // Somebody who shares the descriptor made it non-blocking: wait for room.
                var poll = PollSet()
                poll.add(descriptor, reading: false, writing: true)
                do throws(SystemError) { _ = try poll.wait() } catch { return false }
            default: return false
            }
        }
        return true
    }
}
