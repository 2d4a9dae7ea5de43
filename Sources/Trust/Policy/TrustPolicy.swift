import Bytes
import Linux

/// Which images may come in, as the user or else the administrator has written it: policy.json (containers-policy.json(5)).
package struct TrustPolicy: Sendable {
    /// The file that says so.
    package let path: String
    let fallback: [PolicyRequirement]
    /// By the names of transports, then by scopes, of which "" is all of a transport.
    let transports: [ByteKey: [ByteKey: [PolicyRequirement]]]

    /// The largest file that is read, in bytes.
    static let sizeLimit = 16 << 20

    /// The policy of a user with this environment: `containers/policy.json` in `$XDG_CONFIG_HOME` or `~/.config`, or else in `/etc`. nil where there
    /// is no such file: then every image may come in. Throws for one that cannot be read or understood.
    package init?(environment: [String: String]) throws(TrustError) {
        for path in Self.paths(environment) {
            if let bytes = try Self.content(path) {
                try self.init(bytes, path: path)
                return
            }
        }
        return nil
    }

    /// What `bytes`, the content of the file `path`, say. Throws where that cannot be understood.
    package init(_ bytes: [UInt8], path: String) throws(TrustError) {
        self.path = path
        do throws(PolicyFault) { (fallback, transports) = try PolicyDocument.read(bytes) } catch {
            throw .policyFile(path: path, cause: error.cause)
        }
    }

    /// Where policies are looked for; the first that is there counts.
    static func paths(_ environment: [String: String]) -> [String] {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let own = value("XDG_CONFIG_HOME") ?? value("HOME").map { $0 + "/.config" }
        return [own, "/etc"].compactMap { $0 }.map { $0 + "/containers/policy.json" }
    }

    private static func content(_ path: String) throws(TrustError) -> [UInt8]? {
        do throws(SystemError) { return try Files.read(path, limit: sizeLimit) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .policyFile(path: path, cause: error.errno.description)
        }
    }

    /// The rule for an image that is at `location`: that of the narrowest scope alone.
    package func rule(for location: ImageLocation) -> PolicyRule {
        if let scopes = transports[location.transport] {
            for scope in location.scopes + [""] {
                guard let requirements = scopes[scope] else { continue }
                return PolicyRule(
                    file: path, transport: location.transport, scope: scope, requirements: requirements)
            }
        }
        return PolicyRule(file: path, transport: nil, scope: "", requirements: fallback)
    }

    /// What the rule for `location` still wants to see of an image before it may come in; nil where it wants nothing. Throws where the
    /// rule refuses the image whatever it has, or a key of it cannot be used.
    package func demand(on location: ImageLocation) throws(TrustError) -> SignatureDemand? {
        let rule = rule(for: location)
        var wanted: [SigstoreRequirement] = []
        for requirement in rule.requirements {
            switch requirement {
            case .acceptAnything: continue
            case .reject: throw rule.refusal(of: location, "it rejects whatever comes from there; \(rule.remedy)")
            case .unverifiable(let what, let remedy): throw rule.refusal(of: location, "\(what); \(remedy)")
            case .sigstoreSigned(let requirement): wanted.append(requirement)
            }
        }
        guard !wanted.isEmpty else { return nil }
        guard case .registry(let reference) = location else {
            throw rule.refusal(
                of: location,
                "it wants a sigstore signature, and an image has none there; pull it from a registry, or \(rule.remedy)"
            )
        }
        return try SignatureDemand(rule, wanted, reference)
    }
}

/// What policy.json says of one image.
package struct PolicyRule: Sendable, Equatable {
    let file: String
    /// nil for the rule that is about everything.
    let transport: String?
    /// Empty for all of the transport.
    let scope: String
    let requirements: [PolicyRequirement]

    /// For the middle of a sentence: where the rule stands.
    package var description: String {
        guard let transport else { return "the default rule of \(file)" }
        return scope.isEmpty
            ? "the rule for all of \"\(transport)\" in \(file)"
            : "the rule for \(transport) \"\(scope.excerpt)\" in \(file)"
    }

    /// How to be let in by another rule.
    var remedy: String {
        transport == nil
            ? "give what it comes from a rule of its own in that file" : "change that rule if it may come in"
    }

    func refusal(of location: ImageLocation, _ cause: String) -> TrustError {
        .refused(image: location.description, rule: description, cause: cause)
    }
}
