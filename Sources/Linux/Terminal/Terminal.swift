import CLinux
import Glibc

/// A terminal's size in characters.
package struct WindowSize: Hashable, Sendable {
    package var rows: UInt16
    package var columns: UInt16

    package init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}

/// Calls on terminals (ioctl_tty(2), termios(3)).
package enum Terminal {
    /// Whether `descriptor` is a terminal.
    package static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// The size of the terminal behind `descriptor`; nil when it is none or has none.
    package static func size(of descriptor: CInt) -> WindowSize? {
        var size = winsize()
        guard apus_ioctl_pointer(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 || size.ws_col > 0 else {
            return nil
        }
        return WindowSize(rows: size.ws_row, columns: size.ws_col)
    }

    /// Leaves a line feed as it is on its way out (termios(3), ONLCR off), for a terminal whose output goes on to another
    /// one, or to a file.
    package static func keepLineFeeds(_ descriptor: CInt) throws(SystemError) {
        var settings = termios()
        try check("tcgetattr") { tcgetattr(descriptor, &settings) }
        settings.c_oflag &= ~tcflag_t(ONLCR)
        try check("tcsetattr") { tcsetattr(descriptor, TCSANOW, &settings) }
    }

    /// Sets the size; the kernel sends SIGWINCH to the foreground processes.
    package static func setSize(_ size: WindowSize, of descriptor: CInt) {
        var value = winsize()
        value.ws_row = size.rows
        value.ws_col = size.columns
        _ = apus_ioctl_pointer(descriptor, UInt(TIOCSWINSZ), &value)
    }
}

/// The raw mode of the terminal behind a descriptor, and the way back.
package struct RawMode: Sendable {
    private let descriptor: CInt
    private let saved: termios

    /// Makes the terminal raw (cfmakeraw(3)): every key reaches the reader as it is. nil when `descriptor` is no
    /// terminal. A process of a background group is stopped (SIGTTOU) until it is in the foreground, but for `anyGroup`.
    /// `processesOutput` leaves the way out as it is.
    package init?(_ descriptor: CInt, anyGroup: Bool = false, processesOutput: Bool = false) {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        saved = settings
        cfmakeraw(&settings)
        if processesOutput { settings.c_oflag |= tcflag_t(OPOST) }
        let previous = anyGroup ? signal(SIGTTOU, SIG_IGN) : nil
        defer { if anyGroup { signal(SIGTTOU, previous) } }
        guard tcsetattr(descriptor, TCSADRAIN, &settings) == 0 else { return nil }
    }

    /// Puts the settings back that were there before.
    package func restore() {
        var settings = saved
        // A stopped or background process would be stopped again by SIGTTOU here.
        let previous = signal(SIGTTOU, SIG_IGN)
        tcsetattr(descriptor, TCSADRAIN, &settings)
        signal(SIGTTOU, previous)
    }
}
