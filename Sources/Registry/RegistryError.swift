package import Errors
package import OCI

/// Why a registry did not give what was asked of it.
package enum RegistryError: KindedError, Equatable, Sendable, CustomStringConvertible {
    /// No connection, or one that broke: the host with its port, and the cause.
    case unreachable(host: String, cause: String)
    /// The proxy at the address `proxy` makes no connection to the host.
    case proxy(String, host: String, cause: String)
    /// No secure connection.
    case insecure(host: String, cause: String)
    case accessDenied(repository: String, detail: String?)
    /// As `accessDenied`, where something was to be put there.
    case pushDenied(repository: String, detail: String?)
    /// As `accessDenied`, where something was to be deleted there.
    case deleteDenied(repository: String, detail: String?)
    /// The registry has no deletion, or none of `what`; `remedy` is what may be done instead, where something may.
    case undeletable(what: String, host: String, remedy: String?, detail: String?)
    /// The credentials that are stored for the host were not accepted.
    case badCredentials(host: String, detail: String?)
    case repositoryUnknown(String)
    /// `detail` where the registry has said more than that there is none.
    case manifestUnknown(String, detail: String? = nil)
    case blobUnknown(Digest, repository: String)
    /// A manifest was refused because the registry lacks what it names.
    case partsUnknown(manifest: String, host: String, detail: String?)
    /// The registry takes a manifest not, for a reason of its own.
    case notTaken(manifest: String, host: String, status: Int, detail: String?)
    /// What came to the registry is not what was to be sent.
    case damaged(what: String, host: String, detail: String?)
    /// The registry takes no `what` of so many bytes.
    case tooLarge(what: String, size: Int64, host: String, detail: String?)
    /// What was to be sent cannot be read.
    case unreadable(Digest, cause: String)
    case tooManyRequests(host: String, detail: String?, limit: RateLimit? = nil)
    /// Any other answer that is no success.
    case refused(host: String, status: Int, detail: String?)
    /// An answer that the protocol does not allow.
    case violation(host: String, cause: String)
    case redirect(host: String, cause: String)
    case manifest(reference: String, ManifestError)
    /// The bytes received have another digest than the one asked for.
    case wrongDigest(expected: Digest, actual: String)
    /// Another number of bytes than the descriptor says; nil where it is larger by an unknown amount.
    case wrongSize(Digest, expected: Int64, actual: Int64?)
    case credentialFile(path: String, cause: String)
    case credentialHelper(String, cause: String)
    case certificate(path: String, cause: String)
    /// The user name and the password of a login are not accepted: by whom, and the status ("401 Unauthorized").
    case loginRefused(address: String, status: String, detail: String?)
    /// What was given as the name of a registry is none.
    case server(String)
    /// What was given to look for is nothing that can be looked for; a part of a sentence.
    case searchTerm(String)
    /// A file of registries.conf cannot be used.
    case registriesFile(path: String, cause: String)
    /// registries.conf forbids an image, by the prefix of a rule.
    case blocked(String, prefix: String)
    /// registries.conf makes a name of an image's that is none.
    case rewritten(String, to: String)

    package var kind: ErrorKind {
        switch self {
        case .repositoryUnknown, .manifestUnknown, .blobUnknown: .notFound
        // Docker's engine says 404 for a repository that may only be hidden.
        case .accessDenied: .notFound
        case .badCredentials, .pushDenied, .deleteDenied, .loginRefused, .blocked: .forbidden
        case .tooLarge, .server, .searchTerm: .invalid
        case .undeletable: .unsupported
        case .partsUnknown, .notTaken, .damaged, .unreadable, .registriesFile, .rewritten: .system
        case .unreachable, .proxy, .insecure, .tooManyRequests, .refused: .unavailable
        case .violation, .redirect, .manifest, .wrongDigest, .wrongSize: .system
        case .credentialFile, .credentialHelper, .certificate: .system
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let host, let cause): "cannot reach the registry \(host): \(cause)"
        case .proxy(let proxy, let host, let cause):
            "cannot reach the registry \(host) through the proxy \(proxy): \(cause)"
        case .insecure(let host, let cause): "no secure connection to the registry \(host): \(cause)"
        case .accessDenied(let repository, let detail):
            "pull access denied for \(repository), repository does not exist or may require 'apus login'"
                + Self.suffix(detail)
        case .pushDenied(let repository, let detail):
            "push access denied for \(repository), repository does not exist or may require 'apus login'"
                + Self.suffix(detail)
        case .deleteDenied(let repository, let detail):
            "delete access denied for \(repository), repository does not exist or may require 'apus login'"
                + Self.suffix(detail)
        case .undeletable(let what, let host, let remedy, let detail):
            "the registry \(host) does not delete \(what)" + (remedy.map { ": " + $0 } ?? "") + Self.suffix(detail)
        case .badCredentials(let host, let detail):
            "the credentials stored for \(host) were not accepted" + Self.suffix(detail)
        case .repositoryUnknown(let name): "repository \(name) not found: name unknown"
        case .manifestUnknown(let reference, let detail):
            "manifest for \(reference) not found: manifest unknown: \(detail ?? "manifest unknown")"
        case .blobUnknown(let digest, let repository): "blob \(digest) of \(repository) not found: blob unknown"
        case .partsUnknown(let manifest, let host, let detail):
            "the registry \(host) does not take \(manifest), as it lacks parts of it: push it again"
                + Self.suffix(detail)
        case .notTaken(let manifest, let host, let status, let detail):
            "the registry \(host) refuses \(manifest) with status \(status)" + Self.suffix(detail)
        case .damaged(let what, let host, let detail):
            "\(what) came damaged to the registry \(host): push it again, and look for what is damaged here with"
                + " 'apus system check'" + Self.suffix(detail)
        case .tooLarge(let what, let size, let host, let detail):
            "\(what) of \(size) bytes is too large for the registry \(host), or for what is in front of it"
                + Self.suffix(detail)
        case .unreadable(let digest, let cause): "cannot read blob \(digest): \(cause)"
        case .tooManyRequests(let host, let detail, let limit):
            "too many requests to the registry \(host): \((limit ?? RateLimit()).advice)" + Self.suffix(detail)
        case .refused(let host, let status, let detail):
            "the registry \(host) answered with status \(status)" + Self.suffix(detail)
        case .violation(let host, let cause): "the registry \(host) does not keep to the protocol: \(cause)"
        case .redirect(let host, let cause): "the registry \(host) redirects to where nothing is fetched: \(cause)"
        case .manifest(let reference, let error): "cannot use \(reference): \(error)"
        case .wrongDigest(let expected, let actual):
            "the content of \(expected) is corrupt: its digest is \(actual)"
        case .wrongSize(let digest, let expected, let actual?):
            "the content of \(digest) is corrupt: it has \(actual) bytes instead of \(expected)"
        case .wrongSize(let digest, let expected, nil):
            "the content of \(digest) is corrupt: it has more than \(expected) bytes"
        case .credentialFile(let path, let cause): "cannot use the credentials of \(path): \(cause)"
        case .credentialHelper(let program, let cause): "the credential helper \(program) failed: \(cause)"
        case .certificate(let path, let cause): "cannot use the certificate \(path): \(cause)"
        case .loginRefused(let address, let status, let detail):
            "login attempt to \(address) failed with status: \(status)" + Self.suffix(detail)
        case .registriesFile(let path, let cause): "cannot use \(path): \(cause)"
        case .blocked(let name, let prefix): "registries.conf blocks \(name): its registry \(prefix) has blocked = true"
        case .rewritten(let name, let other):
            "registries.conf makes \"\(other)\" of \(name), which is no image's name with a registry: correct its location"
        case .searchTerm(let cause): "invalid repository name: \(cause)"
        case .server(let text): "unable to parse server address: \"\(text)\" is no host, or host:port"
        }
    }

    private static func suffix(_ detail: String?) -> String { detail.map { ": " + $0 } ?? "" }
}
