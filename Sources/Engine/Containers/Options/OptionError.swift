/// A value that the user gave and that cannot be honoured: what, why and, where there is one, what to do instead.
package struct OptionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    /// `description` is one lowercase sentence without a full stop.
    package init(_ description: String) { self.description = description }

    /// The refusal of something that this engine does not offer yet, or not at all.
    static func refused(_ what: String, _ why: String) -> OptionError { OptionError("\(what) is refused: \(why)") }
}
