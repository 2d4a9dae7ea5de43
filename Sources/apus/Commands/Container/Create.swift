import ContainerSpec
import Engine
import Errors
import Flags
import Images

extension Verb {
    static let create = Verb(
        id: "container create",
        syntax: CommandSyntax(
            summary: "Create a new container", usage: ["[OPTIONS] IMAGE [COMMAND] [ARG...]"],
            flags: RunFlags.shared, arguments: .atLeast(1), isInterspersed: false),
        failureStatus: 1
    ) { parsed, context in
        var options: RunOptions
        do {
            options = try RunOptionReader.options(
                parsed, directory: Run.workingDirectory(), caller: Run.variable)
        } catch let error as OptionError where error.isOfCommandLine {
            throw CommandFailure(error.description, status: 125)
        }
        Run.addProxies(&options, context)
        if !options.rootfs { options.image = try TypedName.expanded(options.image) }
        let engine = try context.engine()
        let record = options.rootfs ? nil : try Run.image(options, engine, context, startsOver: false, failure: 1)
        try Run.findMountedImages(&options, engine, context, startsOver: false, failure: 1)
        let container: CreatedContainer
        do throws(EngineError) { container = try engine.create(options, image: record) } catch {
            if case .start(let code) = error.kind { throw CommandFailure(error.message, status: code) }
            throw error
        }
        for warning in container.warnings { context.warn(warning) }
        RestartNotice.warn(options, engine, context)
        try? context.output.line(container.id)
        return 0
    }
}
