package import Bytes

extension RuntimeSpec {
    /// Limits (config-linux.md, Control groups). Memory in bytes, CPU times in microseconds.
    package struct Resources: Codable, Hashable, Sendable {
        package var devices: [DeviceRule]?
        package var memory: Memory?
        package var cpu: CPU?
        package var pids: Pids?
        package var blockIO: BlockIO?
        package var hugepageLimits: [HugepageLimit]?
        /// By the names of the devices ("mlx5_0").
        package var rdma: [ByteKey: RDMA]?
        package var network: Network?
        package var unified: [ByteKey: String]?

        package init() {}

        /// Which device nodes may be opened or made; later rules win.
        package struct DeviceRule: Codable, Hashable, Sendable {
            package var allow: Bool
            package var type: String?
            package var major: Int64?
            package var minor: Int64?
            package var access: String?

            package init(
                allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil
            ) {
                self.allow = allow
                self.type = type
                self.major = major
                self.minor = minor
                self.access = access
            }
        }

        /// Limits of memory, in bytes; -1 for none.
        package struct Memory: Codable, Hashable, Sendable {
            package var limit: Int64?
            package var reservation: Int64?
            /// Memory and swap together, as cgroup v1 counts them; -1 for no limit.
            package var swap: Int64?
            package var kernel: Int64?
            package var kernelTCP: Int64?
            package var swappiness: UInt64?
            package var disableOOMKiller: Bool?
            package var useHierarchy: Bool?
            package var checkBeforeUpdate: Bool?

            package init() {}
        }

        /// Shares and limits of processor time, and which processors and memory nodes.
        package struct CPU: Codable, Hashable, Sendable {
            package var shares: UInt64?
            package var quota: Int64?
            package var burst: UInt64?
            package var period: UInt64?
            package var realtimeRuntime: Int64?
            package var realtimePeriod: UInt64?
            package var cpus: String?
            package var mems: String?
            package var idle: Int64?

            package init() {}
        }

        /// How many processes and threads there may be.
        package struct Pids: Codable, Hashable, Sendable {
            package var limit: Int64

            package init(limit: Int64) { self.limit = limit }

            /// Without a limit it is 0, which sets none.
            package init(from decoder: any Decoder) throws {
                limit =
                    try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Int64.self, forKey: .limit) ?? 0
            }
        }

        /// Weights and rates of block devices.
        package struct BlockIO: Codable, Hashable, Sendable {
            package var weight: UInt16?
            package var leafWeight: UInt16?
            package var weightDevice: [Device]?
            package var throttleReadBpsDevice: [Device]?
            package var throttleWriteBpsDevice: [Device]?
            package var throttleReadIOPSDevice: [Device]?
            package var throttleWriteIOPSDevice: [Device]?

            package init() {}

            /// A block device with its weight, or its rate in bytes or operations per second.
            package struct Device: Codable, Hashable, Sendable {
                package var major: Int64
                package var minor: Int64
                package var weight: UInt16?
                package var leafWeight: UInt16?
                package var rate: UInt64?

                package init(major: Int64, minor: Int64) {
                    self.major = major
                    self.minor = minor
                }
            }
        }

        /// A limit in bytes for huge pages of one size.
        package struct HugepageLimit: Codable, Hashable, Sendable {
            /// "2MB" and so on.
            package var pageSize: String
            package var limit: UInt64
        }

        /// How much of a device for remote direct memory access may be in use.
        package struct RDMA: Codable, Hashable, Sendable {
            package var hcaHandles: UInt32?
            package var hcaObjects: UInt32?

            package init(hcaHandles: UInt32? = nil, hcaObjects: UInt32? = nil) {
                self.hcaHandles = hcaHandles
                self.hcaObjects = hcaObjects
            }
        }

        /// A class and priorities of packets, which only version 1 of control groups has.
        package struct Network: Codable, Hashable, Sendable {
            package var classID: UInt32?
            package var priorities: [Priority]?

            package init() {}

            /// The priority of packets that leave by one device.
            package struct Priority: Codable, Hashable, Sendable {
                package var name: String
                package var priority: UInt32

                package init(name: String, priority: UInt32) {
                    self.name = name
                    self.priority = priority
                }
            }
        }
    }
}
