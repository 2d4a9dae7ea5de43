import Flags
import Glibc

/// The flags that stand before the verb.
struct GlobalOptions: Sendable {
    enum LogLevel: Int, Comparable, Sendable {
        case debug, info, warn, error, fatal
        static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

        init?(_ name: String) {
            switch name {
            case "debug", "trace": self = .debug
            case "info": self = .info
            case "warn", "warning": self = .warn
            case "error": self = .error
            case "fatal", "panic": self = .fatal
            default: return nil
            }
        }
    }

    /// Where images and containers are stored; nil for the user's own place.
    var root: String?
    /// Where the state of running containers is; nil for the user's own place.
    var runRoot: String?
    /// What new containers' root file systems are mounted with; nil for the best that works.
    var storageDriver: String?
    /// The directory of the client's configuration (`config.json` with the credentials of registries).
    var config: String
    var logLevel: LogLevel

    /// What holds without a flag.
    init() { self.init(storageDriver: nil, config: nil) }

    init(_ arguments: ParsedArguments) {
        self.init(storageDriver: arguments.string("storage-driver"), config: arguments.string("config"))
        root = arguments.string("root")
        runRoot = arguments.string("runroot")
        logLevel = arguments.string("log-level").flatMap { LogLevel($0) } ?? .info
        if arguments.bool("debug") { logLevel = .debug }
    }

    private init(storageDriver: String?, config: String?) {
        let named = storageDriver ?? getenv("APUS_STORAGE_DRIVER").map { String(cString: $0) }
        self.storageDriver = named.flatMap { $0.isEmpty ? nil : $0 }
        self.config = config ?? Self.standardConfig
        logLevel = .info
    }

    /// The words that give another process of ours the same options.
    var arguments: [String] {
        var words = ["--config", config, "--log-level", "\(logLevel)"]
        if let root { words += ["--root", root] }
        if let runRoot { words += ["--runroot", runRoot] }
        if let storageDriver { words += ["--storage-driver", storageDriver] }
        return words
    }

    /// `$DOCKER_CONFIG`, else `~/.docker`: credentials that `docker login` left are found there.
    private static var standardConfig: String {
        if let path = getenv("DOCKER_CONFIG").map({ String(cString: $0) }), !path.isEmpty { return path }
        return (getenv("HOME").map { String(cString: $0) } ?? "") + "/.docker"
    }

    private static let noDaemon = "there is no daemon to connect to: apus runs containers itself, on this machine"

    /// The grammar of the words before the verb.
    static let syntax = CommandSyntax(
        summary: "Run containers without root and without a daemon",
        usage: ["[OPTIONS] COMMAND"],
        flags: [
            Flag("config", nil, .string, "Directory of the client's configuration files (default \"~/.docker\")"),
            Flag("context", "c", .string, "", refused: noDaemon),
            Flag("debug", "D", .bool, "Print debugging messages"),
            Flag("host", "H", .list, "", refused: noDaemon),
            Flag(
                "log-level", "l", .string,
                "Least severe messages to print (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")",
                defaultValue: "info"),
            Flag("root", nil, .string, "Directory of images and containers"),
            Flag("runroot", nil, .string, "Directory of the state of running containers", aliases: ["run-root"]),
            Flag(
                "storage-driver", nil, .string,
                "What new containers' root file systems are mounted with (\"overlay2\", \"fuse-overlayfs\", \"vfs\"; default: the first of them that works)"
            ),
            Flag("tls", nil, .bool, "", refused: noDaemon),
            Flag("tlscacert", nil, .string, "", refused: noDaemon),
            Flag("tlscert", nil, .string, "", refused: noDaemon),
            Flag("tlskey", nil, .string, "", refused: noDaemon),
            Flag("tlsverify", nil, .bool, "", refused: noDaemon),
            Flag("version", "v", .bool, "Print the version and quit"),
        ],
        isInterspersed: false)
}
