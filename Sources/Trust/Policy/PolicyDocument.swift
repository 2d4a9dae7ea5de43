import Bytes
import JSON

/// Reads policy.json (containers-policy.json(5)), as strictly as the tools that it is written for: a rule that is misspelt must not be a
/// rule that is not there.
enum PolicyDocument {
    typealias Content = (
        fallback: [PolicyRequirement], transports: [ByteKey: [ByteKey: [PolicyRequirement]]]
    )

    /// What the document says. Throws where it is none, or anything in it is not understood.
    static func read(_ bytes: [UInt8]) throws(PolicyFault) -> Content {
        let tree: JSONTree
        do throws(JSONError) { tree = try JSONTree.parse(bytes) } catch { throw PolicyFault("it is \(error)") }
        let document = try PolicyObject(tree, "the document")
        try document.allow(["default", "transports"])
        guard let fallback = document["default"] else { throw PolicyFault("it has no \"default\" rule") }
        let requirements = try PolicyRequirement.list(fallback, "default")
        var transports: [ByteKey: [ByteKey: [PolicyRequirement]]] = [:]
        if let tree = document["transports"] {
            for transport in try PolicyObject(tree, "transports").members {
                let scopes = try PolicyObject(transport.value, "transports.\(transport.name.excerpt)")
                var rules: [ByteKey: [PolicyRequirement]] = [:]
                for scope in scopes.members {
                    let place = "\(scopes.place)[\"\(scope.name.excerpt)\"]"
                    try check(scope.name, of: transport.name, place)
                    rules[scope.name] = try PolicyRequirement.list(scope.value, place)
                }
                transports[transport.name] = rules
            }
        }
        return (requirements, transports)
    }

    /// Throws where `scope` cannot be one of the transport: it would never be found.
    private static func check(_ scope: String, of transport: String, _ place: String) throws(PolicyFault) {
        guard !scope.isEmpty else { return }
        switch transport {
        case "docker-archive", "tarball":
            throw PolicyFault("\(place) can never count: \(transport) has the scope \"\" alone")
        case "dir", "oci", "oci-archive":
            guard scope.begins(with: "/") else { throw PolicyFault("\(place) can never count: it is no absolute path") }
            guard !scope.isSame(as: "/") else { throw PolicyFault("\(place) is everything, which is \"\" here") }
            let parts = scope.dropping(1).split(on: "/", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && !$0.isSame(as: ".") && !$0.isSame(as: "..") }) else {
                throw PolicyFault(
                    "\(place) can never count: write the path without \"//\", \"/./\", \"/../\" and a \"/\" at its end")
            }
        default: break
        }
    }
}
