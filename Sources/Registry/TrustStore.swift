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

    /// The configuration for connections to `origin`, whose name in `certs.d` is `name`, on behalf of the registry `registry`:
    /// its authorities are trusted for the token servers and stores that it names, too, as Docker does.
    /// Throws where a certificate or key that is there cannot be used.
    func configuration(
        for origin: Origin, name: String, registry: String? = nil
    ) throws(RegistryError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        // A port that https implies may be in the directory's name all the same.
        let own = origin.port == 443 ? [name, name + ":443"] : [name]
        var authorities: [NIOSSLCertificate] = []
        for folder in registryFolders.flatMap({ root in own.map { root + "/" + $0 } }) {
            let files = try RegistryCertificates(folder)
            for path in files.authorities { authorities += try Self.certificates(path) }
            guard tls.certificateChain.isEmpty, let client = files.clients.first else { continue }
            tls.certificateChain = try Self.certificates(client.certificate).map { .certificate($0) }
            do {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: client.key, format: .pem))
            } catch { throw .certificate(path: client.key, cause: "it is no private key in PEM form, or unreadable") }
        }
        let isLeftAlone = authorities.isEmpty
        if let registry, !registry.isSame(as: name) {
            for folder in registryFolders {
                let files = try RegistryCertificates(folder + "/" + registry)
                for path in files.authorities { authorities += try Self.certificates(path) }
            }
        }
        if let systemFile { tls.trustRoots = .file(systemFile) }
        if !authorities.isEmpty { tls.additionalTrustRoots = [.certificates(authorities)] }
        // As plain HTTP is spoken to this machine too, a certificate of unknown issue is no less.
        if isLeftAlone, origin.isLoopback { tls.certificateVerification = .none }
        return tls
    }

    private static func certificates(_ path: String) throws(RegistryError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch { throw .certificate(path: path, cause: "it is no certificate in PEM form, or unreadable") }
    }
}
