import Glibc
import Synchronization

/// Reads lines from a terminal that does not show what is typed, and gives the terminal back as it was, however the process
/// ends but by SIGKILL.
///
/// Signals that end a process are taken by a thread of their own from its beginning on, so it must be made before there
/// are other threads, which inherit that they are blocked.
package final class HiddenInput: Sendable {
    private let descriptor: CInt
    private let signals: SignalDescriptor
    private let saved = Mutex<termios?>(nil)

    /// Watches over the terminal behind `descriptor`. A signal ends the process from now on with the status 128 + its number.
    /// Throws `SystemError` where that cannot be arranged.
    package init(_ descriptor: CInt) throws(SystemError) {
        self.descriptor = descriptor
        signals = try SignalDescriptor([SIGINT, SIGTERM, SIGHUP, SIGQUIT])
        _ = try begin { self.watch() }
    }

    private func watch() {
        var set = PollSet()
        let place = set.add(signals.descriptor.rawValue)
        while (try? set.wait()) != nil {
            guard set.isReadable(place), let signal = signals.next() else { continue }
            show()
            // The prompt's line ends here, and not under that of the shell.
            _ = write(descriptor, "\n", 1)
            _exit(128 + signal)
        }
    }

    /// From now on the terminal does not show what is typed. Throws `SystemError` where it cannot be told so.
    package func hide() throws(SystemError) {
        let failure: SystemError? = saved.withLock { saved in
            var settings = termios()
            guard tcgetattr(descriptor, &settings) == 0 else { return SystemError("tcgetattr") }
            let before = settings
            settings.c_lflag &= ~tcflag_t(ECHO)
            guard tcsetattr(descriptor, TCSANOW, &settings) == 0 else { return SystemError("tcsetattr") }
            if saved == nil { saved = before }
            return nil
        }
        if let failure { throw failure }
    }

    /// The terminal is again as it was before `hide`.
    package func show() {
        saved.withLock { saved in
            guard var settings = saved else { return }
            tcsetattr(descriptor, TCSANOW, &settings)
            saved = nil
        }
    }

    /// The next line of `descriptor` without its end; nil where it has ended. Not one byte more is taken. Throws
    /// `SystemError`, EFBIG for a line of more than `limit` bytes.
    package static func line(of descriptor: CInt, limit: Int = 65536) throws(SystemError) -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = try check("read") { read(descriptor, &byte, 1) }
            if count == 0 { return line.isEmpty ? nil : line }
            if byte == 10 { return line }
            line.append(byte)
            guard line.count <= limit else { throw SystemError("read", nil, Errno(EFBIG)) }
        }
    }
}
