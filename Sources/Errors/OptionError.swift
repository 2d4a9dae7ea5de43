/// A value that the user gave and that cannot be honoured: what, why and, where there is one, what to do instead.
package struct OptionError: KindedError, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package let kind: ErrorKind

    /// `description` is one lowercase sentence without a full stop.
    package init(_ description: String, _ kind: ErrorKind = .invalid) {
        self.description = description
        self.kind = kind
    }

    /// The refusal of something that this engine does not offer yet, or not at all.
    package static func refused(_ what: String, _ why: String) -> OptionError {
        OptionError("\(what) is refused: \(why)", .unsupported)
    }
}
