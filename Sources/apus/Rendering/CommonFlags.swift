import Flags
import GoTemplate
import Rendering

/// Flags that many commands share.
enum CommonFlags {
    /// `--format` of a command that lists things.
    static let listFormat = Flag(
        "format", nil, .string,
        """
        How to print each entry:
        'table':            A table with a header line (default)
        'table TEMPLATE':   A table whose columns the Go template names
        'json':             JSON, one object for each line
        'TEMPLATE':         What the Go template says
        """)

    /// `--format` of a command that prints objects.
    static func objectFormat(_ shorthand: Unicode.Scalar? = "f") -> Flag {
        Flag(
            "format", shorthand, .string,
            """
            How to print the result:
            'json':             JSON
            'TEMPLATE':         What the Go template says
            """)
    }

    /// `--filter`.
    static let filter = Flag("filter", "f", .filter, "Print only what satisfies the condition (key=value)")
    /// `--no-trunc`.
    static let noTrunc = Flag("no-trunc", nil, .bool, "Do not shorten texts")
}

extension Context {
    /// Prints `object` by `format` (see `ObjectFormat`) and returns the exit status. Throws for a template that cannot be
    /// parsed, with Docker's status of 64. `endsLine`: whether a line feed follows.
    func show(_ object: TemplateValue, _ format: String, name: String = "", endsLine: Bool = true) throws -> CInt {
        let (text, problem): ObjectFormat.Rendered
        do throws(TemplateError) { (text, problem) = try ObjectFormat.render(object, format, name: name) } catch {
            throw CommandFailure(error.message, status: 64)
        }
        try output.write(endsLine ? text : String(text.dropLast()))
        if let problem { throw CommandFailure(problem) }
        return 0
    }
}

extension Context {
    /// The filters of a prune, with those of the configuration. Throws `FilterError` for those that it does not know.
    func pruneFilters(_ parsed: ParsedArguments, _ keys: Set<String>) throws -> Filters {
        let own = try parsed.list("filter").compactMap { try FlagValue.filter($0) }
        return try Filters(configuration.pruneFilters(with: own), keys: keys)
    }
}

extension ParsedArguments {
    /// The filters of the command, which knows `keys`. Throws `FilterError` for others.
    func filters(_ keys: Set<String>) throws -> Filters {
        try Filters(try list("filter").compactMap { try FlagValue.filter($0) }, keys: keys)
    }
}
