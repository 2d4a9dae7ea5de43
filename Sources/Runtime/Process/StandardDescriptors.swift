import Glibc
import Linux
import OCI

extension ProcessSetup {
    /// Gives the process 0, 1 and 2 and what it is to inherit, and closes all others but the socket, which closes itself
    /// with execve(2). Nothing of ours is open any more when the first path of the image's is looked up
    /// (CVE-2024-21626).
    func arrangeDescriptors(
        _ terminal: consuming FileDescriptor?, _ channel: inout PacketSocket
    ) throws(LaunchError) {
        let preserved = options.preservedDescriptors
        let free = CInt(3 + preserved.count)
        let socket = channel.descriptor.rawValue
        let stdio = options.stdio
        let slave: CInt? = terminal.take()?.release()
        if let slave { try step(.console) { () throws(SystemError) in try Terminal.makeControlling(slave) } }
        let moved = try step(.descriptors) { () throws(SystemError) -> CInt in
            // What goes to 0, 1, and so on.
            var sources: [CInt] =
                switch stdio {
                case .terminal: [slave ?? 0, slave ?? 0, slave ?? 0]
                case .descriptors(let input, let output, let error): [input, output, error]
                }
            sources += preserved
            sources.append(socket)
            if let gate = options.gate { sources += [gate.orders, gate.answers] }
            try DescriptorTable.arrange(sources, closingOnExecFrom: Int(free))
            DescriptorTable.closeAll(from: CInt(sources.count))
            return free
        }
        // The old number is closed or another file's by now.
        let old = exchange(&channel, with: PacketSocket(owning: FileDescriptor(owning: moved)))
        _ = old.release()
        giveStreams(isTerminal: slave != nil)
    }

    /// Where the gate's descriptors are from then on: after what the process inherits and the socket.
    var gateNumbers: (orders: CInt, answers: CInt) {
        let socket = CInt(3 + options.preservedDescriptors.count)
        return (socket + 1, socket + 2)
    }

    // So that a program that has dropped root can open /dev/stdout again. Pipes and the terminal are ours to give; a
    // file that the caller has redirected to stays its owner's.
    private func giveStreams(isTerminal: Bool) {
        for number: CInt in 0...2 {
            var status = stat()
            guard fstat(number, &status) == 0, status.st_uid != process.user.uid else { continue }
            let kind = status.st_mode & S_IFMT
            // A failure concerns that program alone: a read-only or foreign file system.
            if kind == S_IFIFO || kind == S_IFSOCK {
                fchown(number, process.user.uid, process.user.gid)
            } else if kind == S_IFCHR, isTerminal {
                // The group "tty", that devpts gave it, stays.
                fchown(number, process.user.uid, .max)
            }
        }
    }
}
