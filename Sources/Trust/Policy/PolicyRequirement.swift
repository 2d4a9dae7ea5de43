/// What a rule wants of an image; all of a rule's requirements must hold.
enum PolicyRequirement: Sendable, Equatable {
    /// `insecureAcceptAnything`: nothing.
    case acceptAnything
    /// `reject`: no image fulfils it.
    case reject
    /// A requirement of the format that nothing here can find to be fulfilled, so that it is not: what it is, and what to do, as two parts of a
    /// sentence.
    case unverifiable(String, remedy: String)
    case sigstoreSigned(SigstoreRequirement)
}

/// `sigstoreSigned`: a signature by one of some keys, for one of some names.
struct SigstoreRequirement: Sendable, Equatable {
    /// One at least.
    var keys: [KeySource]
    var identity: SignedIdentity
}

/// Where a public key in PEM form is.
enum KeySource: Sendable, Equatable {
    case file(String)
    /// In the policy itself: its content, and where it stands there.
    case inline([UInt8], place: String)

    /// For the middle of a sentence.
    var description: String {
        switch self {
        case .file(let path): path
        case .inline(_, let place): place
        }
    }
}
