import Flags

extension RunFlags {
    private static let noLimits = "control groups are not managed yet, so the limit could not be enforced"
    private static let noAddresses = "networks with addresses of their own are not there yet"
    private static let noVolumes = "volumes are not there yet"
    private static let noHealth = "health checks are not run yet"
    private static let onlyWindows = "only Windows has it"

    /// Limits, of which each has a value that asks for none: that is honoured, anything else refused.
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
    ]

    /// Why a limit is refused; nil where `value` asks for none.
    static func limitRefusal(_ name: String, _ value: String) -> String? {
        switch value {
        case "", "0": return nil
        case "-1":
            return ["memory-swap", "memory-swappiness", "pids-limit", "cpu-quota"].contains(name) ? nil : noLimits
        default: return Double(value) == 0 ? nil : noLimits
        }
    }

    /// Flags of Docker's that this engine does not offer, or not yet.
    static let refused: [Flag] = [
        Flag("blkio-weight-device", nil, .list, "Weight for a block device", refused: noLimits),
        Flag("cgroup-parent", nil, .string, "Control group above the container's", refused: noLimits),
        Flag("device-read-bps", nil, .list, "Limit of bytes read a second", refused: noLimits),
        Flag("device-read-iops", nil, .list, "Limit of reads a second", refused: noLimits),
        Flag("device-write-bps", nil, .list, "Limit of bytes written a second", refused: noLimits),
        Flag("device-write-iops", nil, .list, "Limit of writes a second", refused: noLimits),
        Flag("oom-kill-disable", nil, .bool, "Never kill when memory runs out", refused: noLimits),
        Flag("cpu-count", nil, .int, "Number of processors on Windows", refused: onlyWindows),
        Flag("cpu-percent", nil, .int, "Share of the processors on Windows", refused: onlyWindows),
        Flag("io-maxbandwidth", nil, .bytes, "Limit of bandwidth on Windows", refused: onlyWindows),
        Flag("io-maxiops", nil, .uint, "Limit of operations on Windows", refused: onlyWindows),
        Flag(
            "gpus", nil, .string, "Processors for graphics", placeholder: "gpu-request",
            refused: "drivers of GPUs are not looked for; give the devices by --device"),
        Flag("health-cmd", nil, .string, "Command that checks the health", refused: noHealth),
        Flag("health-interval", nil, .duration, "Time between two checks", refused: noHealth),
        Flag("health-retries", nil, .int, "Failures in a row that make it unhealthy", refused: noHealth),
        Flag("health-start-interval", nil, .duration, "Time between two checks at the start", refused: noHealth),
        Flag("health-start-period", nil, .duration, "Time to start in which failures do not count", refused: noHealth),
        Flag("health-timeout", nil, .duration, "Longest time of one check", refused: noHealth),
        Flag("ip", nil, .string, "IPv4 address", refused: noAddresses),
        Flag("ip6", nil, .string, "IPv6 address", refused: noAddresses),
        Flag("link", nil, .list, "Link to another container", refused: noAddresses),
        Flag("link-local-ip", nil, .list, "Link-local address", refused: noAddresses),
        Flag("mac-address", nil, .string, "MAC address", refused: noAddresses),
        Flag("network-alias", nil, .list, "Further name on the network", aliases: ["net-alias"], refused: noAddresses),
        Flag(
            "publish", "p", .list, "Publish a port of the container",
            refused: "ports cannot be published yet; with --network host the container listens on the host's own"),
        Flag(
            "publish-all", "P", .bool, "Publish all exposed ports",
            refused: "ports cannot be published yet; with --network host the container listens on the host's own"),
        Flag(
            "runtime", nil, .string, "Runtime of the container",
            refused: "this engine is its own runtime"),
        Flag("storage-opt", nil, .list, "Option of the storage driver", refused: "the store has no such options"),
        Flag(
            "use-api-socket", nil, .bool, "Give the container the engine's socket",
            refused: "there is no engine process with a socket to give"),
        Flag("volume-driver", nil, .string, "Driver of volumes", refused: noVolumes),
        Flag("volumes-from", nil, .list, "Mount the volumes of another container", refused: noVolumes),
    ]
}
