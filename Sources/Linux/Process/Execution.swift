import CLinux
import Glibc

/// Arguments and environment in the form that execve(2) takes; never freed, because they end with the program.
package struct ExecutionImage {
    // No arrays: the runtime would have to make a type for them, in the last moments of a start.
    private let arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    package init(arguments: [String], environment: [String]) {
        self.arguments = Self.pointers(arguments)
        self.environment = Self.pointers(environment)
    }

    private static func pointers(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for place in texts.indices {
            (list + place).initialize(to: texts[place].withCString { strdup($0) })
        }
        (list + texts.count).initialize(to: nil)
        return list
    }

    /// execve(2): returns only when it failed.
    package func execute(_ path: String) -> Errno {
        _ = path.withCString { execve($0, arguments, environment) }
        return .current
    }

    /// As `execute`, of an open file (execveat(2)).
    package func execute(_ file: CInt) -> Errno {
        _ = apus_execveat(file, arguments, environment)
        return .current
    }
}

/// The working directory of the calling process.
package enum WorkingDirectory {
    /// chdir(2).
    package static func change(to path: String) throws(SystemError) { try check("chdir", path) { chdir(path) } }

    /// Whether it can be reached from the root directory: the kernel's own answer, which getcwd(3) would replace.
    package static func isReachable() -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
            let length = apus_getcwd(buffer.baseAddress!, buffer.count)
            // Longer than a page is below the root, too: "(unreachable)" is put in front of what fits alone.
            if length < 0 { return Errno.current == Errno(ERANGE) }
            return buffer[0] == CChar(UInt8(ascii: "/"))
        }
    }
}
