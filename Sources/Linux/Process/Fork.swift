import CLinux
import Glibc

/// What waitpid(2) said of a process.
package enum ExitStatus: Equatable, Sendable {
    case exited(code: CInt)
    case signaled(CInt)

    package init(waitStatus: CInt) {
        if apus_w_exited(waitStatus) != 0 {
            self = .exited(code: apus_w_exit_status(waitStatus))
        } else {
            self = .signaled(apus_w_term_signal(waitStatus))
        }
    }

    /// The code as a shell gives it: 128 + n after signal n.
    package var shellCode: CInt {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// fork(2) with a body for the child, which ends with the body's result as its exit code. For processes with one
/// thread alone. Returns the child's id.
package func fork(_ child: () -> CInt) throws(SystemError) -> ProcessID {
    let pid = try check("fork") { apus_fork() }
    if pid == 0 { _exit(child()) }
    return pid
}

/// waitpid(2) until `pid` ends.
package func waitForExit(of pid: ProcessID) throws(SystemError) -> ExitStatus {
    var status: CInt = 0
    try check("waitpid") { waitpid(pid, &status, 0) }
    return ExitStatus(waitStatus: status)
}
