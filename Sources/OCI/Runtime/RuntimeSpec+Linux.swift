package import Bytes

extension RuntimeSpec {
    /// What only Linux has (runtime-spec, config-linux.md).
    package struct Linux: Codable, Hashable, Sendable {
        package var namespaces: [Namespace]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package var timeOffsets: [ByteKey: TimeOffset]?
        package var devices: [Device]?
        package var netDevices: [ByteKey: NetDevice]?
        package var cgroupsPath: String?
        package var resources: Resources?
        package var intelRdt: IntelRdt?
        package var sysctl: [ByteKey: String]?
        package var seccomp: Seccomp?
        /// "shared", "slave", "private" or "unbindable", or their recursive forms.
        package var rootfsPropagation: String?
        package var maskedPaths: [String]?
        package var readonlyPaths: [String]?
        package var mountLabel: String?
        package var personality: Personality?
        package var memoryPolicy: MemoryPolicy?

        package init() {}
    }

    /// A namespace that the container gets (config-linux.md, Namespaces).
    package struct Namespace: Codable, Hashable, Sendable {
        /// The types of namespaces(7).
        package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
            case pid, network, mount, ipc, uts, user, cgroup, time
        }

        package var type: Kind
        /// The file of a namespace to join; nil for a new one.
        package var path: String?

        package init(_ type: Kind, path: String? = nil) {
            self.type = type
            self.path = path
        }
    }

    /// A range of ids inside and outside a user namespace (user_namespaces(7)).
    package struct IDMapping: Codable, Hashable, Sendable {
        package var containerID: UInt32
        package var hostID: UInt32
        package var size: UInt32

        package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    /// An offset of a clock in a time namespace (time_namespaces(7)).
    package struct TimeOffset: Codable, Hashable, Sendable {
        package var secs: Int64?
        package var nanosecs: UInt32?

        package init(secs: Int64? = nil, nanosecs: UInt32? = nil) {
            self.secs = secs
            self.nanosecs = nanosecs
        }
    }

    /// A device node (config-linux.md, Devices).
    package struct Device: Codable, Hashable, Sendable {
        /// "c", "b", "u" or "p" (mknod(1)).
        package var type: String
        /// Absolute path in the container.
        package var path: String
        package var major: Int64?
        package var minor: Int64?
        package var fileMode: UInt32?
        package var uid: UInt32?
        package var gid: UInt32?

        package init(type: String, path: String, major: Int64?, minor: Int64?, fileMode: UInt32? = nil) {
            self.type = type
            self.path = path
            self.major = major
            self.minor = minor
            self.fileMode = fileMode
        }
    }

    /// A network device of the host that moves into the container; `name` is its name there.
    package struct NetDevice: Codable, Hashable, Sendable {
        package var name: String?
    }

    /// Cache and memory bandwidth classes (config-linux.md, IntelRdt).
    package struct IntelRdt: Codable, Hashable, Sendable {
        package var closID: String?
        package var l3CacheSchema: String?
        package var memBwSchema: String?
    }

    /// On which memory nodes the process's memory is (set_mempolicy(2)).
    package struct MemoryPolicy: Codable, Hashable, Sendable {
        /// "MPOL_BIND" and so on.
        package var mode: String
        /// A list of nodes, "0-3,7".
        package var nodes: String?
        /// "MPOL_F_STATIC_NODES" and so on.
        package var flags: [String]?
    }

    /// The execution domain (personality(2)).
    package struct Personality: Codable, Hashable, Sendable {
        /// "LINUX" or "LINUX32".
        package var domain: String
        package var flags: [String]?
    }

    /// A system call filter (config-linux.md, Seccomp; seccomp_rule_add(3)).
    package struct Seccomp: Codable, Hashable, Sendable {
        /// "SCMP_ACT_ERRNO" and so on.
        package var defaultAction: String
        package var defaultErrnoRet: UInt32?
        package var architectures: [String]?
        package var flags: [String]?
        package var listenerPath: String?
        package var listenerMetadata: String?
        package var syscalls: [Rule]?

        package init(defaultAction: String) { self.defaultAction = defaultAction }

        /// What is done with calls of these names, where their arguments match all of `args`.
        package struct Rule: Codable, Hashable, Sendable {
            package var names: [String]
            package var action: String
            package var errnoRet: UInt32?
            package var args: [Argument]?

            package init(names: [String], action: String, errnoRet: UInt32? = nil, args: [Argument]? = nil) {
                self.names = names
                self.action = action
                self.errnoRet = errnoRet
                self.args = args
            }
        }

        /// A comparison of one argument of a call.
        package struct Argument: Codable, Hashable, Sendable {
            /// 0 to 5.
            package var index: UInt32
            package var value: UInt64
            package var valueTwo: UInt64?
            /// "SCMP_CMP_EQ" and so on.
            package var op: String

            package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
                self.index = index
                self.value = value
                self.valueTwo = valueTwo
                self.op = op
            }
        }
    }
}
