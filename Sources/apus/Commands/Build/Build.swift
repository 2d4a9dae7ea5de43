import Build
import BuildDisplay
import Bytes
import DockerTypes
import Engine
import Errors
import Flags
import Glibc
import Images
import Linux
import OCI

extension Verb {
    static let build = Verb(
        id: "image build",
        syntax: CommandSyntax(
            summary: "Build an image from a Dockerfile", usage: ["[OPTIONS] PATH | URL | -"], flags: BuildFlags.all,
            arguments: .exactly(1), completion: .files)
    ) { parsed, context in try BuildCommand.run(parsed, context) }
}

/// `apus build`.
enum BuildCommand {
    static func run(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        var reader = BuildOptionReader(parsed: parsed, directory: Run.workingDirectory(), caller: Run.variable)
        reader.proxies = context.configuration.proxyVariables
        reader.isTerminal = Terminal.isTerminal(STDOUT_FILENO)
        let pulling = PullOptions(configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
        // Before there is any other thread, which would not have them blocked.
        let signals = try BuildSignals()
        try signals.watch()
        let invocation: BuildInvocation
        do {
            invocation = try reader.read(pulling: pulling) { try BuildStandardInput.read(signals.cancellation) }
        } catch let error as OptionError {
            let status = try said(error, context)
            return signals.status ?? status
        }
        let engine = try context.engine()
        if invocation.call.method != .build {
            return try BuildCallCommand(invocation: invocation, engine: engine, signals: signals, context: context)
                .run()
        }
        return try build(invocation, engine, signals, context)
    }

    private static func build(
        _ invocation: BuildInvocation, _ engine: Engine, _ signals: BuildSignals, _ context: Context
    ) throws -> CInt {
        // One of another build would be taken for this one's, should this one fail.
        if let path = invocation.imageIDFile {
            do throws(SystemError) { try Files.unlink(path) } catch  where error.errno != .noEntry {
                return try complain("removing image ID file: \(error)", context)
            } catch {}
            do throws(SystemError) { try BuildDestination.file(path).check() } catch {
                return try complain("writing image ID file: open \(path): \(error.errno)", context)
            }
        }
        if let path = invocation.metadataFile {
            do throws(SystemError) { try BuildDestination.file(path).check() } catch {
                return try complain(BuildMetadata.complaint(error, path), context)
            }
        }
        let display: BuildDisplay
        do throws(EngineError) {
            display = try BuildDisplay(
                mode: invocation.progress, to: STDERR_FILENO, expandsWarnings: context.options.logLevel <= .debug)
        } catch { return try complain(error.message, context) }
        let result: BuildResult
        do throws(BuildError) {
            result = try engine.build(invocation.request, cancellation: signals.cancellation) { display.show($0) }
        } catch {
            display.finish(error: error)
            return signals.status ?? 1
        }
        display.finish(error: nil)
        return try conclude(invocation, result, context)
    }

    private static func conclude(
        _ invocation: BuildInvocation, _ result: BuildResult, _ context: Context
    ) throws -> CInt {
        let id = result.imageID?.description ?? ""
        if let path = invocation.imageIDFile {
            do throws(SystemError) { try Files.write(Array(id.utf8), to: path) } catch {
                return try complain("writing image ID file: open \(path): \(error.errno)", context)
            }
        }
        if let path = invocation.metadataFile {
            do throws(SystemError) { try BuildMetadata.write(BuildMetadata.document(result), to: path) } catch {
                return try complain(BuildMetadata.complaint(error, path), context)
            }
        }
        // Behind an archive a line would be a part of it.
        if invocation.isQuiet, !invocation.plan.usesStandardOutput { try context.output.line(id) }
        return 0
    }

    /// Prints what is wrong with the command line, in buildx's form. Returns the exit code.
    static func said(_ error: OptionError, _ context: Context) throws -> CInt {
        try complain((error.isOfCommandLine ? "" : "failed to build: ") + error.description, context)
    }

    /// Prints "ERROR: message". Returns the exit code.
    static func complain(_ message: String, _ context: Context) throws -> CInt {
        try context.errors.line("ERROR: \(VisibleText.escaped(message))")
        return 1
    }
}
