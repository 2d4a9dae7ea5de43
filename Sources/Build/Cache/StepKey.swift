import Archive
import Bytes
import Linux
import OCI

/// Makes the key of a step: a digest over all that its result depends on, each part told from the next.
struct StepKey {
    private var encoder = WireEncoder()

    /// Of a step of this kind.
    init(_ kind: String) {
        // A change of what steps make of the same instruction changes this.
        encoder.write("apus build 1")
        encoder.write(kind)
    }

    mutating func add(_ text: String) { encoder.write(text) }

    mutating func add(_ text: String?) {
        encoder.write(text != nil)
        if let text { encoder.write(text) }
    }

    mutating func add(_ flag: Bool) { encoder.write(flag) }

    mutating func add(_ number: Int64?) {
        encoder.write(number != nil)
        encoder.writeInteger(number ?? 0)
    }

    mutating func add(_ texts: [String]) { encoder.write(texts) }

    mutating func add(data: [UInt8]) { encoder.write(data: data) }

    mutating func add(_ digest: Digest) { encoder.write(digest.description) }

    /// The key.
    var digest: Digest { Digest(of: encoder.bytes) }
}
