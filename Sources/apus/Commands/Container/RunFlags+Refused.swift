import Flags

extension RunFlags {
    private static let onlyWindows = "only Windows has it"

    /// Flags of Docker's that this engine does not offer, or not yet.
    static let refused: [Flag] = [
        Flag("cpu-count", nil, .int, "Number of processors on Windows", refused: onlyWindows),
        Flag("cpu-percent", nil, .int, "Share of the processors on Windows", refused: onlyWindows),
        Flag("io-maxbandwidth", nil, .bytes, "Limit of bandwidth on Windows", refused: onlyWindows),
        Flag("io-maxiops", nil, .uint, "Limit of operations on Windows", refused: onlyWindows),
        Flag(
            "gpus", nil, .string, "Processors for graphics", placeholder: "gpu-request",
            refused: "drivers of GPUs are not looked for; give the devices by --device"),
        Flag(
            "runtime", nil, .string, "Runtime of the container",
            refused: "this engine is its own runtime"),
        Flag("storage-opt", nil, .list, "Option of the storage driver", refused: "the store has no such options"),
        Flag(
            "use-api-socket", nil, .bool, "Give the container the engine's socket",
            refused: "there is no engine process with a socket to give"),
    ]
}
