import Glibc
package import Linux

extension UserNamespace {
    /// Makes a user namespace below the caller's with `map`, whose outer numbers are the caller's, and returns a
    /// descriptor of it. No process is in it: it lives as long as something refers to it. The calling process has one
    /// thread, and is root unless the map has one id. Throws `LaunchError`.
    package static func make(_ map: IDMap) throws(LaunchError) -> FileDescriptor {
        var placed = false
        let clone = try step(
            .userMapping,
            sentence: { $0.errno == .notPermitted ? "this machine does not allow a new user namespace" : nil }
        ) { () throws(SystemError) in
            try cloneProcess(into: .user, cgroup: nil, placed: &placed)
        }
        switch consume clone {
        case .child:
            while true { pause() }
        case .parent(let pid, let pidfd):
            defer {
                // Nobody has reaped it, so the number is its own where the pidfd's call is refused.
                if (try? sendSignal(SIGKILL, to: pidfd)) == nil { kill(pid, SIGKILL) }
                _ = try? waitForExit(of: pid)
            }
            try writeMaps(of: pid, map)
            return try step(.userMapping) { () throws(SystemError) in
                try FileDescriptor.open("/proc/\(pid)/ns/user", O_RDONLY)
            }
        }
    }

    /// Runs `body` in a child process that is root of the user namespace `namespace`, one below the caller's. Returns
    /// the child's exit code: the body's result.
    package static func run(
        in namespace: borrowing FileDescriptor, _ body: () -> CInt
    ) throws(SystemError) -> ExitStatus {
        let number = namespace.rawValue
        let child = try fork {
            do throws(SystemError) {
                try NamespaceSet.user.enter(number)
                try Credentials.becomeRoot()
            } catch { return error.errno.rawValue }
            return body()
        }
        return try waitForExit(of: child)
    }
}
