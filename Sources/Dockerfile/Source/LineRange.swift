/// Lines of a Dockerfile, the first of which has the number 1; both ends belong to it.
package struct LineRange: Hashable, Sendable {
    /// The first line.
    package let first: Int
    /// The last line, not in front of the first.
    package let last: Int

    /// From `first` to `last`; one line where `last` is in front of `first`.
    package init(_ first: Int, _ last: Int) {
        self.first = first
        self.last = max(first, last)
    }

    /// Whether the line `number` is one of them.
    package func contains(_ number: Int) -> Bool { number >= first && number <= last }
}
