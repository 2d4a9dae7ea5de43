import Bytes
import JSON

extension PolicyRequirement {
    /// The requirements of a rule, one at least. Throws for anything else.
    static func list(_ tree: JSONTree, _ place: String) throws(PolicyFault) -> [PolicyRequirement] {
        guard let elements = tree.array else { throw PolicyFault("\(place) is no list of requirements") }
        guard !elements.isEmpty else {
            throw PolicyFault("\(place) is empty: write insecureAcceptAnything where nothing is required")
        }
        var requirements: [PolicyRequirement] = []
        for (number, element) in elements.enumerated() {
            requirements.append(try PolicyRequirement(PolicyObject(element, "\(place)[\(number)]")))
        }
        return requirements
    }

    private init(_ object: PolicyObject) throws(PolicyFault) {
        let type = try object.requiredText("type")
        switch type {
        case "insecureAcceptAnything":
            try object.allow(["type"])
            self = .acceptAnything
        case "reject":
            try object.allow(["type"])
            self = .reject
        case "signedBy": self = try Self.signedBy(object)
        case "signedBaseLayer":
            try object.allow(["type", "baseLayerIdentity"])
            guard let identity = object["baseLayerIdentity"] else {
                throw PolicyFault("\(object.place) has no \"baseLayerIdentity\"")
            }
            _ = try SignedIdentity(PolicyObject(identity, object.place(of: "baseLayerIdentity")))
            self = .unverifiable(
                "it wants a signed base layer (signedBaseLayer), which nobody verifies", remedy: "use sigstoreSigned")
        case "sigstoreSigned": self = try Self.sigstoreSigned(object)
        default: throw PolicyFault("\(object.place) is of the unknown type \"\(type.excerpt)\"")
        }
    }

    private static let gpg = ["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"]

    private static func signedBy(_ object: PolicyObject) throws(PolicyFault) -> PolicyRequirement {
        try object.allow(["type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"])
        let type = try object.requiredText("keyType")
        guard gpg.has(type) else {
            throw PolicyFault("\(object.place(of: "keyType")) is \"\(type.excerpt)\", which is no type of keys")
        }
        _ = try KeySource.list(object, ["keyPath", "keyPaths", "keyData"])
        _ = try SignedIdentity(of: object)
        return .unverifiable(
            "it wants a GPG signature (signedBy), and GPG signatures are not verified here",
            remedy: "use sigstoreSigned")
    }

    private static func sigstoreSigned(_ object: PolicyObject) throws(PolicyFault) -> PolicyRequirement {
        let keys = ["keyPath", "keyPaths", "keyData", "keyDatas"]
        let authorities = ["fulcio", "pki"]
        let logs = ["rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"]
        try object.allow(["type"] + keys + authorities + logs + ["signedIdentity"])
        let identity = try SignedIdentity(of: object)
        try checkAuthorities(object)
        let log = try KeySource.list(object, logs, isRequired: false)
        let authority = authorities.first { object[$0] != nil }
        let sources = try KeySource.list(object, keys, authority)
        if object["fulcio"] != nil, log.isEmpty {
            throw PolicyFault(
                "\(object.place) has fulcio, which needs a key of Rekor's: \(logs.joined(separator: ", "))")
        }
        if let authority {
            return .unverifiable(
                "it wants a certificate's signature (sigstoreSigned with \(authority)), and certificates of signatures are "
                    + "not verified here", remedy: "give it a key by keyPath or keyData")
        }
        if let place = logs.first(where: { object[$0] != nil }), !log.isEmpty {
            return .unverifiable(
                "it wants an entry of the log Rekor (\(place)), and such entries are not verified here",
                remedy: "leave \(place) out if the key is enough")
        }
        return .sigstoreSigned(SigstoreRequirement(keys: sources, identity: identity))
    }

    /// Throws where `fulcio` or `pki` is malformed.
    private static func checkAuthorities(_ object: PolicyObject) throws(PolicyFault) {
        func required(_ authority: PolicyObject, _ paths: String, _ data: String) throws(PolicyFault) {
            guard try KeySource.list(authority, [paths, data]).count == 1 else {
                throw PolicyFault("\(authority.place) has neither \(paths) nor \(data)")
            }
        }
        if let tree = object["fulcio"] {
            let fulcio = try PolicyObject(tree, object.place(of: "fulcio"))
            try fulcio.allow(["caPath", "caData", "oidcIssuer", "subjectEmail"])
            try required(fulcio, "caPath", "caData")
            _ = try fulcio.requiredText("oidcIssuer")
            _ = try fulcio.requiredText("subjectEmail")
        }
        if let tree = object["pki"] {
            let pki = try PolicyObject(tree, object.place(of: "pki"))
            let roots = ["caRootsPath", "caRootsData"]
            let intermediates = ["caIntermediatesPath", "caIntermediatesData"]
            try pki.allow(roots + intermediates + ["subjectEmail", "subjectHostname"])
            try required(pki, roots[0], roots[1])
            _ = try KeySource.list(pki, intermediates, isRequired: false)
            let subjects = try [pki.text("subjectEmail"), pki.text("subjectHostname")]
            guard subjects.contains(where: { $0?.isEmpty == false }) else {
                throw PolicyFault("\(pki.place) has neither subjectEmail nor subjectHostname")
            }
        }
    }
}

extension KeySource {
    /// What the one member of `object` among `names` says: those that end in "Path" have a file, in "Data" base64, and with an "s" a list of
    /// them. `other` is a member that may stand in its place. Throws where there are several, or none and one `isRequired`.
    static func list(
        _ object: PolicyObject, _ names: [String], _ other: String? = nil, isRequired: Bool = true
    ) throws(PolicyFault) -> [KeySource] {
        var found: [[KeySource]] = []
        for name in names {
            let place = object.place(of: name)
            var texts: [String] = []
            if name.ends(with: "s") {
                texts = try object.texts(name) ?? []
            } else if let text = try object.text(name), !text.isEmpty || name.ends(with: "Data") {
                texts = [text]
            }
            guard !texts.isEmpty else { continue }
            var sources: [KeySource] = []
            for (number, text) in texts.enumerated() {
                let place = name.ends(with: "s") ? "\(place)[\(number)]" : place
                sources.append(
                    name.contains("Data") ? .inline(try PolicyObject.bytes(text, place), place: place) : .file(text))
            }
            found.append(sources)
        }
        guard found.count + (other == nil ? 0 : 1) <= 1 else {
            throw PolicyFault(
                "\(object.place) has more than one of \((names + [other].compactMap { $0 }).joined(separator: ", "))")
        }
        guard found.count == 1 || other != nil || !isRequired else {
            throw PolicyFault("\(object.place) has none of \(names.joined(separator: ", "))")
        }
        return found.first ?? []
    }
}
