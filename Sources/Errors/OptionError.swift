/// A value that the user gave and that cannot be honoured: what, why and, where there is one, what to do instead.
package struct OptionError: KindedError, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package let kind: ErrorKind
    /// Whether Docker's client finds it out before it asks its engine for anything: exit code 125 whatever the command.
    package let isOfCommandLine: Bool

    /// `description` is one lowercase sentence without a full stop.
    package init(_ description: String, _ kind: ErrorKind = .invalid, isOfCommandLine: Bool = false) {
        self.description = description
        self.kind = kind
        self.isOfCommandLine = isOfCommandLine
    }

    /// A mistake that Docker's client finds by itself.
    package static func usage(_ description: String) -> OptionError {
        OptionError(description, isOfCommandLine: true)
    }

    /// The refusal of something that this engine does not offer yet, or not at all.
    package static func refused(_ what: String, _ why: String) -> OptionError {
        OptionError("\(what) is refused: \(why)", .unsupported)
    }
}
