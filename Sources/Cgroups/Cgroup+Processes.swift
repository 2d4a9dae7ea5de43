import Bytes
import Glibc
package import Linux

/// The processes of a cgroup and of those below it.
extension Cgroup {
    /// Their numbers, in no order; a process that our pid namespace does not have is left out.
    package func processes() throws(CgroupError) -> [ProcessID] {
        try doing { () throws(SystemError) in
            var found = try Cgroup.processes(in: directory.rawValue)
            try Files.walk(below: directory.rawValue) { (parent, name) throws(SystemError) in
                guard try Cgroup.isCgroup(name, in: parent) else { return false }
                found += try Cgroup.orGone([]) { () throws(SystemError) in
                    let child = try Files.open(raw: name, in: parent, FileDescriptor.pathOnly | O_DIRECTORY)
                    return try Cgroup.processes(in: child.rawValue)
                }
                return true
            } unreadable: { (error) throws(SystemError) in
                try Cgroup.orGone(()) { () throws(SystemError) in throw error }
            }
            return found
        }
    }

    private static func processes(in directory: CInt) throws(SystemError) -> [ProcessID] {
        try Files.readText("cgroup.procs", in: directory).split(on: "\n").compactMap { ProcessID($0) }
            .filter { $0 != 0 }
    }

    /// Whether any process is in it or below it.
    package var isPopulated: Bool { value("populated", of: "cgroup.events") != 0 }

    /// Moves the process `pid` (0: the caller) into it.
    package func add(_ pid: ProcessID) throws(CgroupError) {
        try doing { () throws(SystemError) in try write("\(pid)", to: "cgroup.procs") }
    }

    // MARK: freezing

    /// Whether all of its processes are stopped.
    package var isFrozen: Bool { value("frozen", of: "cgroup.events") == 1 }

    /// Whether it was told to freeze, all stopped or not.
    package var isFreezing: Bool { number("cgroup.freeze") == 1 }

    /// Stops all of its processes (Linux 5.2), and waits until they are, at most `seconds`: a process in an
    /// uninterruptible sleep cannot stop. Then it goes on, and `CgroupError` is thrown.
    package func freeze(seconds: Int = 10) throws(CgroupError) {
        try setFrozen(true)
        do throws(CgroupError) { try settle(frozen: true, seconds: seconds) } catch {
            try? setFrozen(false)
            throw error
        }
    }

    /// Lets its processes go on, and waits until they do.
    package func thaw() throws(CgroupError) {
        try setFrozen(false)
        try settle(frozen: false, seconds: 10)
    }

    private func setFrozen(_ frozen: Bool) throws(CgroupError) {
        do throws(SystemError) { try write(frozen ? "1" : "0", to: "cgroup.freeze") } catch {
            guard error.errno == .noEntry else { throw .failed(error) }
            throw .unavailable(
                "the container's processes cannot be paused: its cgroup has no cgroup.freeze, which takes Linux 5.2")
        }
    }

    private func settle(frozen: Bool, seconds: Int) throws(CgroupError) {
        var events = try CgroupEvents(self)
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let deadline = now.tv_sec + seconds
        while isFrozen != frozen {
            clock_gettime(CLOCK_MONOTONIC, &now)
            guard now.tv_sec < deadline else {
                throw .failed(SystemError("freeze", path, Errno(ETIMEDOUT)))
            }
            events.wait(milliseconds: 200)
        }
    }

    // MARK: killing

    /// Makes it ready for another first process: kills what is left in it, removes what was made below it and hands no
    /// controllers down any more. Its limits stay, and so do its counters. Throws `CgroupError`.
    package func clear() throws(CgroupError) {
        if isPopulated { try kill() }
        try Cgroup.removeChildren(of: directory.rawValue)
        let enabled = Controllers(text("cgroup.subtree_control") ?? "").list
        guard !enabled.isEmpty else { return }
        try doing { () throws(SystemError) in
            try write(enabled.map { "-" + $0 }.joined(separator: " "), to: "cgroup.subtree_control")
        }
    }

    /// Kills every process in it and below it, and those that they make meanwhile. Does not wait for their ends.
    package func kill() throws(CgroupError) {
        do throws(SystemError) {
            try write("1", to: "cgroup.kill")
        } catch {
            guard error.errno == .noEntry || error.errno == .notSupported else { throw .failed(error) }
            // Before Linux 5.14. What is frozen makes no new processes, and SIGKILL ends it all the same.
            try? write("1", to: "cgroup.freeze")
            defer { try? write("0", to: "cgroup.freeze") }
            for _ in 0..<10 {
                let processes = try processes()
                if processes.isEmpty { return }
                for pid in processes where pid != getpid() { Glibc.kill(pid, SIGKILL) }
                usleep(1000)
            }
        }
    }
}
