import Flags
import Linux
import OCI
import OCIRuntime

extension OCIVerb {
    static let update = OCIVerb(
        "update",
        CommandSyntax(
            summary: "Change the limits of a container", usage: ["[OPTIONS] CONTAINER"],
            flags: [
                Flag(
                    "resources", "r", .string,
                    "File with the limits, \"-\" for standard input; other flags do not count then"),
                Flag("blkio-weight", nil, .uint16, "Weight of block devices, 10 to 1000"),
                Flag("cpu-period", nil, .uint, "Period of the processor quota, in microseconds"),
                Flag("cpu-quota", nil, .int, "Processor time in each period, in microseconds"),
                Flag("cpu-burst", nil, .uint, "Processor time that may be saved up, in microseconds"),
                Flag("cpu-share", nil, .uint, "Weight of the processor time"),
                Flag("cpu-rt-period", nil, .uint, "", refused: realTime),
                Flag("cpu-rt-runtime", nil, .int, "", refused: realTime),
                Flag("cpu-idle", nil, .int, "1 for processor time that nobody else wants"),
                Flag("cpuset-cpus", nil, .string, "Processors"),
                Flag("cpuset-mems", nil, .string, "Memory nodes"),
                Flag("memory", nil, .bytesOrUnlimited, "Limit of memory"),
                Flag("memory-reservation", nil, .bytesOrUnlimited, "Memory that is kept under pressure"),
                Flag("memory-swap", nil, .bytesOrUnlimited, "Limit of memory and swap together"),
                Flag("kernel-memory", nil, .bytesOrUnlimited, "", refused: "cgroup v2 counts it as memory"),
                Flag("kernel-memory-tcp", nil, .bytesOrUnlimited, "", refused: "cgroup v2 counts it as memory"),
                Flag("pids-limit", nil, .int, "Number of processes"),
                Flag("l3-cache-schema", nil, .string, "", refused: resourceDirector),
                Flag("mem-bw-schema", nil, .string, "", refused: resourceDirector),
            ], arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.update(parsed.containerID, try resources(parsed))
        return 0
    }

    private static let realTime = "cgroup v2 has no such setting"
    private static let resourceDirector = "classes of cache and memory bandwidth are not managed"

    private static func resources(_ parsed: ParsedArguments) throws -> RuntimeSpec.Resources {
        if let file = parsed.string("resources") {
            let bytes =
                file == "-"
                ? try FileDescriptor.open("/dev/stdin", 0).readAll(limit: 1 << 24)
                : try Files.readGiven(file, limit: 1 << 24)
            return try OCIRuntime.resources(bytes, name: file)
        }
        func unsigned(_ name: String) throws(CommandFailure) -> UInt64? {
            guard let number = parsed.int(name) else { return nil }
            guard let value = UInt64(exactly: number) else {
                throw CommandFailure("--\(name) \(number): the number is less than 0")
            }
            return value
        }
        var resources = RuntimeSpec.Resources()
        var cpu = RuntimeSpec.Resources.CPU()
        cpu.period = try unsigned("cpu-period")
        cpu.quota = parsed.int("cpu-quota")
        cpu.burst = try unsigned("cpu-burst")
        cpu.shares = try unsigned("cpu-share")
        cpu.idle = parsed.int("cpu-idle")
        cpu.cpus = parsed.string("cpuset-cpus")
        cpu.mems = parsed.string("cpuset-mems")
        if cpu != .init() { resources.cpu = cpu }
        var memory = RuntimeSpec.Resources.Memory()
        memory.limit = parsed.bytes("memory")
        memory.reservation = parsed.bytes("memory-reservation")
        memory.swap = parsed.bytes("memory-swap")
        if memory != .init() { resources.memory = memory }
        if let limit = parsed.int("pids-limit") { resources.pids = .init(limit: limit) }
        if let weight = parsed.int("blkio-weight") {
            var io = RuntimeSpec.Resources.BlockIO()
            io.weight = UInt16(clamping: weight)
            resources.blockIO = io
        }
        return resources
    }
}
