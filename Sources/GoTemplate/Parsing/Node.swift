import Bytes

/// The parts of a parsed template. Positions are bytes from the template's start, for error messages.
indirect enum Node: Sendable {
    case text(String)
    case action(Pipeline)
    case condition(Branch)
    case with(Branch)
    case range(Branch)
    case call(name: String, pipeline: Pipeline?, position: Int)
    case leave
    case next
}

/// `if`, `with` or `range` with both lists.
struct Branch: Sendable {
    let pipeline: Pipeline
    let body: [Node]
    let otherwise: [Node]
}

/// Commands of which each gets the value of the one before it as its last argument.
struct Pipeline: Sendable {
    let position: Int
    /// Names with their dollar sign.
    let variables: [String]
    /// `=` rather than `:=`.
    let isAssignment: Bool
    let commands: [Command]

    var source: String {
        let head = variables.isEmpty ? "" : variables.joined(separator: ", ") + (isAssignment ? " = " : " := ")
        return head + commands.map(\.source).joined(separator: " | ")
    }
}

/// An operand, or a function or method with its arguments.
struct Command: Sendable {
    let position: Int
    let operands: [Operand]

    var source: String {
        operands.map { operand in
            if case .pipeline = operand.kind { return "(" + operand.source + ")" }
            return operand.source
        }.joined(separator: " ")
    }
}

/// One word of a command.
struct Operand: Sendable {
    indirect enum Kind: Sendable {
        case dot
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        /// `.A.B`
        case field([String])
        /// `$x.A.B`: the variable first.
        case variable([String])
        case function(String)
        case pipeline(Pipeline)
        /// `(…).A.B`
        case chain(Operand, [String])
    }

    let kind: Kind
    let position: Int
    /// How a literal was written.
    let literal: String

    init(_ kind: Kind, _ position: Int, literal: String = "") {
        self.kind = kind
        self.position = position
        self.literal = literal
    }

    /// The operand as error messages show it.
    var source: String {
        switch kind {
        case .dot: "."
        case .null: "nil"
        case .bool(let value): value ? "true" : "false"
        case .int, .double, .string: literal
        case .field(let names): names.map { ".\($0)" }.joined()
        case .variable(let names): names.joined(separator: ".")
        case .function(let name): name
        case .pipeline(let pipeline): pipeline.source
        case .chain(let base, let names):
            if case .pipeline = base.kind {
                "(\(base.source))" + names.map { ".\($0)" }.joined()
            } else {
                base.source + names.map { ".\($0)" }.joined()
            }
        }
    }
}
