import CLinux
import Glibc

/// A system call of another process that waits for an answer, since a filter asks about it (seccomp_unotify(2)).
package struct NotifiedCall: Sendable {
    /// What the answer refers to.
    package let id: UInt64
    /// The thread that called, by its number where the listener's owner lives.
    package let thread: ProcessID
    /// `AUDIT_ARCH_…` (linux/audit.h).
    package let architecture: UInt32
    package let number: UInt32
    /// The six arguments as registers had them.
    package let arguments: [UInt64]

    package init(id: UInt64, thread: ProcessID, architecture: UInt32, number: UInt32, arguments: [UInt64]) {
        self.id = id
        self.thread = thread
        self.architecture = architecture
        self.number = number
        self.arguments = arguments
    }
}

/// What becomes of a call that was asked about.
package enum CallAnswer: Equatable, Sendable {
    /// It returns this, and the kernel does nothing.
    case value(Int64)
    case failure(Errno)
    /// The kernel does what it would have done without the filter (Linux 5.5).
    case proceed
}

/// The listener of a filter.
package struct CallListener: ~Copyable {
    package let descriptor: FileDescriptor

    /// Takes over `descriptor`, and has who calls and who answers share a processor where the kernel can (Linux 6.6).
    package init(_ descriptor: consuming FileDescriptor) {
        _ = apus_notification_stay_near(descriptor.rawValue)
        self.descriptor = descriptor
    }

    /// The next call, for which this waits; nil where the one that there was is gone. Throws `SystemError`.
    package func receive() throws(SystemError) -> NotifiedCall? {
        var call = apus_notification()
        guard apus_notification_receive(descriptor.rawValue, &call) == 0 else {
            let errno = Errno.current
            if errno == .noEntry || errno == .interrupted { return nil }
            throw SystemError("ioctl", "SECCOMP_IOCTL_NOTIF_RECV", errno)
        }
        let all = call.arguments
        return NotifiedCall(
            id: call.id, thread: call.pid, architecture: call.architecture, number: call.number,
            arguments: [all.0, all.1, all.2, all.3, all.4, all.5])
    }

    /// Answers `call`. One that is gone meanwhile, with its process or by a signal, is no failure.
    package func answer(_ call: NotifiedCall, _ answer: CallAnswer) {
        let number = descriptor.rawValue
        switch answer {
        case .value(let value): _ = apus_notification_answer(number, call.id, value, 0, 0)
        case .failure(let errno): _ = apus_notification_answer(number, call.id, 0, errno.rawValue, 0)
        // SECCOMP_USER_NOTIF_FLAG_CONTINUE
        case .proceed: _ = apus_notification_answer(number, call.id, 0, 0, 1)
        }
    }

    /// Whether `call` still waits: what was read or opened of its process by number until now was its own.
    package func isWaiting(_ call: NotifiedCall) -> Bool {
        apus_notification_is_valid(descriptor.rawValue, call.id) == 0
    }
}

/// What belongs to another process, by its number.
package enum OtherProcess {
    /// Its memory from `address` on, `count` bytes or as many as there are in one piece; nil where there are none.
    package static func read(_ process: ProcessID, at address: UInt64, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = apus_read_memory(process, address, &bytes, count)
        guard got > 0 else { return nil }
        bytes.removeSubrange(got...)
        return bytes
    }

    /// Its text at `address`, with a final zero, of at most PATH_MAX bytes. Throws EFAULT and ENAMETOOLONG as a call with
    /// the address would.
    package static func path(_ process: ProcessID, at address: UInt64) throws(SystemError) -> RawName {
        var path: RawName = []
        var place = address
        while path.count < Int(PATH_MAX) {
            // A page that is not there may come behind the text.
            let room = min(4096 - Int(place & 4095), path.isEmpty ? 256 : 4096)
            guard let bytes = read(process, at: place, count: room) else {
                throw SystemError("read", nil, Errno(EFAULT))
            }
            if let end = bytes.firstIndex(of: 0) {
                path.append(contentsOf: bytes[...end].map(CChar.init(bitPattern:)))
                guard path.count <= Int(PATH_MAX) else { break }
                return path
            }
            path.append(contentsOf: bytes.map(CChar.init(bitPattern:)))
            place = place &+ UInt64(bytes.count)
        }
        throw SystemError("read", nil, .nameTooLong)
    }

    /// Writes `bytes` into its memory. Throws EFAULT.
    package static func write(_ process: ProcessID, at address: UInt64, _ bytes: [UInt8]) throws(SystemError) {
        guard apus_write_memory(process, address, bytes, bytes.count) == bytes.count else {
            throw SystemError("write", nil, Errno(EFAULT))
        }
    }

    /// RLIMIT_LOCKS, of which no kernel since 2.4.25 takes any notice, and which children and what is executed inherit.
    private static let unusedLimit: CInt = 10

    /// The soft value of a limit that means nothing to the kernel (`mark(_:_:)`). Throws `SystemError`.
    package static func mark(_ process: ProcessID) throws(SystemError) -> UInt64 {
        var soft: UInt64 = 0
        try check("prlimit") { apus_get_limit(process, unusedLimit, &soft) }
        return soft
    }

    /// Marks the process, and all that it will fork and execute, by the soft value of a limit that means nothing to the
    /// kernel. Throws `SystemError`, EINVAL where its hard limit is lower.
    package static func mark(_ process: ProcessID, _ value: UInt64) throws(SystemError) {
        try check("prlimit") { apus_set_soft_limit(process, unusedLimit, value) }
    }
}

/// Extended attributes of descriptors that give no more than a way to their file (O_PATH), by /proc/self/fd, which is the
/// current directory of the process: its root may be a container's.
package enum AttributesHere {
    /// The value; nil where there is none. Throws `SystemError`.
    package static func get(_ name: RawName, of descriptor: CInt) throws(SystemError) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 256)
        let got = apus_get_attribute_here(descriptor, name, &value, value.count)
        if got >= 0 {
            value.removeSubrange(got...)
            return value
        }
        switch Errno.current {
        // Longer than one of ours is.
        case .noData, .notSupported, Errno(ERANGE): return nil
        case let errno: throw SystemError("getxattr", name.printable, errno)
        }
    }

    /// Sets it. Throws `SystemError`.
    package static func set(_ name: RawName, of descriptor: CInt, to value: [UInt8]) throws(SystemError) {
        try check("setxattr", name.printable) { apus_set_attribute_here(descriptor, name, value, value.count) }
    }

    /// Removes it; that it is not there is no error. Throws `SystemError`.
    package static func remove(_ name: RawName, of descriptor: CInt) throws(SystemError) {
        do throws(SystemError) {
            try check("removexattr", name.printable) { apus_remove_attribute_here(descriptor, name) }
        } catch  where error.errno == .noData || error.errno == .notSupported {}
    }
}
