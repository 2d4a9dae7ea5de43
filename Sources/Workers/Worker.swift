import Glibc
package import Linux

/// Single-threaded processes of the same executable that work where the caller cannot: in the user namespace, where files
/// may get other owners than the caller, or as a container's supervisor. A hidden verb starts each; `Engine` says what
/// each does.
package enum Worker: String, Sendable, CaseIterable {
    case unpackLayers = "unpack-layers"
    case settleLayer = "settle-layer"
    case removeTree = "remove-tree"
    case supervise
    case fillVolumes = "fill-volumes"
    case inspectTree = "inspect-tree"
    case copyTree = "copy-tree"
    case writeTree = "write-tree"
    case extractTree = "extract-tree"
    case probeDrivers = "probe-drivers"
    case buildCopy = "build-copy"

    /// Starts the worker from `executable`, with `descriptors` as 0, 1 and up; nil is `/dev/null`. The caller may have
    /// threads. Throws `SystemError`.
    package func start(
        _ executable: String, _ arguments: [String], inheriting descriptors: [CInt?]
    ) throws(SystemError) -> ProcessID {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        var environment = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]
        // Of a service manager that waits for a container.
        if self == .supervise, let socket = getenv("NOTIFY_SOCKET") {
            environment.append("NOTIFY_SOCKET=" + String(cString: socket))
        }
        return try Spawn(
            executable, [rawValue] + arguments, environment: environment
        ).start(descriptors: descriptors.map { $0 ?? null.rawValue })
    }
}
