import ContainerSpec
import Engine
import Errors
import Flags

extension RunFlags {
    /// Limits that `ResourceOptions` reads and a control group enforces.
    static let limits: [Flag] = [
        Flag("memory", "m", .bytes, "Limit of memory"),
        Flag("memory-reservation", nil, .bytes, "Soft limit of memory"),
        Flag("memory-swap", nil, .bytesOrUnlimited, "Limit of memory and swap together, -1 for no limit of swap"),
        Flag("memory-swappiness", nil, .int, "Tendency to swap (0 to 100)", defaultValue: "-1"),
        Flag("kernel-memory", nil, .bytes, "Limit of kernel memory"),
        Flag("cpus", nil, .decimal, "Number of processors"),
        Flag("cpu-period", nil, .int, "Period of the processor quota in microseconds"),
        Flag("cpu-quota", nil, .int, "Processor quota in microseconds"),
        Flag("cpu-rt-period", nil, .int, "Period of the real-time quota in microseconds"),
        Flag("cpu-rt-runtime", nil, .int, "Real-time quota in microseconds"),
        Flag("cpu-shares", "c", .int, "Relative weight for processors"),
        Flag("cpuset-cpus", nil, .string, "Processors to run on (0-3, 0,1)"),
        Flag("cpuset-mems", nil, .string, "Memory nodes to use (0-3, 0,1)"),
        Flag("pids-limit", nil, .int, "Limit of processes and threads, -1 for none"),
        Flag("blkio-weight", nil, .uint16, "Relative weight for block devices (10 to 1000)"),
        Flag(
            "blkio-weight-device", nil, .list, "Weight for a block device, path:weight",
            validate: { text in reason { () throws(OptionError) in _ = try ResourceOptions.DeviceLimit(weight: text) } }
        ),
        Flag(
            "device-read-bps", nil, .list, "Limit of bytes read a second, path:rate",
            validate: { text in reason { () throws(OptionError) in _ = try ResourceOptions.DeviceLimit(bytes: text) } }),
        Flag(
            "device-write-bps", nil, .list, "Limit of bytes written a second, path:rate",
            validate: { text in reason { () throws(OptionError) in _ = try ResourceOptions.DeviceLimit(bytes: text) } }),
        Flag(
            "device-read-iops", nil, .list, "Limit of reads a second, path:rate",
            validate: { text in
                reason { () throws(OptionError) in _ = try ResourceOptions.DeviceLimit(operations: text) }
            }),
        Flag(
            "device-write-iops", nil, .list, "Limit of writes a second, path:rate",
            validate: { text in
                reason { () throws(OptionError) in _ = try ResourceOptions.DeviceLimit(operations: text) }
            }),
        Flag("cgroup-parent", nil, .string, "Control group above the container's: a slice, or a path"),
        Flag("oom-kill-disable", nil, .bool, "Never kill when memory runs out"),
    ]

    // Why a value is not taken; nil where it is.
    private static func reason(_ body: () throws(OptionError) -> Void) -> String? {
        do throws(OptionError) { try body() } catch { return error.description }
        return nil
    }
}
