import AsyncHTTPClient
import FoundationEssentials
import JSON
import NIOHTTP1

/// Has a registry say whether it accepts a user name and a password.
package struct RegistryLogin: Sendable {
    private let server: LoginServer
    private let options: RegistryOptions

    /// The check at `server`; connects to nothing yet.
    package init(_ server: LoginServer, options: RegistryOptions) {
        self.server = server
        self.options = options
    }

    /// Asks the registry, or the token server that it names. Returns the identity token that is to be kept in place of the
    /// password; nil where the password itself is. Throws `RegistryError`: `loginRefused` where they are not accepted.
    package func check(user: String, password: String) async throws(RegistryError) -> String? {
        let configuration = try RegistriesConfiguration(environment: options.environment)
        let endpoint = Endpoint(
            domain: server.domain, isInsecure: configuration.isInsecure(domain: server.domain))
        let transport = Transport(options: options, registry: endpoint)
        let result: Result<String?, RegistryError>
        do throws(RegistryError) { result = .success(try await check(user, password, endpoint, transport)) } catch {
            result = .failure(error.withoutDetail(of: password))
        }
        await transport.shutdown()
        return try result.get()
    }

    private func check(
        _ user: String, _ password: String, _ endpoint: Endpoint, _ transport: Transport
    ) async throws(RegistryError) -> String? {
        let bases = endpoint.bases
        guard let last = bases.last else {
            throw .unreachable(host: endpoint.host, cause: "this is no host with a port from 1 to 65535")
        }
        for base in bases.dropLast() {
            do throws(RegistryError) {
                return try await check(user, password, at: base, transport)
            } catch {
                // A password goes over plain HTTP only to who does not speak TLS.
                guard error.isWithoutTLS else { throw error }
            }
        }
        return try await check(user, password, at: last, transport)
    }

    private func check(
        _ user: String, _ password: String, at base: URL, _ transport: Transport
    ) async throws(RegistryError) -> String? {
        guard let url = URL(string: "/v2/", relativeTo: base)?.absoluteURL, let origin = Origin(url) else {
            throw .unreachable(host: server.domain, cause: "it has no address")
        }
        var request = Transport.Request(url: url)
        let first = try await transport.send(request)
        // Who asks for no password accepts any, to Docker's client too.
        if first.response.status == .ok { return nil }
        let challenges = AuthChallenge.parse(first.response.headers["WWW-Authenticate"])
        var identityToken: String?
        if first.response.status == .unauthorized, first.origin == origin {
            if let bearer = challenges.first(where: { $0.scheme == "bearer" && $0.parameters["realm"] != nil }) {
                let answer = try await token(for: bearer, user, password, origin, transport)
                identityToken = answer.refresh
                request.authorization = "Bearer " + answer.access
            } else if challenges.contains(where: { $0.scheme == "basic" }) {
                request.authorization = Authenticator.basic(user, password)
            }
        }
        guard request.authorization != nil else { throw await refusal(first, at: url.absoluteString) }
        let second = try await transport.send(request)
        guard second.response.status == .ok else { throw await refusal(second, at: url.absoluteString) }
        return identityToken
    }

    private func token(
        for challenge: AuthChallenge, _ user: String, _ password: String, _ registry: Origin, _ transport: Transport
    ) async throws(RegistryError) -> (access: String, refresh: String?) {
        var realm = try TokenRealm(challenge, registry: registry)
        var fields = [("account", user), ("client_id", "apus"), ("offline_token", "true")]
        if let service = challenge.parameters["service"] { fields.append(("service", service)) }
        var request = Transport.Request(url: realm.url(adding: fields))
        request.authorization = Authenticator.basic(user, password)
        let answer = try await transport.send(request)
        let response = answer.response
        guard response.status == .ok else { throw await refusal(answer, at: realm.url.absoluteString) }
        let host = realm.origin.description
        let bytes = try await response.collect(
            limit: 1 << 20, from: realm.origin,
            tooLarge: .violation(host: host, cause: "its token is larger than 1 MiB"))
        guard let answer = try? JSONTree.decode(TokenAnswer.self, from: bytes), let token = answer.value,
            TokenAnswer.isUsable(token), answer.refresh.map(TokenAnswer.isUsable) ?? true
        else { throw .violation(host: host, cause: "it gives no token") }
        return (token, answer.refresh)
    }

    /// `address` is without a query, in which others might put what is secret.
    private func refusal(_ answer: Transport.Answer, at address: String) async -> RegistryError {
        let said = await answer.response.failure()
        let status = answer.response.status
        let host = answer.origin.description
        switch status.code {
        case 400, 401, 403:
            let place = String(address.prefix { $0 != "?" })
            return .loginRefused(address: place, status: "\(status.code) \(status.reasonPhrase)", detail: said.text)
        case 429:
            let limit = RateLimit(answer.response.headers, now: RateLimit.now)
            return .tooManyRequests(host: host, detail: said.text, limit: limit)
        case let code: return .refused(host: host, status: Int(code), detail: said.text)
        }
    }
}

extension RegistryError {
    /// The same without what the other side said, where that has `secret` in it: what is sent may come back.
    fileprivate func withoutDetail(of secret: String) -> RegistryError {
        func isHarmless(_ detail: String?) -> Bool { !Secret(secret).isIn(detail ?? "") }
        switch self {
        case .loginRefused(let address, let status, let detail) where !isHarmless(detail):
            return .loginRefused(address: address, status: status, detail: nil)
        case .refused(let host, let status, let detail) where !isHarmless(detail):
            return .refused(host: host, status: status, detail: nil)
        case .tooManyRequests(let host, let detail, let limit) where !isHarmless(detail):
            return .tooManyRequests(host: host, detail: nil, limit: limit)
        default: return self
        }
    }

    /// Whether nobody there speaks TLS, as far as can be told.
    var isWithoutTLS: Bool {
        switch self {
        case .unreachable: true
        // What is wrong with a certificate was said over TLS.
        case .insecure(_, let cause): !cause.lowercased().contains("certificate")
        default: false
        }
    }
}
