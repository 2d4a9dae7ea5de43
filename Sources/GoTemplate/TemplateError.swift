/// A template that cannot be parsed or executed, with Go's message.
package struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// "template: NAME:LINE: …" of the parser, "template: NAME:LINE:COLUMN: executing …" of the executor.
    package let message: String

    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
