import CCrypto
package import Linux
package import OCI

/// Computes a digest of bytes that come in pieces. (Not `Hasher`: that is the standard library's.)
package struct DigestHasher: ~Copyable, @unchecked Sendable {
    package let algorithm: Digest.Algorithm
    /// The number of bytes hashed so far.
    package private(set) var count = 0
    private let state: OpaquePointer

    package init(_ algorithm: Digest.Algorithm = .sha256) {
        self.algorithm = algorithm
        guard let state = apus_hash_new(algorithm == .sha256 ? 256 : 512) else { fatalError("out of memory") }
        self.state = state
    }

    deinit { apus_hash_free(state) }

    /// Hashes `bytes` after what came before.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        apus_hash_update(state, bytes.baseAddress, bytes.count)
        count += bytes.count
    }

    /// Hashes `bytes` after what came before.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The digest of everything hashed so far; more can follow.
    package borrowing func current() -> Digest {
        guard let copy = apus_hash_copy(state) else { fatalError("out of memory") }
        defer { apus_hash_free(copy) }
        var sum = [UInt8](repeating: 0, count: algorithm.hexLength / 2)
        apus_hash_final(copy, &sum)
        return Digest(algorithm, hex: hex(sum))!
    }

    /// The digest of everything hashed.
    package consuming func finish() -> Digest { current() }
}

extension Digest {
    /// The digest of `bytes`.
    package init(of bytes: [UInt8], _ algorithm: Algorithm = .sha256) {
        var hasher = DigestHasher(algorithm)
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// The digest of what is left to read from `descriptor`, and the number of those bytes.
    /// Throws `SystemError` when a read fails.
    package static func ofFile(
        _ descriptor: borrowing FileDescriptor, _ algorithm: Algorithm = .sha256
    ) throws(SystemError) -> (digest: Digest, size: Int) {
        var hasher = DigestHasher(algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let got = try descriptor.read(into: buffer)
            if got == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
        let size = hasher.count
        return (hasher.finish(), size)
    }
}
