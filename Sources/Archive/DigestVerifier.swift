package import OCI

/// Checks that a stream is what a descriptor promised, in digest and size.
///
/// A consumer of the stream must not act on its end before `finish` returned.
package struct DigestVerifier: ~Copyable, Sendable {
    package let expected: Digest
    /// The promised size in bytes; nil where none was.
    package let size: Int?
    private var hasher: DigestHasher

    package init(expecting expected: Digest, size: Int? = nil) {
        self.expected = expected
        self.size = size
        self.hasher = DigestHasher(expected.algorithm)
    }

    /// The number of bytes seen so far.
    package var count: Int { hasher.count }

    /// Takes the next bytes of the stream. Throws `ContentMismatch.size` as soon as there are more than
    /// promised, before they are hashed.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) throws(ContentMismatch) {
        if let size, hasher.count + bytes.count > size {
            throw .longer(expected, promised: size)
        }
        hasher.update(bytes)
    }

    /// Takes the next bytes of the stream; as the other `update`.
    package mutating func update(_ bytes: [UInt8]) throws(ContentMismatch) {
        var failure: ContentMismatch?
        bytes.withUnsafeBytes { buffer in
            do throws(ContentMismatch) { try update(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// At the end of the stream: throws `ContentMismatch` where it was shorter than promised or other bytes.
    package consuming func finish() throws(ContentMismatch) {
        if let size, hasher.count < size {
            throw .shorter(expected, promised: size, got: hasher.count)
        }
        let actual = hasher.current()
        if actual != expected { throw .digest(expected: expected, actual: actual) }
    }
}

/// Content that is not what its descriptor promised.
package enum ContentMismatch: Error, Equatable, Sendable, CustomStringConvertible {
    case digest(expected: Digest, actual: Digest)
    case longer(Digest, promised: Int)
    case shorter(Digest, promised: Int, got: Int)

    package var description: String {
        switch self {
        case .digest(let expected, let actual):
            "the content that should be \(expected) is \(actual): it was damaged or replaced on its way"
        case .longer(let digest, let promised):
            "the content of \(digest) is longer than the \(promised) bytes that its descriptor promises"
        case .shorter(let digest, let promised, let got):
            "the content of \(digest) ended after \(got) of the \(promised) bytes that its descriptor promises"
        }
    }
}
