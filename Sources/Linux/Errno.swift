import Bytes
import Glibc

/// An error number of the kernel (errno(3)).
package struct Errno: Error, Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The number, as in `<errno.h>`.
    package let rawValue: CInt

    package init(_ rawValue: CInt) { self.rawValue = rawValue }

    /// The number that the last failed call of this thread left.
    package static var current: Errno { Errno(Glibc.errno) }

    /// The C library's sentence for the number ("No such file or directory"), its first letter lowered.
    package var description: String {
        if self == .notRegular { return "not a regular file" }
        let text = String(cString: strerror(rawValue))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

extension Errno {
    package static let notPermitted = Errno(EPERM)
    package static let noEntry = Errno(ENOENT)
    package static let interrupted = Errno(EINTR)
    package static let again = Errno(EAGAIN)
    package static let access = Errno(EACCES)
    package static let exists = Errno(EEXIST)
    package static let notDirectory = Errno(ENOTDIR)
    package static let isDirectory = Errno(EISDIR)
    package static let invalid = Errno(EINVAL)
    package static let noSpace = Errno(ENOSPC)
    package static let notImplemented = Errno(ENOSYS)
    package static let notSupported = Errno(EOPNOTSUPP)
    package static let noData = Errno(ENODATA)
    package static let notEmpty = Errno(ENOTEMPTY)
    package static let noProcess = Errno(ESRCH)
    package static let busy = Errno(EBUSY)
    package static let loop = Errno(ELOOP)
    package static let crossDevice = Errno(EXDEV)
    package static let noExec = Errno(ENOEXEC)
    package static let nameTooLong = Errno(ENAMETOOLONG)
    package static let brokenPipe = Errno(EPIPE)
    package static let io = Errno(EIO)
    /// What `Files` says of a pipe, a socket or a device in the place of a file.
    package static let notRegular = Errno(EMEDIUMTYPE)
}

/// A system call that failed: which, on what, and why.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, as its man page has it ("openat2").
    package let call: String
    /// The path or other object that the call was about; nil where there is none.
    package let object: String?
    package let errno: Errno

    package init(_ call: String, _ object: String? = nil, _ errno: Errno = .current) {
        self.call = call
        self.object = object
        self.errno = errno
    }

    package var description: String {
        guard let object else { return "\(call): \(errno)" }
        // What is longer than a path can be is nobody's path.
        return "\(call) \(object.utf8.count > Int(PATH_MAX) ? object.excerpt : object): \(errno)"
    }
}

/// Runs `body` until it does not fail with EINTR; throws `SystemError` when it returns a negative number.
@discardableResult
@inline(__always)
package func check<T: BinaryInteger>(
    _ call: @autoclosure () -> String, _ object: @autoclosure () -> String? = nil, _ body: () -> T
) throws(SystemError) -> T {
    while true {
        let result = body()
        if result >= 0 { return result }
        let errno = Errno.current
        if errno == .interrupted { continue }
        throw SystemError(call(), object(), errno)
    }
}
