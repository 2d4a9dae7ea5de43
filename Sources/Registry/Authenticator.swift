import AsyncHTTPClient
import FoundationEssentials
import JSON
import Linux
import NIOHTTP1
import OCI

/// Finds the Authorization header for one repository, once for all requests that run at the same time.
actor Authenticator {
    private let transport: Transport
    private let reference: Reference
    private let store: CredentialStore
    private let actions: [String]
    private var known: Header?
    /// What the known token answered; nil for credentials.
    private var asked: (challenge: AuthChallenge, origin: Origin)?
    private var pending: Task<Header, any Error>?

    struct Header: Sendable {
        let value: String
        /// When it ends to be accepted; nil for credentials, which last.
        let expiry: ContinuousClock.Instant?

        /// Whether its time is over.
        var isPast: Bool { expiry.map { $0 <= .now } ?? false }
    }

    /// The authenticator for the repository of `reference`, with which `actions` are to be done ("pull", "push").
    init(transport: Transport, reference: Reference, store: CredentialStore, actions: [String] = ["pull"]) {
        self.actions = actions
        self.transport = transport
        self.reference = reference
        self.store = store
    }

    /// The header to send at first; nil until a challenge asked for one.
    var header: Header? { known?.isPast == false ? known : nil }

    /// The header that answers `challenges` of the registry at `origin`, which came for a request with `rejected`.
    /// nil where there is nothing to answer with. Throws where the token server refuses or cannot be reached, or a
    /// file of credentials cannot be used.
    func answer(
        _ challenges: [AuthChallenge], rejected: String?, from origin: Origin
    ) async throws(RegistryError) -> Header? {
        if let header, header.value != rejected { return header }
        let bearer = challenges.first { $0.scheme == "bearer" && $0.parameters["realm"] != nil }
        guard bearer != nil || challenges.contains(where: { $0.scheme == "basic" }) else { return nil }
        asked = bearer.map { ($0, origin) }
        return try await fresh(bearer, origin)
    }

    /// A token in the place of `rejected`, by the challenge that this one answered. nil for credentials, which have no time. Throws as `answer`.
    func renewed(_ rejected: Header) async throws(RegistryError) -> Header? {
        if let header, header.value != rejected.value { return header }
        guard rejected.expiry != nil, let asked else { return nil }
        return try await fresh(asked.challenge, asked.origin)
    }

    /// What a token server gives for `bearer`; without one the credentials.
    private func fresh(_ bearer: AuthChallenge?, _ origin: Origin) async throws(RegistryError) -> Header? {
        if pending == nil {
            pending = Task { () async throws -> Header in
                if let bearer { return try await token(for: bearer, origin) }
                return try basic(origin)
            }
        }
        guard let task = pending else { return nil }
        let result = await task.result
        pending = nil
        do {
            let fresh = try result.get()
            known = fresh
            return fresh
        } catch let error as RegistryError { throw error } catch {
            throw RegistryError(connection: error, to: origin)
        }
    }

    private func basic(_ origin: Origin) throws -> Header {
        switch try store.credential(domain: reference.domain, path: reference.path) {
        case .password(let user, let password): return Header(value: Self.basic(user, password), expiry: nil)
        case .accessToken(let token): return Header(value: "Bearer " + token, expiry: nil)
        case .identityToken, nil: throw RegistryError.accessDenied(repository: reference.familiarName, detail: nil)
        }
    }

    static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Base64.encoded(Array((user + ":" + password).utf8))
    }

    /// A token of access (the distribution project's token authentication, by GET or, with a refresh token, POST).
    private func token(for challenge: AuthChallenge, _ registry: Origin) async throws -> Header {
        let credential = try store.credential(domain: reference.domain, path: reference.path)
        if case .accessToken(let token) = credential { return Header(value: "Bearer " + token, expiry: nil) }
        var realm = try TokenRealm(challenge, registry: registry)
        let scopes = TokenScope.asked(by: challenge, of: reference.path, for: actions)
        var fields: [(String, String)] = []
        if let service = challenge.parameters["service"] { fields.append(("service", service)) }
        var request = Transport.Request(url: realm.url)
        if case .identityToken(let token) = credential {
            fields.append(("scope", scopes.joined(separator: " ")))
            fields += [("grant_type", "refresh_token"), ("client_id", "apus"), ("refresh_token", token)]
            request.method = .POST
            request.headers = ["Content-Type": "application/x-www-form-urlencoded"]
            request.body = Array(Form.text(fields).utf8)
        } else {
            fields += scopes.map { ("scope", $0) }
            if case .password(let user, let password) = credential {
                fields.append(("account", user))
                request.authorization = Self.basic(user, password)
            }
            request.url = realm.url(adding: fields)
        }
        return try await fetch(request, realm.origin, hasCredential: credential != nil)
    }

    private func fetch(_ request: Transport.Request, _ origin: Origin, hasCredential: Bool) async throws -> Header {
        let response = try await transport.send(request).response
        guard response.status == .ok else {
            let failure = await response.failure()
            switch (response.status.code, hasCredential) {
            case (400, true), (401, true):
                throw RegistryError.badCredentials(host: reference.domain, detail: failure.text)
            // Who somebody is was understood, and he may not do that.
            case (401, false), (403, _):
                throw RegistryError.accessDenied(repository: reference.familiarName, detail: failure.text)
            case (429, _):
                let limit = RateLimit(response.headers, now: RateLimit.now)
                throw RegistryError.tooManyRequests(host: origin.description, detail: failure.text, limit: limit)
            case (let status, _):
                throw RegistryError.refused(host: origin.description, status: Int(status), detail: failure.text)
            }
        }
        let bytes = try await response.collect(
            limit: 1 << 20, from: origin,
            tooLarge: .violation(host: origin.description, cause: "its token is larger than 1 MiB"))
        guard let answer = try? JSONTree.decode(TokenAnswer.self, from: bytes), let token = answer.value,
            TokenAnswer.isUsable(token)
        else { throw RegistryError.violation(host: origin.description, cause: "it gives no token") }
        // The specification's default, and a little less, so that none ends on its way.
        let lifetime = max(answer.lifetime ?? 60, 60)
        return Header(value: "Bearer " + token, expiry: .now + .seconds(min(lifetime, 86400) - 5))
    }
}
