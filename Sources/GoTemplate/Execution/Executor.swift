import Bytes

/// Walks a template's nodes.
struct Executor {
    private enum Flow { case normal, leave, next }

    /// Where an error is reported: the position and text of the node at work.
    private struct Place {
        var position: Int
        var source: String
    }

    private let template: Template
    private let missingKey: Template.MissingKey
    private let functions: [String: Function]
    private var output = ""
    private var variables: [(name: String, value: TemplateValue)] = []
    private var definition: String
    private var depth = 0

    init(template: Template, missingKey: Template.MissingKey, functions: [String: Function]) {
        self.template = template
        self.missingKey = missingKey
        self.functions = functions
        definition = template.name
    }

    mutating func run(_ value: TemplateValue) throws(TemplateError) -> String {
        variables = [("$", value)]
        _ = try list(template.definitions[template.name] ?? [], value)
        return output
    }

    private func failure(_ message: String, _ place: Place) -> TemplateError {
        let before = Array(template.source.utf8.prefix(place.position))
        let line = before.count { $0 == 10 } + 1
        let column = before.lastIndex(of: 10).map { before.count - $0 - 1 } ?? before.count
        return TemplateError(
            "template: \(template.name):\(line):\(column): executing \(quoted(definition)) at <\(place.source)>: \(message)"
        )
    }

    private func place(_ operand: Operand) -> Place { Place(position: operand.position, source: operand.source) }
    private func place(_ command: Command) -> Place { Place(position: command.position, source: command.source) }

    // MARK: Nodes

    private mutating func list(_ nodes: [Node], _ dot: TemplateValue) throws(TemplateError) -> Flow {
        for node in nodes {
            let flow = try self.node(node, dot)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private mutating func node(_ node: Node, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        switch node {
        case .text(let text): output += text
        case .action(let pipeline):
            let value = try evaluate(pipeline, dot)
            if pipeline.variables.isEmpty { output += value.printed }
        case .condition(let branch): return try self.branch(branch, dot, changesDot: false)
        case .with(let branch): return try self.branch(branch, dot, changesDot: true)
        case .range(let branch): return try range(branch, dot)
        case .call(let name, let pipeline, let position): try call(name, pipeline, position, dot)
        case .leave: return .leave
        case .next: return .next
        }
        return .normal
    }

    private mutating func branch(
        _ branch: Branch, _ dot: TemplateValue, changesDot: Bool
    ) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        let value = try evaluate(branch.pipeline, dot)
        if value.isTrue { return try list(branch.body, changesDot ? value : dot) }
        return try list(branch.otherwise, dot)
    }

    private mutating func range(_ branch: Branch, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        let value = try evaluate(branch.pipeline, dot)
        let elements: [(key: TemplateValue, value: TemplateValue)]
        switch value.plain {
        case .list(let values): elements = values.enumerated().map { (.int(Int64($0.offset)), $0.element) }
        case .map(let map): elements = map.sorted.map { (.string($0.key), $0.value) }
        case .int(let count) where count <= 0: elements = []
        case .int(let count): elements = (0..<count).map { (.int($0), .int($0)) }
        case .null, .absent: elements = []
        default:
            throw failure(
                "range can't iterate over \(value.text)",
                Place(position: branch.pipeline.position, source: branch.pipeline.source))
        }
        if elements.isEmpty { return try list(branch.otherwise, dot) }
        let names = branch.pipeline.variables
        let inner = variables.count
        for element in elements {
            if let last = names.last { assign(last, element.value, branch.pipeline.isAssignment) }
            if names.count > 1 { assign(names[0], element.key, branch.pipeline.isAssignment) }
            let flow = try list(branch.body, element.value)
            variables.removeSubrange(inner...)
            if flow == .leave { break }
        }
        return .normal
    }

    private mutating func call(
        _ name: String, _ pipeline: Pipeline?, _ position: Int, _ dot: TemplateValue
    ) throws(TemplateError) {
        let place = Place(
            position: position, source: "{{template \(quoted(name))\(pipeline.map { " " + $0.source } ?? "")}}")
        guard let nodes = template.definitions[name] else {
            throw failure("template \(quoted(name)) not defined", place)
        }
        guard depth < 500 else { throw failure("exceeded maximum template depth (500)", place) }
        let value = try pipeline.map { pipeline throws(TemplateError) in try evaluate(pipeline, dot) } ?? .null
        let (outerVariables, outerDefinition) = (variables, definition)
        variables = [("$", value)]
        definition = name
        depth += 1
        _ = try list(nodes, value)
        depth -= 1
        (variables, definition) = (outerVariables, outerDefinition)
    }

    private mutating func assign(_ name: String, _ value: TemplateValue, _ isAssignment: Bool) {
        if isAssignment, let index = variables.lastIndex(where: { $0.name.isSame(as: name) }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
    }

    // MARK: Pipelines and commands

    private mutating func evaluate(_ pipeline: Pipeline, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot, final: value) }
        let result = value ?? .null
        for name in pipeline.variables { assign(name, result, pipeline.isAssignment) }
        return result
    }

    private mutating func evaluate(
        _ command: Command, _ dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        let first = command.operands[0]
        let arguments = Array(command.operands.dropFirst())
        switch first.kind {
        case .field(let names): return try fields(names, of: dot, first, arguments, final, dot)
        case .chain(let base, let names):
            if case .null = base.kind {
                throw failure("indirection through explicit nil in \(first.source)", place(first))
            }
            return try fields(names, of: try evaluate(operand: base, dot), first, arguments, final, dot)
        case .variable(let names):
            let value = variable(names[0])
            if names.count > 1 { return try fields(Array(names.dropFirst()), of: value, first, arguments, final, dot) }
            try refuseArguments(first, arguments, final)
            return value
        case .function(let name): return try function(name, command, arguments, final, dot)
        case .null: throw failure("nil is not a command", place(first))
        default:
            try refuseArguments(first, arguments, final)
            return try evaluate(operand: first, dot)
        }
    }

    private func refuseArguments(
        _ first: Operand, _ arguments: [Operand], _ final: TemplateValue?
    ) throws(TemplateError) {
        if !arguments.isEmpty || final != nil {
            throw failure("can't give argument to non-function \(first.source)", place(first))
        }
    }

    private func variable(_ name: String) -> TemplateValue {
        variables.last { $0.name.isSame(as: name) }?.value ?? .null
    }

    private mutating func evaluate(operand: Operand, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch operand.kind {
        case .dot: return dot
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let value): return .string(value)
        case .pipeline(let pipeline): return try evaluate(pipeline, dot)
        case .field, .variable, .function, .chain:
            return try evaluate(Command(position: operand.position, operands: [operand]), dot, final: nil)
        }
    }

    // MARK: Fields

    private mutating func fields(
        _ names: [String], of receiver: TemplateValue, _ operand: Operand, _ arguments: [Operand],
        _ final: TemplateValue?, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        var value = receiver
        for name in names.dropLast() {
            value = try field(name, of: value, operand, [], nil, dot)
            // What Docker says of a member that its JSON leaves out.
            if case .absent = value.plain, missingKey == .error {
                throw failure("map has no entry for key \(quoted(name))", place(operand))
            }
        }
        return try field(names[names.count - 1], of: value, operand, arguments, final, dot)
    }

    private mutating func field(
        _ name: String, of receiver: TemplateValue, _ operand: Operand, _ arguments: [Operand],
        _ final: TemplateValue?, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        let hasArguments = !arguments.isEmpty || final != nil
        switch receiver.plain {
        case .record(let record):
            if let method = record.methods.first(where: { $0.name == name }) {
                var values: [TemplateValue] = []
                for argument in arguments { values.append(try evaluate(operand: argument, dot)) }
                if let final { values.append(final) }
                do throws(TemplateError) { return try method.call(values) } catch {
                    throw failure(error.message, place(operand))
                }
            }
            guard let value = record[name] ?? record.missing else { break }
            if hasArguments {
                // Docker's lists have methods without parameters where we have fields.
                let count = arguments.count + (final == nil ? 0 : 1)
                throw failure("wrong number of args for \(name): want 0 got \(count)", place(operand))
            }
            return value
        case .map(let map):
            if hasArguments { throw failure("\(name) is not a method but has arguments", place(operand)) }
            if let value = map[name] { return value }
            if map.kind == .structure, let other = GoNames.inJSON[name], let value = map[other] { return value }
            if missingKey == .error, map.kind != .dictionary {
                throw failure("map has no entry for key \(quoted(name))", place(operand))
            }
            return .null
        case .absent where missingKey == .error:
            // What Docker says of a member that its JSON leaves out.
            throw failure("map has no entry for key \(quoted(name))", place(operand))
        case .null, .absent: throw failure("nil pointer evaluating interface {}.\(name)", place(operand))
        default: break
        }
        throw failure("can't evaluate field \(name) in type \(receiver.typeName)", place(operand))
    }

    // MARK: Functions

    private mutating func function(
        _ name: String, _ command: Command, _ arguments: [Operand], _ final: TemplateValue?, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        if name == "and" || name == "or" { return try choose(name, command, arguments, final, dot) }
        guard let function = functions[name] else {
            throw failure("\(quoted(name)) is not a defined function", place(command.operands[0]))
        }
        let count = arguments.count + (final == nil ? 0 : 1)
        if function.rest != nil, count < function.parameters.count {
            throw failure(
                "wrong number of args for \(name): want at least \(function.parameters.count) got \(count)",
                place(command.operands[0]))
        }
        if function.rest == nil, count != function.parameters.count {
            throw failure(
                "wrong number of args for \(name): want \(function.parameters.count) got \(count)",
                place(command.operands[0]))
        }
        func parameter(_ index: Int) -> Function.Parameter {
            index < function.parameters.count ? function.parameters[index] : function.rest ?? .any
        }
        var values: [TemplateValue] = []
        for (index, argument) in arguments.enumerated() {
            var value = try evaluate(operand: argument, dot)
            if name != "json" { value = value.plain }
            try check(value, parameter(index), argument)
            values.append(value)
        }
        if let last = final {
            let final = name == "json" ? last : last.plain
            try check(final, parameter(values.count), command.operands[0])
            values.append(final)
        }
        if name == "call" {
            let (source, type) = (arguments.first?.source ?? "nil", values[0].typeName)
            throw failure("error calling call: non-function \(source) of type \(type)", place(command))
        }
        do throws(Function.Failure) { return try function.call(values) } catch {
            throw failure("error calling \(name): \(error.message)", place(command))
        }
    }

    /// Refuses a value that is not of the parameter's type.
    private func check(
        _ value: TemplateValue, _ parameter: Function.Parameter, _ operand: Operand
    ) throws(TemplateError) {
        let expected: String
        switch (parameter, value) {
        case (.any, _), (.string, .string), (.int, .int): return
        case (.texts, .list(let values)) where values.allSatisfy({ if case .string = $0 { true } else { false } }):
            return
        case (.texts, .null), (.texts, .absent): return
        case (.string, _): expected = "string"
        case (.int, _): expected = "int"
        case (.texts, _): expected = "[]string"
        }
        switch operand.kind {
        case .bool, .int, .double, .string, .null:
            throw failure(
                "expected \(expected == "int" ? "integer" : expected); found \(operand.source)", place(operand))
        default: break
        }
        if case .null = value { throw failure("invalid value; expected \(expected)", place(operand)) }
        throw failure("wrong type for value; expected \(expected); got \(value.typeName)", place(operand))
    }

    /// `and` and `or` stop at the first argument that decides.
    private mutating func choose(
        _ name: String, _ command: Command, _ arguments: [Operand], _ final: TemplateValue?, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        if arguments.isEmpty && final == nil {
            throw failure("wrong number of args for \(name): want at least 1 got 0", place(command.operands[0]))
        }
        var value = TemplateValue.null
        for argument in arguments {
            value = try evaluate(operand: argument, dot)
            if value.isTrue == (name == "or") { return value }
        }
        return final ?? value
    }
}
