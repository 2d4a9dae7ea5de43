import Glibc
package import Linux

/// A program on a pseudo-terminal of its own, of which the test holds the other side.
package final class TerminalSession {
    package let pid: ProcessID
    private let name: String
    private let terminal: PseudoTerminal
    private var collected: [UInt8] = []
    private var reaped = false

    /// Starts `program` as the leader of a session on a new terminal of `size`.
    package init(_ program: Spawn, size: WindowSize = WindowSize(rows: 24, columns: 80)) throws {
        name = ([program.path] + program.arguments).joined(separator: " ")
        let pty = try PseudoTerminal()
        // The program may run as another user, whose terminal this then is.
        if getuid() == 0, let entry = TestUser.ordinary.entry { _ = chown(pty.path, entry.uid, gid_t.max) }
        Terminal.setSize(size, of: pty.master.rawValue)
        var child = program
        child.newSession = true
        child.terminal = pty.path
        pid = try child.start(descriptors: [])
        terminal = pty
    }

    deinit {
        if !reaped {
            kill(-pid, SIGKILL)
            kill(pid, SIGKILL)
            _ = try? waitForExit(of: pid)
        }
    }

    /// Everything that the terminal showed so far, with its carriage returns.
    package var screen: String { String(decoding: collected, as: UTF8.self) }

    /// Types `text`.
    package func type(_ text: String) throws { try terminal.master.writeAll(Array(text.utf8)) }

    /// Changes the terminal's size.
    package func resize(_ size: WindowSize) { Terminal.setSize(size, of: terminal.master.rawValue) }

    /// Whether the terminal echoes and gathers lines, as a shell expects it, and not every key by itself.
    package var isCooked: Bool {
        var settings = termios()
        guard tcgetattr(terminal.master.rawValue, &settings) == 0 else { return false }
        return settings.c_lflag & UInt32(ICANON | ECHO) == UInt32(ICANON | ECHO)
    }

    /// Reads until the screen holds `text`; throws when the program ends, or `seconds` pass, without.
    package func waitFor(_ text: String, seconds: Int = 60) throws {
        let deadline = Deadline(seconds: seconds)
        while !screen.contains(text) {
            guard try readSome(until: deadline) else {
                throw TestFailure("\(name) did not show '\(text)' but:\n\(screen)")
            }
        }
    }

    /// Reads until the program ends; returns how it ended.
    package func wait(seconds: Int = 120) throws -> ExitStatus {
        let deadline = Deadline(seconds: seconds)
        while try readSome(until: deadline) {}
        if deadline.isOver {
            kill(-pid, SIGKILL)
            throw TestFailure("\(name) did not end; its terminal showed:\n\(screen)")
        }
        let status = try waitForExit(of: pid)
        reaped = true
        return status
    }

    // False at the end: reading fails with EIO once nobody has the terminal open any more.
    private func readSome(until deadline: Deadline) throws -> Bool {
        var set = PollSet()
        set.add(terminal.master.rawValue)
        guard try set.wait(milliseconds: deadline.milliseconds) else { return false }
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = chunk.withUnsafeMutableBytes { Glibc.read(terminal.master.rawValue, $0.baseAddress, $0.count) }
        guard count > 0 else { return false }
        collected.append(contentsOf: chunk[..<count])
        return true
    }
}
