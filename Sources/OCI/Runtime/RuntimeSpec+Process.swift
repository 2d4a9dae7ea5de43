extension RuntimeSpec {
    /// The container's process (config.md, Process).
    package struct Process: Codable, Hashable, Sendable {
        package var terminal: Bool?
        package var consoleSize: ConsoleSize?
        package var user: User
        package var args: [String]?
        package var env: [String]?
        package var cwd: String
        package var capabilities: Capabilities?
        package var rlimits: [Rlimit]?
        package var noNewPrivileges: Bool?
        package var apparmorProfile: String?
        package var oomScoreAdj: Int?
        package var selinuxLabel: String?
        package var ioPriority: IOPriority?
        package var scheduler: Scheduler?
        package var execCPUAffinity: ExecCPUAffinity?

        package init(args: [String], cwd: String = "/", user: User = User()) {
            self.args = args
            self.cwd = cwd
            self.user = user
        }
    }

    /// In characters.
    package struct ConsoleSize: Codable, Hashable, Sendable {
        package var height: UInt
        package var width: UInt

        package init(height: UInt, width: UInt) {
            self.height = height
            self.width = width
        }
    }

    /// Numbers of the container's own user namespace.
    package struct User: Codable, Hashable, Sendable {
        package var uid: UInt32
        package var gid: UInt32
        package var umask: UInt32?
        package var additionalGids: [UInt32]?

        package init(uid: UInt32 = 0, gid: UInt32 = 0, additionalGids: [UInt32]? = nil) {
            self.uid = uid
            self.gid = gid
            self.additionalGids = additionalGids
        }

        /// Reads what is there: whoever writes by Go's rules leaves out a number that is 0.
        package init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            uid = try members.decodeIfPresent(UInt32.self, forKey: .uid) ?? 0
            gid = try members.decodeIfPresent(UInt32.self, forKey: .gid) ?? 0
            umask = try members.decodeIfPresent(UInt32.self, forKey: .umask)
            additionalGids = try members.decodeIfPresent([UInt32].self, forKey: .additionalGids)
        }
    }

    /// Names as capabilities(7) has them, "CAP_CHOWN".
    package struct Capabilities: Codable, Hashable, Sendable {
        package var bounding: [String]?
        package var effective: [String]?
        package var inheritable: [String]?
        package var permitted: [String]?
        package var ambient: [String]?

        package init() {}
    }

    /// A resource limit of the process (getrlimit(2)).
    package struct Rlimit: Codable, Hashable, Sendable {
        /// "RLIMIT_NOFILE" and so on (getrlimit(2)).
        package var type: String
        package var soft: UInt64
        package var hard: UInt64

        package init(type: String, soft: UInt64, hard: UInt64) {
            self.type = type
            self.soft = soft
            self.hard = hard
        }
    }

    /// The input and output priority (ioprio_set(2)).
    package struct IOPriority: Codable, Hashable, Sendable {
        /// "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE" or "IOPRIO_CLASS_IDLE".
        package var `class`: String
        /// 0 to 7.
        package var priority: Int?
    }

    /// sched_setattr(2).
    package struct Scheduler: Codable, Hashable, Sendable {
        /// "SCHED_OTHER" and so on.
        package var policy: String
        package var nice: Int32?
        package var priority: Int32?
        package var flags: [String]?
        /// In nanoseconds, for SCHED_DEADLINE.
        package var runtime: UInt64?
        package var deadline: UInt64?
        package var period: UInt64?
    }

    /// Lists of processors, "0-3,7".
    package struct ExecCPUAffinity: Codable, Hashable, Sendable {
        package var initial: String?
        package var final: String?
    }
}

extension KeyedDecodingContainer {
    /// A user that is left out is root: the synthesized decoding of `Process` calls this.
    func decode(_ type: RuntimeSpec.User.Type, forKey key: Key) throws -> RuntimeSpec.User {
        try decodeIfPresent(type, forKey: key) ?? RuntimeSpec.User()
    }
}
