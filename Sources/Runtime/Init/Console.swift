import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Opens a pseudoterminal in the container's own devpts, sends its master side to the parent and binds its other
    /// side to /dev/console. Nil where the container has no terminal.
    func openTerminal(
        _ request: borrowing LaunchRequest, _ root: borrowing RootDirectory, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> FileDescriptor? {
        guard case .terminal = request.stdio else { return nil }
        let terminal = try Self.openTerminal(process, root, channel, translating: request.translatesLineFeeds)
        try bindConsole(terminal.slave, root)
        return terminal.takeSlave()
    }

    /// Opens a pseudoterminal of the size of the specification and sends its master side to the parent.
    static func openTerminal(
        _ process: RuntimeSpec.Process, _ root: borrowing RootDirectory, _ channel: borrowing PacketSocket,
        translating: Bool
    ) throws(LaunchError) -> TerminalPair {
        let terminal = try step(.console) { () throws(SystemError) in try TerminalPair(multiplexer(root)) }
        if !translating {
            try step(.console) { () throws(SystemError) in try Terminal.keepLineFeeds(terminal.master.rawValue) }
        }
        if let size = process.consoleSize {
            try step(.console) { () throws(SystemError) in
                Terminal.setSize(
                    WindowSize(rows: UInt16(clamping: size.height), columns: UInt16(clamping: size.width)),
                    of: terminal.master.rawValue)
            }
        }
        // The master leaves before anything of the image's runs: its first instruction finds a terminal that is served.
        try step(.communication) { () throws(SystemError) in
            try channel.send(Frame.encode(ChildMessage.terminal), attachment: terminal.master)
        }
        return terminal
    }

    // The container's multiplexer, if it has a devpts, and else the host's. Checked on the descriptor: a file of an
    // image's in its place could make us talk to any device (CVE-2025-52565).
    private static func multiplexer(_ root: borrowing RootDirectory) throws(SystemError) -> FileDescriptor {
        if let file = try? root.open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW),
            try file.fileSystemType() == .devpts,
            try file.status().raw.st_rdev == makeDevice(5, 2)
        {
            return file
        }
        return try FileDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    }

    private func bindConsole(_ slave: borrowing FileDescriptor, _ root: borrowing RootDirectory) throws(LaunchError) {
        try step(.console, "/dev/console") { () throws(SystemError) in
            let folder = try root.openOrCreate("/dev", .directory)
            if mknodat(folder.rawValue, "console", S_IFREG | 0o600, 0) < 0, Errno.current != .exists {
                // Read-only, or the host's: a container does without.
                return
            }
            let place = try FileDescriptor.open("console", in: folder.rawValue, FileDescriptor.pathOnly | O_NOFOLLOW)
            if try place.status().isSymbolicLink { throw SystemError("open", "/dev/console", .loop) }
            do throws(SystemError) {
                try MountTree.clone(slave, recursive: false).attach(to: place)
            } catch {
                guard error.errno == .notImplemented || error.errno == .notPermitted else { throw error }
                try MountCalls.mount("/proc/self/fd/\(slave.rawValue)", on: place, .bind)
            }
        }
    }
}
