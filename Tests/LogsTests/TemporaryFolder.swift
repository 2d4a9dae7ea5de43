import Bytes
import ContainerSpec
import Logs
import Glibc
import Linux
import OCI

/// A directory of one test, removed with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/apus-log-tests." + randomHex(bytes: 8)
        try Files.makeDirectory(path, mode: 0o700)
    }

    deinit { try? Files.removeTree(path) }

    func text(_ name: String) throws -> String { try Files.readText("\(path)/\(name)") }

    func lines(_ name: String) throws -> [String] {
        try text(name).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }
}

/// The id of the container whose log it is.
let logID = String(repeating: "ab", count: 32)

/// What `options` on the command line come to.
func logConfiguration(
    _ driver: String, _ options: [String] = [], labels: [ByteKey: String] = [:], env: [String] = []
) throws -> LogConfiguration {
    var run = RunOptions(image: "busybox")
    run.labels = labels
    run.env = env
    try run.logConfig.setDriver(driver)
    for option in options { try run.logConfig.add(option) }
    return try LogConfiguration(run, image: ContainerConfig(), id: logID, name: "web", imageID: nil)
}

/// The log of the container `logID`, whose directory is `directory`.
func openLog(_ configuration: LogConfiguration, _ directory: String) throws -> ContainerLog {
    guard let log = ContainerLog(configuration, directory: directory, id: logID) else { throw NoLog() }
    return log
}

struct NoLog: Error {}

/// A thread of its own: what loops in a test would otherwise keep the threads that tasks share.
final class BackgroundThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(body))
        let result = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard result == 0 else { throw SystemError("pthread_create", nil, Errno(result)) }
    }

    func join() { pthread_join(thread, nil) }
}
