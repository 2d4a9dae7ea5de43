import Bytes
package import Errors

/// Sizes in bytes with Docker's units; see `goByteSize`.
package enum ByteSize {
    /// The number of bytes that `text` says. Throws `OptionError` for anything else, a negative number included.
    package static func parse(_ text: String) throws(OptionError) -> Int64 {
        do throws(GoByteSizeFailure) { return try goByteSize(text) } catch {
            throw OptionError("invalid size: '\(text)'")
        }
    }
}
