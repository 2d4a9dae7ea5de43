import CLinux
import Glibc

/// The descriptor table of the calling process, by number: for the moment before an execve(2), when numbers are what
/// the next program sees and no owner of ours is left.
package enum DescriptorTable {
    /// A copy of `number` with a number of at least `minimum`, close-on-exec.
    package static func copy(_ number: CInt, atLeast minimum: CInt) throws(SystemError) -> CInt {
        try check("fcntl", String(number)) { apus_fcntl_set(number, F_DUPFD_CLOEXEC, minimum) }
    }

    /// dup2(2): `target` becomes a copy of `source` and survives an execve(2).
    package static func place(_ source: CInt, at target: CInt) throws(SystemError) {
        try check("dup2", String(source)) { dup2(source, target) }
    }

    /// Whether `number` is closed by execve(2).
    package static func setClosesOnExec(_ number: CInt, _ closes: Bool) {
        _ = apus_fcntl_set(number, F_SETFD, closes ? FD_CLOEXEC : 0)
    }

    /// Gives the process copies of `sources` as 0, 1, and so on; those from the one at `kept` on are closed by execve(2).
    package static func arrange(_ sources: [CInt], closingOnExecFrom kept: Int) throws(SystemError) {
        var sources = sources
        // Out of the way first, where a place is filled before what is there is copied.
        if overlaps(sources) {
            for place in sources.indices { sources[place] = try copy(sources[place], atLeast: CInt(sources.count)) }
        }
        for place in sources.indices {
            let number = CInt(place)
            if sources[place] == number {
                try check("fcntl", String(number)) { apus_fcntl_set(number, F_SETFD, place < kept ? 0 : FD_CLOEXEC) }
            } else if place < kept {
                try self.place(sources[place], at: number)
            } else {
                try placeClosingOnExec(sources[place], at: number)
            }
        }
    }

    private static func overlaps(_ sources: [CInt]) -> Bool {
        for place in sources.indices where Int(sources[place]) < place { return true }
        return false
    }

    /// dup3(2) with O_CLOEXEC; the two must differ.
    package static func placeClosingOnExec(_ source: CInt, at target: CInt) throws(SystemError) {
        try check("dup3", String(source)) { apus_dup3(source, target, O_CLOEXEC) }
    }

    /// Closes every descriptor from `first` on.
    package static func closeAll(from first: CInt) {
        closeAll(from: first, keeping: [])
    }

    /// As `closeAll`, but for those in `kept`.
    package static func closeAll(from first: CInt, keeping kept: [CInt]) {
        var first = first
        for number in kept.sorted() where number >= first {
            if number > first { close(first, UInt32(number - 1)) }
            first = number + 1
        }
        close(first, .max)
    }

    /// Has every descriptor from `first` on closed by execve(2).
    package static func closeOnExec(from first: CInt) {
        // CLOSE_RANGE_CLOEXEC, Linux 5.11.
        if apus_close_range(UInt32(first), .max, 4) == 0 { return }
        let limit = KernelFacts.limit(of: ResourceLimit.number(of: "RLIMIT_NOFILE")!)?.soft ?? 1024
        for number in first..<max(first, CInt(clamping: min(limit, 1 << 20))) where isOpen(number) {
            setClosesOnExec(number, true)
        }
    }

    private static func close(_ first: CInt, _ last: UInt32) {
        if apus_close_range(UInt32(first), last, 0) == 0 { return }
        // Before Linux 5.9, and below filters that do not know the call.
        let limit = KernelFacts.limit(of: ResourceLimit.number(of: "RLIMIT_NOFILE")!)?.soft ?? 1024
        let end = CInt(clamping: min(limit, 1 << 20, UInt64(last) + 1))
        guard end > first else { return }
        for number in first..<end { Glibc.close(number) }
    }

    /// Opens `/dev/null` for those of 0, 1 and 2 that are closed, as cron and daemons leave them: what is opened later must not
    /// get a number that somebody writes his output to.
    package static func fillStandard() {
        for number in CInt(0)...2 where apus_fcntl_set(number, F_GETFD, 0) < 0 {
            // The lowest number that is free is this one. One that cannot be opened stays closed.
            _ = apus_open(AT_FDCWD, "/dev/null", O_RDWR, 0)
        }
    }

    /// Copies of the process's own 0, 1 and 2 with higher numbers, close-on-exec; of `/dev/null` for one that is closed,
    /// and -1 where that cannot be opened.
    package static func copiesOfStandard() -> [CInt] {
        var copies: [CInt] = []
        for number in [CInt](0...2) {
            let copy = apus_fcntl_set(number, F_DUPFD_CLOEXEC, 3)
            copies.append(copy >= 0 ? copy : apus_open(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0))
        }
        return copies
    }

    /// Makes each of `numbers` a descriptor of `/dev/null`.
    package static func silence(_ numbers: [CInt]) {
        let null = apus_open(AT_FDCWD, "/dev/null", O_RDWR, 0)
        var isOne = false
        for number in numbers {
            dup2(null, number)
            if number == null { isOne = true }
        }
        if null >= 0, !isOne { Glibc.close(null) }
    }

    /// read(2) and write(2) fail with EAGAIN where they would wait (O_NONBLOCK), for all who share the open file: of a pipe or a
    /// terminal that was opened here, and has no other status flags.
    package static func makeNonBlocking(_ number: CInt) { _ = apus_fcntl_set(number, F_SETFL, O_NONBLOCK) }

    /// The status flags of an open file (F_GETFL); -1 with errno set.
    package static func statusFlags(_ number: CInt) -> CInt { apus_fcntl_get(number, F_GETFL) }

    /// Sets them (F_SETFL); -1 with errno set.
    package static func setStatusFlags(_ number: CInt, _ flags: CInt) -> CInt {
        apus_fcntl_set(number, F_SETFL, flags)
    }

    /// Whether there is a descriptor with that number.
    package static func isOpen(_ number: CInt) -> Bool { apus_fcntl_get(number, F_GETFD) >= 0 }
}
