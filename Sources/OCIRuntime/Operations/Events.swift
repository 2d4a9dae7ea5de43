import Cgroups
package import JSON
import Linux
import Runtime

extension OCIRuntime {
    /// Calls `print` with the statistics of a container: once, or, with an `interval` in milliseconds, again and again,
    /// and at once when memory ran out, until the container ends or `print` gives false.
    package func events(
        _ id: String, interval: CInt?, _ print: (JSONTree) throws -> Bool
    ) throws(OCIError) {
        let container = try container(id)
        guard container.record.process.isAlive else { throw OCIError("container not running") }
        let cgroup = try container.cgroup(for: "measure")
        try reporting {
            guard let interval else {
                _ = try print(Self.event("stats", id, Self.document(try cgroup.allStatistics())))
                return
            }
            var events = try CgroupEvents(cgroup)
            guard let pidfd = container.openProcess() else { return }
            var kills = cgroup.oomKills
            while true {
                guard try print(Self.event("stats", id, Self.document(try cgroup.allStatistics()))) else { return }
                var left = interval
                // Events of memory come in between; each restarts the wait, which is no clock.
                repeat {
                    var set = PollSet()
                    let ended = set.add(pidfd.rawValue)
                    set.add(events.descriptor.rawValue)
                    guard try set.wait(milliseconds: left) else { break }
                    events.drain()
                    let now = cgroup.oomKills
                    if now > kills {
                        kills = now
                        guard try print(Self.event("oom", id, nil)) else { return }
                    }
                    if set.isReadable(ended) { return }
                    left = max(1, left / 2)
                } while true
            }
        }
    }

    private static func event(_ type: String, _ id: String, _ data: JSONTree?) -> JSONTree {
        .record([("type", .string(type)), ("id", .string(id)), ("data", data)])
    }

    /// In the form of runc's, which containerd and others read: times in nanoseconds, memory in bytes.
    static func document(_ statistics: CgroupStatistics) -> JSONTree {
        .record([
            ("cpu", cpu(statistics.cpu)), ("memory", memory(statistics.memory)),
            (
                "pids",
                statistics.pids.map {
                    .record([("current", .integer($0.current)), ("limit", $0.limit.map { .integer($0) })])
                }
            ),
            ("blkio", blockIO(statistics.io)), ("cpuset", statistics.cpuset.map { cpuset($0) }),
            ("hugetlb", statistics.hugePages.isEmpty ? nil : hugePages(statistics.hugePages)),
        ])
    }

    private static func cpuset(_ set: CgroupStatistics.CPUSet) -> JSONTree {
        func numbers(_ list: String) -> JSONTree { .array((NumberList(list)?.numbers ?? []).map { .integer($0) }) }
        return .record([("cpus", numbers(set.processors)), ("mems", numbers(set.nodes))])
    }

    private static func hugePages(_ sizes: [String: CgroupStatistics.HugePages]) -> JSONTree {
        .object(
            sizes.sorted { $0.key < $1.key }.map { size, pages in
                JSONTree.Member(
                    size,
                    .record([
                        ("usage", .integer(pages.usage)), ("limit", .integer(pages.limit ?? .max)),
                        ("failcnt", .integer(pages.failures)),
                    ]))
            })
    }

    private static func cpu(_ cpu: CgroupStatistics.CPU?) -> JSONTree {
        guard let cpu else { return .record([]) }
        return .record([
            (
                "usage",
                .record([
                    ("total", .integer(cpu.usage * 1000)), ("kernel", .integer(cpu.system * 1000)),
                    ("user", .integer(cpu.user * 1000)),
                ])
            ),
            (
                "throttling",
                .record([
                    ("periods", cpu.periods.map { .integer($0) }),
                    ("throttledPeriods", cpu.throttledPeriods.map { .integer($0) }),
                    ("throttledTime", cpu.throttled.map { .integer($0 * 1000) }),
                ])
            ),
        ])
    }

    private static func memory(_ memory: CgroupStatistics.Memory?) -> JSONTree {
        guard let memory else { return .record([]) }
        let raw = memory.details.sorted { $0.key < $1.key }.map { JSONTree.Member($0.key, .integer($0.value)) }
        return .record([
            ("cache", memory.details["file"].map { .integer($0) }),
            (
                "usage",
                .record([
                    ("usage", .integer(memory.usage)), ("max", memory.peak.map { .integer($0) }),
                    ("limit", .integer(memory.limit ?? .max)),
                ])
            ),
            (
                "swap",
                memory.swapUsage.map {
                    .record([("usage", .integer($0)), ("limit", .integer(memory.swapLimit ?? .max))])
                }
            ),
            ("raw", .object(raw)),
        ])
    }

    private static func blockIO(_ devices: [CgroupStatistics.Device]?) -> JSONTree {
        func entries(_ values: [(String, KeyPath<CgroupStatistics.Device, UInt64>)]) -> JSONTree {
            .array(
                (devices ?? []).flatMap { device in
                    values.map { name, value in
                        .record([
                            ("major", .integer(device.major)), ("minor", .integer(device.minor)), ("op", .string(name)),
                            ("value", .integer(device[keyPath: value])),
                        ])
                    }
                })
        }
        guard devices != nil else { return .record([]) }
        return .record([
            ("ioServiceBytesRecursive", entries([("Read", \.readBytes), ("Write", \.writtenBytes)])),
            ("ioServicedRecursive", entries([("Read", \.reads), ("Write", \.writes)])),
        ])
    }
}
