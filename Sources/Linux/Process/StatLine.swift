/// The content of `/proc/PID/stat`, its fields by their numbers in proc_pid_stat(5).
struct StatLine {
    /// Field 2, without its parentheses.
    let name: ArraySlice<UInt8>
    /// Field 3 and what follows, up to 24 at the least.
    private let rest: ArraySlice<UInt8>

    /// That of the process `pid` as it is now; nil when there is none, or `/proc` does not show it.
    init?(of pid: ProcessID) {
        guard let line = try? StatLine.read(pid) else { return nil }
        self = line
    }

    /// As `init(of:)`, but throws where `/proc` cannot be read: that says nothing of the process.
    static func read(_ pid: ProcessID) throws(SystemError) -> StatLine? {
        do throws(SystemError) { return StatLine(try Files.readControl("/proc/\(pid)/stat")) } catch {
            // ESRCH is of one that went between open and read (fs/proc/base.c).
            if error.errno == .noEntry || error.errno == .noProcess { return nil }
            throw error
        }
    }

    init?(_ bytes: [UInt8]) {
        // The name may hold spaces and parentheses: fields are counted from its last ")".
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        name = bytes[(open + 1)..<close]
        rest = bytes[(close + 1)...]
        guard !field(24).isEmpty else { return nil }
    }

    // A field from 3 to 24; empty where there are not as many. One is asked for as a rule, and it is on the way of every start.
    private func field(_ wanted: Int) -> ArraySlice<UInt8> {
        let space = UInt8(ascii: " ")
        var (left, place) = (wanted - 3, rest.startIndex)
        while true {
            while place < rest.endIndex, rest[place] == space { place += 1 }
            let start = place
            while place < rest.endIndex, rest[place] != space { place += 1 }
            if left == 0 || start == place { return rest[start..<place] }
            left -= 1
        }
    }

    /// A numeric field, from 4 to 24; 0 for what is negative.
    func number(_ field: Int) -> UInt64 { UInt64(String(decoding: self.field(field), as: UTF8.self)) ?? 0 }

    /// In clock ticks since the boot.
    var startTime: UInt64 { number(22) }
    var isZombie: Bool { field(3).first == UInt8(ascii: "Z") }
    /// Whether the thread has begun to end: `PF_EXITING` of the kernel's `include/linux/sched.h`.
    var isExiting: Bool { number(9) & 0x4 != 0 }
}
