import Bytes
import Linux

/// What a directory of `certs.d` has for one registry: authorities ("NAME.crt"), and client certificates ("NAME.cert") with
/// their keys ("NAME.key"). Other files mean nothing.
struct RegistryCertificates: Equatable, Sendable {
    /// Paths, in the order of their names.
    private(set) var authorities: [String] = []
    /// Paths, in the order of their names. A connection shows the first.
    private(set) var clients: [Client] = []

    struct Client: Equatable, Sendable {
        let certificate: String
        let key: String
    }

    /// Looks at what is in `folder`, which may be missing, or closed to this user. Throws where it cannot be read otherwise, and for half
    /// a pair.
    init(_ folder: String) throws(RegistryError) {
        let names: [String]
        do throws(SystemError) { names = try Files.list(folder).sorted { $0.comes(before: $1) } } catch {
            switch error.errno {
            case .noEntry, .notDirectory, .nameTooLong: return
            // Docker's engine keeps /etc/docker to root, and what is there is then for root alone.
            case .access: return
            default: break
            }
            throw .certificate(path: folder, cause: error.errno.description)
        }
        func partner(_ name: String, _ suffix: String, _ other: String) -> String? {
            let wanted = String(name.droppingLast(suffix.utf8.count)) + other
            return names.first { wanted.isSame(as: $0) }
        }
        for name in names {
            let path = folder + "/" + name
            if name.ends(with: ".crt") {
                authorities.append(path)
            } else if name.ends(with: ".cert") {
                guard let key = partner(name, "cert", "key") else {
                    throw .certificate(
                        path: path,
                        cause: "its key \(name.droppingLast(4))key is missing (certificates of authorities end in .crt)"
                    )
                }
                clients.append(Client(certificate: path, key: folder + "/" + key))
            } else if name.ends(with: ".key"), partner(name, "key", "cert") == nil {
                throw .certificate(
                    path: path, cause: "the certificate \(name.droppingLast(3))cert that it is the key of is missing")
            }
        }
    }
}
