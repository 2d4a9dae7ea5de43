import Linux

/// A pair of keys that sign, made by openssl: files in PEM form, which go with the value.
package final class SigningKey: Sendable {
    /// What openssl's genpkey is asked for.
    package enum Kind: Sendable, CaseIterable {
        case p256, p384, rsa, ed25519
        /// Those that nobody should sign with.
        case secp256k1, explicitP256, rsa1024, rsaPSS

        fileprivate var options: [String] {
            switch self {
            case .p256: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            case .p384: ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
            case .rsa: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
            case .ed25519: ["ED25519"]
            case .secp256k1: ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]
            case .explicitP256: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"]
            case .rsa1024: ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]
            case .rsaPSS: ["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]
            }
        }
    }

    private let kind: Kind
    private let folder: String

    /// The key that signs.
    package var secret: String { folder + "/key.pem" }
    /// The key that verifies, which every user can read.
    package var path: String { folder + "/key.pub" }

    /// Makes a pair of keys. Throws where openssl cannot.
    package init(_ kind: Kind = .p256) throws {
        self.kind = kind
        folder = "/tmp/apus-signing-key.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder, mode: 0o755)
        try openssl(["genpkey", "-out", secret, "-algorithm"] + kind.options)
        try openssl(["pkey", "-in", secret, "-pubout", "-out", path])
    }

    deinit { try? Files.removeTree(folder) }

    /// Signs `message` as cosign does with such a key. Throws where openssl cannot.
    package func signature(of message: [UInt8]) throws -> [UInt8] {
        let file = folder + "/message"
        try Files.write(message, to: file)
        let command =
            kind == .ed25519
            ? ["pkeyutl", "-sign", "-rawin", "-inkey", secret, "-in", file]
            : ["dgst", "-sha256", "-sign", secret, file]
        return try openssl(command)
    }

    /// The public key in the form of PKCS #1, which is RSA's own, as text.
    package func rsaText() throws -> [UInt8] { try openssl(["rsa", "-in", secret, "-RSAPublicKey_out"]) }

    @discardableResult
    private func openssl(_ arguments: [String]) throws -> [UInt8] {
        let running = try RunningProgram(
            Spawn("/usr/bin/openssl", arguments, environment: ["PATH=/usr/bin:/bin", "HOME=/nonexistent"]))
        running.closeInput()
        let result = try running.wait()
        if result.code != 0 { throw TestFailure("openssl \(arguments[0]): \(result)") }
        return result.output
    }
}
