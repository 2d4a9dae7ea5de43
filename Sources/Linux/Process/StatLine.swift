/// The content of `/proc/PID/stat`, its fields by their numbers in proc_pid_stat(5).
struct StatLine {
    /// Field 2, without its parentheses.
    let name: ArraySlice<UInt8>
    /// Field 3 and what follows.
    private let fields: [ArraySlice<UInt8>]

    /// That of the process `pid` as it is now; nil when there is none, or `/proc` does not show it.
    init?(of pid: ProcessID) {
        guard let line = try? StatLine.read(pid) else { return nil }
        self = line
    }

    /// As `init(of:)`, but throws where `/proc` cannot be read: that says nothing of the process.
    static func read(_ pid: ProcessID) throws(SystemError) -> StatLine? {
        do throws(SystemError) { return StatLine(try Files.read("/proc/\(pid)/stat", limit: 4096)) } catch {
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
        fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 21 else { return nil }
    }

    /// A numeric field, from 4 to 24; 0 for what is negative.
    func number(_ field: Int) -> UInt64 { UInt64(String(decoding: fields[field - 3], as: UTF8.self)) ?? 0 }

    /// In clock ticks since the boot.
    var startTime: UInt64 { number(22) }
    var isZombie: Bool { fields[0].first == UInt8(ascii: "Z") }
    /// Whether the thread has begun to end: `PF_EXITING` of the kernel's `include/linux/sched.h`.
    var isExiting: Bool { number(9) & 0x4 != 0 }
}
