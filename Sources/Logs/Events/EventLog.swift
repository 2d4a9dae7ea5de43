import Glibc
import Linux

/// The file in which every command and supervisor notes what it did: one line of JSON an event, appended with one write,
/// rotated by size. A full disk loses an event and never fails the command.
package struct EventLog: Sendable {
    /// The file that is written to; PATH.1 is the one before, and so on.
    package let path: String

    /// A file is rotated when it has grown to this, in bytes.
    static let maximumSize = 2 << 20
    /// How many files are kept, the newest included.
    static let maximumFiles = 5

    /// The events of the store in `directory`.
    package init(directory: String) { path = directory + "/events.log" }

    /// Notes `events`, in this order. No Foundation, a handful of system calls, and it never waits for anybody.
    package func append(_ events: [Event]) {
        guard !events.isEmpty else { return }
        var bytes: [UInt8] = []
        for event in events { event.append(to: &bytes) }
        for _ in 0..<3 {
            guard let file = try? FileDescriptor.open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600)
            else { return }
            // Who rotates holds the file alone: none of its lines comes after it got another name. Somebody who was
            // stopped in the middle of that holds nobody up.
            let isShared = (try? file.lock(.shared, waiting: false)) ?? false
            guard let status = try? file.status() else { return }
            if isShared, !isCurrent(status) { continue }
            write(bytes, to: file, size: status.size)
            if status.size + bytes.count >= Self.maximumSize { rotate(file) }
            return
        }
    }

    private func isCurrent(_ status: FileStatus) -> Bool {
        (try? Files.status(path, following: false))?.identity == status.identity
    }

    private func write(_ bytes: [UInt8], to file: borrowing FileDescriptor, size: Int) {
        var bytes = bytes
        // A line that a full disk cut off is closed first, so that it spoils no other.
        var last: UInt8 = 10
        if size > 0, pread(file.rawValue, &last, 1, off_t(size - 1)) == 1, last != 10 { bytes.insert(10, at: 0) }
        _ = bytes.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
    }

    private func rotate(_ file: borrowing FileDescriptor) {
        // From shared to exclusive flock(2) lets go in between; what others do then is seen by the look at the name.
        guard (try? file.lock(.exclusive, waiting: false)) == true, let status = try? file.status(),
            status.size >= Self.maximumSize, isCurrent(status)
        else { return }
        var number = Self.maximumFiles - 1
        while number > 1 {
            rename("\(path).\(number - 1)", "\(path).\(number)")
            number -= 1
        }
        rename(path, "\(path).1")
    }
}
