import Bytes
import Linux
import NIOSSL

/// Whom TLS connections trust: the system's authorities, and those that `certs.d` directories add for one registry.
struct TrustStore: Sendable {
    /// Directories with one directory for each registry, by its host and port.
    let registryFolders: [String]
    /// The file of the system's authorities; nil where this machine has none in any of the known places.
    let systemFile: String?

    init(environment: [String: String]) {
        var folders = ["/etc/docker/certs.d", "/etc/containers/certs.d"]
        if let home = environment["HOME"], !home.isEmpty {
            let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.config"
            folders += [configuration + "/docker/certs.d", configuration + "/containers/certs.d"]
        }
        registryFolders = folders
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty {
            systemFile = file
        } else {
            systemFile = Self.systemFiles.first { Files.exists($0) }
        }
    }

    /// Where the distributions keep their authorities.
    static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The configuration for connections to `origin`, whose name in `certs.d` is `name`.
    /// Throws where a certificate or key that is there cannot be used.
    func configuration(for origin: Origin, name: String) throws(RegistryError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        var authorities: [NIOSSLCertificate] = []
        for folder in registryFolders.map({ $0 + "/" + name }) {
            guard let names = try? Files.list(folder).sorted() else { continue }
            for file in names where file.ends(with: ".crt") {
                authorities += try Self.certificates(folder + "/" + file)
            }
            // A client's certificate is "NAME.cert" beside its "NAME.key".
            for file in names where file.ends(with: ".cert") && tls.certificateChain.isEmpty {
                let key = folder + "/" + file.dropLast(4) + "key"
                tls.certificateChain = try Self.certificates(folder + "/" + file).map { .certificate($0) }
                do {
                    tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
                } catch { throw .certificate(path: key, cause: "it is no private key in PEM form, or missing") }
            }
        }
        if let systemFile { tls.trustRoots = .file(systemFile) }
        if !authorities.isEmpty {
            tls.additionalTrustRoots = [.certificates(authorities)]
        } else if origin.isLoopback {
            // As plain HTTP is spoken to this machine too, a certificate of unknown issue is no less.
            tls.certificateVerification = .none
        }
        return tls
    }

    private static func certificates(_ path: String) throws(RegistryError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch { throw .certificate(path: path, cause: "it is no certificate in PEM form, or unreadable") }
    }
}
