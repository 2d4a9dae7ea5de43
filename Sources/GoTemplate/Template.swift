import Bytes

/// A parsed template of Go's text/template, with the functions that Docker's `--format` has.
package struct Template: Sendable {
    /// What a field that a map does not have gives.
    package enum MissingKey: Sendable {
        /// "<no value>".
        case noValue
        /// An error, as `docker inspect` has it.
        case error
    }

    let name: String
    let source: String
    let definitions: [ByteKey: [Node]]

    /// Parses `source`. `name` is what error messages call the template; Docker mostly leaves it empty.
    /// Throws `TemplateError`.
    package init(_ source: String, name: String = "") throws(TemplateError) {
        self.name = name
        self.source = source
        self.definitions = try Parser.parse(source, name: name)
    }

    /// Executes the template on `value`. `isHeader` makes the text functions leave their argument as it is, which
    /// is how Docker makes the header line of a table. Throws `TemplateError`.
    package func execute(
        _ value: TemplateValue, missingKey: MissingKey = .noValue, isHeader: Bool = false
    ) throws(TemplateError) -> String {
        var executor = Executor(
            template: self, missingKey: missingKey, functions: isHeader ? Functions.header : Functions.table)
        return try executor.run(value)
    }
}
