import Bytes
import DockerTypes
import Flags
import Glibc
import Linux
import Supervision

/// Finds the verb of a command line and runs it.
enum Dispatch {
    /// Runs the command of `arguments` (without the program's name) and returns the process's exit status.
    static func run(_ arguments: [String]) -> CInt {
        // Mostly there is no word before the verb, whose grammar would be set up for nothing.
        if let first = arguments.first, !first.begins(with: "-") {
            return run(GlobalOptions()) { try dispatch(first, withoutFirst(arguments), $0) }
        }
        let errors = Output.standardError
        let globals: ParsedArguments
        do throws(UsageError) {
            globals = try GlobalOptions.syntax.parse(arguments, path: Context.program)
        } catch {
            try? errors.write(
                error.report(program: Context.program, path: Context.program, usage: ["[OPTIONS] COMMAND [ARG...]"]))
            return error.exitCode
        }
        for warning in globals.warnings { try? errors.line(warning) }
        if let level = globals.string("log-level"), GlobalOptions.LogLevel(level) == nil {
            try? errors.line("Unable to parse logging level: \(level)")
            return 1
        }
        return run(GlobalOptions(globals)) { try dispatch(globals, $0) }
    }

    private static func run(_ options: GlobalOptions, _ body: (Context) throws -> CInt) -> CInt {
        let context = Context(options: options)
        if let problem = context.configuration.problem { try? context.errors.line("WARNING: \(problem)") }
        return ended(context, failureStatus: 1) { try body(context) }
    }

    private static func dispatch(_ globals: ParsedArguments, _ context: Context) throws -> CInt {
        // Of `apus --help ps` Docker shows the verb's.
        if globals.isHelpRequested {
            guard let first = globals.positionals.first else { return try Help.program(context, context.output) }
            return try dispatch(first, ["--help"] + withoutFirst(globals.positionals), context)
        }
        if globals.bool("version") {
            try context.output.line("\(Context.program) version \(VersionInfo.number)")
            return 0
        }
        // Nobody asked for it: an explanation, on the stream of explanations.
        guard let first = globals.positionals.first else { return try Help.program(context, context.errors) }
        return try dispatch(first, withoutFirst(globals.positionals), context)
    }

    private static func dispatch(_ first: String, _ rest: [String], _ context: Context) throws -> CInt {
        if let place = CommandTable.find(nil, first) { return run(place, rest, context) }
        guard let noun = CommandTable.nouns.first(where: { $0.name == first }) else {
            try context.errors.write(
                "\(Context.program): unknown command: \(Context.program) \(first)\n\nRun '\(Context.program) --help' for more information\n"
            )
            return 1
        }
        return try run(noun, rest, context)
    }

    // A slice that becomes an array would be code of the standard library that nobody specialised: a start would look
    // through every protocol conformance of the executable for it.
    static func withoutFirst(_ words: [String]) -> [String] {
        var rest: [String] = []
        for place in 1..<max(1, words.count) { rest.append(words[place]) }
        return rest
    }

    private static func run(_ noun: Noun, _ arguments: [String], _ context: Context) throws -> CInt {
        let path = "\(Context.program) \(noun.name)"
        let syntax = CommandSyntax(summary: noun.summary, usage: ["COMMAND"], isInterspersed: false)
        let parsed: ParsedArguments
        do throws(UsageError) {
            parsed = try syntax.parse(arguments, path: path)
        } catch {
            try context.errors.write(error.report(program: Context.program, path: path, usage: []))
            return error.exitCode
        }
        if parsed.isHelpRequested { return try Help.noun(noun, context.output) }
        // Nobody asked for it: an explanation, on the stream of explanations.
        guard let name = parsed.positionals.first else { return try Help.noun(noun, context.errors) }
        guard let place = CommandTable.find(noun.name, name) else {
            if parsed.positionals.contains("--help") { return try Help.noun(noun, context.output) }
            if let verb = noun.refused.first(where: { $0.name == name }) {
                context.complain("\(noun.name) \(name) is refused: \(verb.why)")
                return 1
            }
            let error = UsageError("unknown command: \(path) \(name)", exitCode: 1)
            try context.errors.write(error.report(program: Context.program, path: path, usage: []))
            return error.exitCode
        }
        return run(place, withoutFirst(parsed.positionals), context)
    }

    private static func run(_ place: Placement, _ arguments: [String], _ context: Context) -> CInt {
        let verb = place.verb()
        var context = context
        verb.ahead?(arguments, &context)
        defer { context.beginning?.finish() }
        let path = CommandTable.fullName(place.noun, place.name)
        let parsed: ParsedArguments
        do throws(UsageError) {
            parsed = try verb.syntax.parse(arguments, path: path)
        } catch {
            try? context.errors.write(
                error.report(program: Context.program, path: path, usage: verb.syntax.usage))
            return error.exitCode
        }
        // On the output, as pflag in Docker has it: of `ps -h` it is the first line of what was asked for.
        for warning in parsed.warnings { try? context.output.line(warning) }
        return ended(context, failureStatus: verb.failureStatus, path: path, usage: verb.syntax.usage) {
            if parsed.isHelpRequested { return try Help.verb(place, context) }
            return try verb.run(parsed, context)
        }
    }

    /// Runs `body`, prints its error, and writes out what it left in the buffer.
    private static func ended(
        _ context: Context, failureStatus: CInt, path: String = Context.program, usage: [String] = [],
        _ body: () throws -> CInt
    ) -> CInt {
        func said(_ error: any Error) -> CInt {
            switch error {
            case is ClosedPipe: return 128 + SIGPIPE
            case let error as UsageError:
                try? context.errors.write(error.report(program: Context.program, path: path, usage: usage))
                return error.exitCode
            case let error as CommandFailure:
                if !error.message.isEmpty { context.complain(error.message) }
                return error.status
            default:
                context.complain("\(error)")
                return failureStatus
            }
        }
        var status: CInt
        do { status = try body() } catch { status = said(error) }
        do { try context.output.flush() } catch { status = said(error) }
        return status
    }
}
