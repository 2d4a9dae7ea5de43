package import Errors

/// Why an image must not come in.
package enum TrustError: KindedError, Equatable, Sendable, CustomStringConvertible {
    /// policy.json cannot be read or understood: the file, and what is wrong.
    case policyFile(path: String, cause: String)
    /// A rule refuses an image: what it is called, the rule, and why, with what would satisfy it.
    case refused(image: String, rule: String, cause: String)

    package var kind: ErrorKind {
        switch self {
        case .policyFile: .system
        case .refused: .forbidden
        }
    }

    package var description: String {
        switch self {
        case .policyFile(let path, let cause): "no image is trusted before \(path) can be used: \(cause)"
        case .refused(let image, let rule, let cause): "\(image) is refused by \(rule): \(cause)"
        }
    }
}
