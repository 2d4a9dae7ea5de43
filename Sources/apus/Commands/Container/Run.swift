import Bytes
import ContainerSpec
import Engine
import Errors
import Flags
import Glibc
import Images
import Linux
import OCI
import Rendering
import Store
import Supervision

extension Verb {
    static let run = Verb(
        id: "container run",
        syntax: CommandSyntax(
            summary: "Create and run a new container from an image",
            usage: ["[OPTIONS] IMAGE [COMMAND] [ARG...]"],
            flags: RunFlags.shared + RunFlags.ofRun,
            arguments: .atLeast(1), isInterspersed: false),
        failureStatus: 125, ahead: Run.begin
    ) { parsed, context in try Run.run(parsed, context) }
}

/// `apus run`. Until the supervisor is forked the process has one thread, and nothing of Foundation is touched: both
/// cost milliseconds, and memory in every supervisor.
enum Run {
    /// Begins what takes the kernel longest, whatever `words` say.
    static func begin(_ words: [String], _ context: inout Context) {
        guard let paths = try? context.locateStore() else { return }
        context.paths = paths
        context.beginning = Beginning(paths, makesNetwork: !words.contains(where: mayNameOtherNetwork))
    }

    // A guess: the words of the image and of its command are among them.
    private static func mayNameOtherNetwork(_ word: String) -> Bool {
        let value = word.utf8.lastIndex(of: UInt8(ascii: "=")).map { String(word.behind($0)) } ?? word
        return (try? NetworkMode(option: value))?.isOwn == false
    }

    static func run(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        defer { unsetenv(startedOver) }
        var options = try RunOptionReader.options(
            parsed, directory: workingDirectory(), caller: variable)
        addProxies(&options, context)
        let keys = context.configuration.detachKeys
        if options.detachKeys == nil, !keys.isEmpty { options.detachKeys = keys }
        if !options.rootfs { options.image = try TypedName.expanded(options.image) }
        let client = try clientOptions(options)
        let engine = try context.engine()
        let record = options.rootfs ? nil : try image(options, engine, context)
        try findMountedImages(&options, engine, context)
        try context.output.flush()
        var container = try start(options, record, client, engine, context.beginning)
        for warning in container.warnings { context.warn(warning) }
        RestartNotice.warn(options, engine, context)
        if options.detach {
            // Also where it does not start: there is a container then.
            try context.output.line(container.id)
            guard let early = container.awaitStart() else { return 0 }
            return try SessionFlags.status(of: early, failure: nil)
        }
        return try SessionFlags.status(of: container.attach(), failure: nil)
    }

    /// Adds the variables of the configuration's proxies that the user did not set.
    static func addProxies(_ options: inout RunOptions, _ context: Context) {
        for variable in context.configuration.proxyVariables
        where !options.env.contains(where: { $0.until("=").isSame(as: variable.until("=")) }) {
            options.env.append(variable)
        }
    }

    // A supervisor that has given up by the time that its container's record is written says by that why.
    private static func start(
        _ options: RunOptions, _ record: LaunchRecord?, _ client: AttachedClient.Options, _ engine: Engine,
        _ beginning: Beginning?
    ) throws -> StartingContainer {
        do throws(EngineError) {
            return try engine.start(options, image: record, client: client, lingering: lingering, begun: beginning)
        } catch {
            if case .start(let code) = error.kind { throw CommandFailure(error.message, status: code) }
            throw CommandFailure(error.message, status: status(of: error.message))
        }
    }

    // Docker's client tells what became of a start by the system's words in the message, whatever they are about.
    private static func status(of message: String) -> CInt {
        func has(_ words: String) -> Bool { message.contains(bytesOf: words) }
        if has("opening seccomp profile") { return 125 }
        if has("no such file or directory") { return 127 }
        return has("permission denied") || has("is a directory") ? 126 : 125
    }

    private static func clientOptions(_ options: RunOptions) throws -> AttachedClient.Options {
        var client = AttachedClient.Options(.standard)
        let all = options.attach.isEmpty
        // -i attaches the input whatever -a names.
        client.input = options.openStdin && !options.detach
        client.output = all || options.attach.contains(.stdout)
        client.errorOutput = all || options.attach.contains(.stderr)
        client.terminal = options.tty
        client.signalProxy = options.sigProxy
        // A container in the background has nobody who could press them.
        if let keys = options.detachKeys, !options.detach {
            guard DetachKeys(keys) != nil else {
                throw CommandFailure("Invalid escape keys (\(keys)) provided", status: 1)
            }
            client.detachKeys = keys
        }
        if client.input, options.tty, !Terminal.isTerminal(0) {
            throw CommandFailure("the input device is not a TTY", status: 1)
        }
        // Behind the start there is nothing to do but for who returns at once, and who is told of what it cannot keep.
        if !options.detach, !RestartNotice.concerns(options) {
            let lost = SessionFlags.lost
            client.departure = Departure(
                program: Context.program, verb: LastWords.verb, lost: lost.message, lostCode: lost.status)
        }
        return client
    }

    // MARK: the image

    /// The launch record of the image, of which the options have the full name where it has an alias; it is pulled where it is missing. `startsOver`: where JSON was read for it, the
    /// process begins again (see `startOver`). `failure` is the exit code where there is none.
    static func image(
        _ options: RunOptions, _ engine: Engine, _ context: Context, startsOver: Bool = true, failure: CInt = 125
    ) throws -> LaunchRecord {
        if options.pullPolicy == .always {
            context.beginning?.finish()
            try pull(options, context, failure: failure)
        } else if let record = engine.launchRecord(for: options) {
            return record
        }
        // Who pulls forks, and who has read JSON begins again.
        context.beginning?.finish()
        do throws(StoreError) {
            _ = try engine.images.makeLaunchRecord(for: options.image, platform: options.platform)
        } catch {
            switch error {
            case .unknownImage: break
            // One that is here for another platform alone is fetched as a missing one is.
            case .otherPlatform where options.pullPolicy == .missing: break
            default: throw EngineError(error)
            }
            let reference = try Reference(options.image)
            guard options.pullPolicy == .missing else {
                throw CommandFailure(
                    "No such image: \(reference.familiar)", status: failure)
            }
            if !options.quiet { try context.errors.line("Unable to find image '\(reference.familiar)' locally") }
            try pull(options, context, failure: failure)
        }
        let record = try engine.prepareLaunch(options.image, platform: options.platform)
        if startsOver { startOver(options) }
        return record
    }

    /// Finds the images that are to be mounted beside the container's own (`--mount type=image`), which are pulled where
    /// they are missing, as that is. Throws as `image` does.
    static func findMountedImages(
        _ options: inout RunOptions, _ engine: Engine, _ context: Context, startsOver: Bool = true,
        failure: CInt = 125
    ) throws {
        for place in options.mounts.indices {
            guard case .image(var mounted) = options.mounts[place].kind else { continue }
            var other = options
            mounted.source = try TypedName.expanded(mounted.source)
            other.image = mounted.source
            // It is the container's own image that is to be the newest.
            if other.pullPolicy == .always { other.pullPolicy = .missing }
            let record = try image(other, engine, context, startsOver: startsOver, failure: failure)
            mounted.id = record.imageID
            mounted.layers = record.layers
            options.mounts[place].kind = .image(mounted)
        }
    }

    private static let startedOver = "APUS_STARTED_OVER"

    /// Begins again with the record that is there now: what JSON and the pull have left in this process's memory,
    /// the supervisor would keep as long as the container lives. Returns where that cannot be.
    private static func startOver(_ options: RunOptions) {
        // With --pull=always it would pull again.
        guard getenv(startedOver) == nil, options.pullPolicy != .always else { return }
        setenv(startedOver, "1", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }

    // A process of its own: the registry's client has threads, and a process with threads cannot be forked into a
    // supervisor.
    private static func pull(_ options: RunOptions, _ context: Context, failure: CInt) throws {
        var arguments = context.options.arguments + ["pull"]
        if options.quiet { arguments.append("--quiet") }
        if let platform = options.platform { arguments += ["--platform", platform] }
        // With its tag, so that nothing is said of the standard one; and in full, so that no alias is looked for again.
        arguments.append(try Reference(options.image).description)
        // In this process group, so that Ctrl-C ends it; what it prints is not the container's output.
        let child = try fork {
            dup2(2, 1)
            var pointers: [UnsafeMutablePointer<CChar>?] = ([Context.program] + arguments).map { strdup($0) }
            pointers.append(nil)
            execv("/proc/self/exe", pointers)
            return 125
        }
        let status = try waitForExit(of: child)
        guard status == .exited(code: 0) else { throw CommandFailure("", status: failure) }
    }

    // MARK: the caller

    static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static var lingering: Int { variable("APUS_LINGER").flatMap { Int($0) } ?? Linger.standard }
}
