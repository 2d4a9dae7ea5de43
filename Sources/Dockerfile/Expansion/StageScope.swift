import Bytes

/// The variables at one place of a stage: those of the image it is based on, of ENV and of ARG, as BuildKit has them: the later one
/// counts, whichever it is, and a stage that is based on another has that one's arguments, too.
package struct StageScope: Sendable {
    /// What expansions see.
    package private(set) var variables: Variables
    /// What the image's configuration has: the base's, and ENV's.
    package private(set) var environment: Variables
    /// The arguments that ARG named so far, with their values: what RUN has in its environment beside ENV's. Proxies that ARG did
    /// not name are not here.
    package private(set) var arguments = Variables()
    /// The arguments that ARG named so far and that have no value.
    package private(set) var valueless: [String] = []

    private let global: GlobalScope
    private let escape: UInt8

    /// What an image without any variable has: BuildKit's default for Linux.
    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// At the beginning of a stage that is based on an image with `environment` ("NAME=value"), or on "scratch" with none.
    package init(environment: [String], _ global: GlobalScope, escape: UInt8) {
        var base = Variables(entries: environment)
        if base["PATH"] == nil { base["PATH"] = Self.defaultPath }
        self.init(base: base, global, escape)
    }

    private init(base: Variables, _ global: GlobalScope, _ escape: UInt8) {
        variables = base
        environment = base
        self.global = global
        self.escape = escape
    }

    /// At the beginning of a stage that is based on the stage at whose end `base` is.
    package init(after base: StageScope) {
        self = base
    }

    /// Expands what `instruction` says, and takes over what ENV and ARG set. Throws BuildKit's sentence and the instruction's lines.
    package mutating func apply(_ instruction: Instruction) throws(DockerfileError) -> ExpandedInstruction {
        var result = ExpandedInstruction(instruction)
        do throws(ExpansionError) {
            if case .arg(let definitions) = instruction.action {
                result.action = .arg(try define(definitions, &result))
            } else {
                try result.expand(variables, escape)
            }
        } catch {
            throw DockerfileError(error.description, [instruction.lines])
        }
        if case .env(let pairs) = result.action {
            for pair in pairs {
                variables[pair.key] = pair.value
                environment[pair.key] = pair.value
            }
        }
        try variables.checkSize(instruction.lines)
        return result
    }

    // Each sees those in front of it. A default is not looked at where a value is given.
    private mutating func define(
        _ definitions: [ArgumentDefinition], _ result: inout ExpandedInstruction
    ) throws(ExpansionError) -> [ArgumentDefinition] {
        var defined: [ArgumentDefinition] = []
        for definition in definitions {
            var value = global.arguments.given[definition.name]
            if value == nil, let text = definition.value { value = try result.expand(text, variables, escape) }
            if value == nil { value = global.variables[definition.name] }
            defined.append(ArgumentDefinition(name: definition.name, value: value, comment: definition.comment))
            valueless.removeAll { $0.isSame(as: definition.name) }
            if let value {
                arguments[definition.name] = value
                if !BuildArguments.isForScanner(definition.name) { variables[definition.name] = value }
            } else {
                // A value from before, by the stage or by the image, stays.
                valueless.append(definition.name)
            }
        }
        return defined
    }
}
