import CCrypto
package import OCI

/// The digest of bytes that come in pieces. For one thread at a time.
package final class ContentHash {
    private let algorithm: Digest.Algorithm
    private let state: OpaquePointer

    package init(_ algorithm: Digest.Algorithm = .sha256) {
        self.algorithm = algorithm
        guard let state = apus_hash_new(algorithm == .sha256 ? 256 : 512) else { fatalError("out of memory") }
        self.state = state
    }

    deinit { apus_hash_free(state) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        if let base = bytes.baseAddress { apus_hash_update(state, base, bytes.count) }
    }

    /// The digest of everything; nothing can be added afterwards.
    package func finish() -> Digest {
        var output = [UInt8](repeating: 0, count: algorithm == .sha256 ? 32 : 64)
        apus_hash_final(state, &output)
        return Digest(algorithm, bytes: output)
    }

    /// The digest of `bytes`.
    package static func digest(_ bytes: [UInt8], _ algorithm: Digest.Algorithm = .sha256) -> Digest {
        let hash = ContentHash(algorithm)
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}

extension Digest {
    /// A digest of the algorithm's length of raw bytes.
    fileprivate init(_ algorithm: Algorithm, bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.init(algorithm, hex: String(decoding: text, as: UTF8.self))!
    }
}
