import Glibc
import Linux
import OCI

extension ProcessSetup {
    /// Splits the process in two: this one becomes the reaper, and its child, which returns, goes on to execute the
    /// command. The child waits until its parent is no image of ours any more, so that nothing of the container's ever
    /// runs beside a process whose /proc/PID/exe is our executable.
    func splitOffReaper(_ program: consuming FileDescriptor, _ channel: borrowing PacketSocket) throws(LaunchError) {
        let program = program.release()
        // A child that ends at once must not be missed: a blocked signal survives execve(2).
        Signals.blockAll()
        var pair = try step(.initProcess) { () throws(SystemError) in try FileDescriptor.pipe() }
        let reading = pair.takeFirst()
        let writing = pair.takeSecond()
        Reaper.adoptOrphans()
        let child = try step(.initProcess) { () throws(SystemError) in try cloneChild() }
        if child == 0 {
            close(program)
            endLifetime(writing)
            var byte: UInt8 = 0
            // The end of the pipe is the parent's execve(2); a byte says that it failed.
            if read(reading.rawValue, &byte, 1) != 0 { _exit(1) }
            // A group of its own, in the foreground: keys of the terminal reach the command once, and not through the
            // reaper a second time. SIGTTOU is still blocked.
            setpgid(0, 0)
            tcsetpgrp(0, getpid())
            return
        }
        let image = ExecutionImage(
            arguments: ["apus-init", String(child)] + (process.args ?? []), environment: process.env ?? [])
        let errno = image.execute(program)
        var byte: UInt8 = 1
        write(writing.rawValue, &byte, 1)
        throw LaunchError(
            .initProcess, SystemError("execveat", "apus-init", errno),
            sentence: errno == .access
                ? "cannot start the init process: this machine forbids programs in memory files (sysctl vm.memfd_noexec)"
                : nil)
    }
}
