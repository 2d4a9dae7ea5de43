import Glibc
import Linux

/// Single-threaded processes of the same executable that work in the user namespace, where files may get other
/// owners than the caller. A hidden verb starts each.
package enum Worker: String, Sendable, CaseIterable {
    case unpackLayer = "unpack-layer"
    case removeTree = "remove-tree"
    case supervise
    case inspectTree = "inspect-tree"

    /// Runs the worker with what follows its verb on the command line; returns the exit code. Only for the
    /// dispatch of hidden verbs: it changes the process for good.
    package func run(_ arguments: [String]) -> CInt {
        switch self {
        case .unpackLayer: UnpackLayerWorker.run(arguments)
        case .removeTree: RemoveTreeWorker.run(arguments)
        case .supervise: SuperviseWorker.run()
        case .inspectTree: InspectTreeWorker.run(arguments)
        }
    }

    /// Starts the worker from `executable`, with `descriptors` as 0, 1 and up; nil is `/dev/null`.
    func start(
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
