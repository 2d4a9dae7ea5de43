import CCrypto
import Linux

/// A public key that signatures of containers are verified with: ECDSA on P-256, P-384 or P-521, RSA of 2048 bits at least, or Ed25519.
struct PublicKey: Sendable, Equatable {
    /// In PEM form, checked: its first block is the key.
    private let pem: [UInt8]
    /// What errors call it.
    let name: String

    /// Why there is no key; a part of a sentence about it.
    struct Fault: Error { let cause: String }

    /// The largest file that is read, in bytes.
    private static let sizeLimit = 1 << 20

    /// Reads the key at `source`. Throws where there is none that signatures are verified with.
    init(_ source: KeySource) throws(Fault) {
        switch source {
        case .inline(let bytes, _): pem = bytes
        case .file(let path):
            do throws(SystemError) { pem = try Files.read(path, limit: Self.sizeLimit) } catch {
                throw Fault(cause: "cannot be read: \(error.errno)")
            }
        }
        name = source.description
        if let cause = pem.withUnsafeBytes({ Self.fault(of: apus_key_kind($0.baseAddress, $0.count)) }) {
            throw Fault(cause: cause)
        }
    }

    private static func fault(of kind: CInt) -> String? {
        switch Int(kind) {
        case APUS_KEY_ECDSA, APUS_KEY_RSA, APUS_KEY_ED25519: nil
        case APUS_KEY_NONE: "has no key in PEM form (\"-----BEGIN PUBLIC KEY-----\")"
        case APUS_KEY_NOT_PUBLIC: "has something else than a public key in PEM form"
        case APUS_KEY_FOREIGN: "is neither ECDSA on P-256, P-384 or P-521, nor RSA, nor Ed25519"
        case APUS_KEY_WEAK: "is of RSA with less than 2048 bits, or more than 16384"
        default: "is damaged"
        }
    }

    /// Whether `signature` is one of `message` by this key.
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        pem.withUnsafeBytes { key in
            message.withUnsafeBytes { message in
                signature.withUnsafeBytes { signature in
                    apus_key_verifies(
                        key.baseAddress, key.count, message.baseAddress, message.count, signature.baseAddress,
                        signature.count) == 1
                }
            }
        }
    }
}
