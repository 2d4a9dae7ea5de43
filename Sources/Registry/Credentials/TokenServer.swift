import FoundationEssentials

/// The token server that a registry's challenge names (the distribution project's token authentication).
struct TokenRealm: Sendable {
    /// The address, to which a query is added.
    var components: URLComponents
    let url: URL
    let origin: Origin

    /// The server of `challenge`, which `registry` sent. Throws where it has no address, or would get credentials in plain HTTP.
    init(_ challenge: AuthChallenge, registry: Origin) throws(RegistryError) {
        let text = challenge.parameters["realm"] ?? ""
        guard let components = URLComponents(string: text), let url = components.url, let origin = Origin(url) else {
            throw .violation(
                host: registry.description, cause: "its token server's address \"\(ErrorBody.oneLine(text))\" is none")
        }
        // Who speaks plain HTTP itself may have its tokens at the same host.
        let isLocal = origin.isLoopback && (!registry.isSecure || registry.isLoopback)
        guard origin.isSecure || isLocal || !registry.isSecure && origin.host == registry.host else {
            throw .insecure(host: origin.description, cause: "the token server is spoken to in plain HTTP")
        }
        self.components = components
        self.url = url
        self.origin = origin
    }

    /// The address with `fields` behind the query that it has.
    mutating func url(adding fields: [(String, String)]) -> URL {
        let query = components.percentEncodedQuery.map { $0.isEmpty ? "" : $0 + "&" } ?? ""
        components.percentEncodedQuery = query + Form.text(fields)
        return components.url ?? url
    }
}

/// What a token server gives.
struct TokenAnswer: Decodable {
    /// The token of access.
    let value: String?
    /// The token that others can be had for: Docker's "identity token".
    let refresh: String?
    /// In seconds.
    let lifetime: Int?

    enum Key: String, CodingKey {
        case token
        case access = "access_token"
        case refresh = "refresh_token"
        case lifetime = "expires_in"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let token = try container.decodeIfPresent(String.self, forKey: .token)
        let access = try container.decodeIfPresent(String.self, forKey: .access)
        value = [token, access].compactMap(\.self).first { !$0.isEmpty }
        refresh = (try? container.decodeIfPresent(String.self, forKey: .refresh)).flatMap { $0.isEmpty ? nil : $0 }
        lifetime = try? container.decodeIfPresent(Int.self, forKey: .lifetime)
    }

    /// Whether `token` can be sent as it is.
    static func isUsable(_ token: String) -> Bool { token.utf8.allSatisfy { $0 > 32 && $0 < 127 } }
}
