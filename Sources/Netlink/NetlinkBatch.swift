/// Messages that are sent to the kernel together.
package struct NetlinkBatch {
    /// Flags of a request (netlink(7)); NLM_F_REQUEST is always there.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// NLM_F_REPLACE
        package static let replace = Flags(rawValue: 0x100)
        /// NLM_F_EXCL
        package static let exclusive = Flags(rawValue: 0x200)
        /// NLM_F_CREATE
        package static let create = Flags(rawValue: 0x400)
        /// NLM_F_APPEND
        package static let append = Flags(rawValue: 0x800)
        /// NLM_F_ROOT | NLM_F_MATCH
        package static let dump = Flags(rawValue: 0x300)
        /// NLM_F_ACK
        static let acknowledge = Flags(rawValue: 4)
        static let request = Flags(rawValue: 1)
    }

    /// What each message that is acknowledged is about, by its sequence number: for errors.
    private(set) var subjects: [UInt32: String] = [:]
    private(set) var bytes: [UInt8] = []
    private var sequence: UInt32 = 1

    package init() {}

    /// Adds a message of `type` with the bytes of its family's header and the attributes that `body` writes. One with a
    /// `subject` is acknowledged, and its error names that.
    package mutating func add(
        _ type: UInt16, _ flags: Flags = [], header: [UInt8], _ subject: String?,
        _ body: (inout AttributeWriter) -> Void = { _ in }
    ) {
        var attributes = AttributeWriter()
        body(&attributes)
        var all = flags.union(.request)
        if let subject {
            all.insert(.acknowledge)
            subjects[sequence] = subject
        }
        let padding = [UInt8](repeating: 0, count: (4 - header.count % 4) % 4)
        append(UInt32(truncatingIfNeeded: 16 + header.count + padding.count + attributes.bytes.count))
        append(type)
        append(all.rawValue)
        append(sequence)
        append(UInt32(0))
        bytes += header
        bytes += padding
        bytes += attributes.bytes
        sequence += 1
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}

/// Writes the headers of families: numbers in the machine's order, one behind the other.
package func header(_ write: (inout HeaderWriter) -> Void) -> [UInt8] {
    var writer = HeaderWriter()
    write(&writer)
    return writer.bytes
}

/// A family's header that is being written.
package struct HeaderWriter {
    fileprivate var bytes: [UInt8] = []

    /// The next field.
    package mutating func put(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}
