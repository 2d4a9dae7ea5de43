import Synchronization

/// What the servers of a stand-in have in common.
final class StandInCore: Sendable {
    struct Hosts: Sendable {
        var registry = ""
        var tokens = ""
        var storage = ""
    }

    struct Repository {
        var blobs: [String: [UInt8]] = [:]
        /// By their digests.
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        /// Digests by tags.
        var tags: [String: String] = [:]
        /// What was attached to manifests, as entries of indexes, by the digests of those.
        var listed: [String: [String]] = [:]
    }

    struct State {
        var repositories: [String: Repository] = [:]
        var uploads: [String: [UInt8]] = [:]
        var tokens: [String: Token] = [:]
        /// Tokens that were accepted.
        var good: Set<String> = []
        /// The token that a request was told to be over, by method and target.
        var over: [String: String] = [:]
        var count = 0
    }

    /// What a token is good for.
    struct Token {
        let user: String?
        /// By repository.
        var actions: [String: Set<String>] = [:]
    }

    let manners: RegistryManners
    let state = Mutex(State())
    let hosts = Mutex(Hosts())

    init(_ manners: RegistryManners) { self.manners = manners }

    // MARK: - Who asks

    enum Caller {
        case nobody
        case user(String)
        case token(Token)
        case liar
    }

    func caller(_ request: HTTPServer.Request) -> Caller {
        let header = request.headers["authorization"] ?? ""
        if header.hasPrefix("Bearer ") {
            let token = String(header.dropFirst("Bearer ".count))
            return state.withLock { $0.tokens[token] }.map { .token($0) } ?? .nobody
        }
        guard header.hasPrefix("Basic ") else { return .nobody }
        let text = decodedBase64(String(header.dropFirst("Basic ".count)))
        guard let colon = text.firstIndex(of: ":") else { return .liar }
        let (user, password) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        return manners.passwords[user] == password && !password.isEmpty ? .user(user) : .liar
    }

    /// The token server.
    func token(_ request: HTTPServer.Request) -> HTTPServer.Response {
        var user: String?
        switch caller(request) {
        case .nobody: break
        case .user(let name): user = name
        case .token, .liar: return manners.wrongPassword.response
        }
        var token = Token(user: user)
        for scope in fields(request, "scope").flatMap({ $0.split(separator: " ") }) {
            let parts = scope.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[0] == "repository" else { continue }
            if let refusal = manners.tokenRefusal(user, parts[1]) { return refusal.response }
            let wanted = Set(parts[2].split(separator: ",").map(String.init))
            token.actions[parts[1], default: []].formUnion(wanted.intersection(manners.grants(user, parts[1])))
        }
        let given = token
        let name = state.withLock { state in
            state.count += 1
            let name = "token.\(state.count)"
            state.tokens[name] = given
            return name
        }
        return .text(200, #"{"token":"\#(name)","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}"#)
    }

    /// The values of `name` in the query.
    func fields(_ request: HTTPServer.Request, _ name: String) -> [String] {
        guard let mark = request.target.firstIndex(of: "?") else { return [] }
        return request.target[request.target.index(after: mark)...].split(separator: "&")
            .filter { $0.hasPrefix(name + "=") }.map { decodedPercent(String($0.dropFirst(name.count + 1))) }
    }

    // MARK: - The registry

    func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
        if case .bearer(let path, _, isElsewhere: false) = manners.challenge, request.path == path {
            return token(request)
        }
        let place = StandInPlace(request)
        var user: String?
        switch caller(request) {
        case .user(let name): user = name
        case .token(let token): user = token.user
        case .nobody, .liar: break
        }
        var response =
            tokenEnd(request) ?? refusal(request, place) ?? manners.policy(request, user)?.response
            ?? content(request, place)
        response.headers += [("Docker-Distribution-Api-Version", "registry/2.0")] + manners.headers(request, user)
        return response
    }

    /// What is said of a token that was good once; nil of others.
    private func tokenEnd(_ request: HTTPServer.Request) -> HTTPServer.Response? {
        guard let end = manners.tokenEnd, let token = request.headers["authorization"], token.hasPrefix("Bearer ")
        else {
            return nil
        }
        // The answer to a HEAD has no words, and without them 403 says something else.
        if end.refusal.status == 403, request.method == "HEAD" { return nil }
        let isOver =
            switch end.of {
            case .always: true
            case .eachRequestOnce:
                state.withLock { state in
                    let request = "\(request.method) \(request.target)"
                    // Nobody takes a token for one that is over that was never good.
                    if state.good.insert(token).inserted { return false }
                    if state.over[request] == nil { state.over[request] = token }
                    return state.over[request] == token
                }
            }
        return isOver ? end.refusal.response : nil
    }

    /// What is answered to who may not do this; nil where he may.
    private func refusal(_ request: HTTPServer.Request, _ place: StandInPlace) -> HTTPServer.Response? {
        let action =
            switch request.method {
            case "GET", "HEAD": place.isUpload ? "push" : "pull"
            case "DELETE" where !place.isUpload: manners.deleteAction
            default: "push"
            }
        let repository = place.repository
        func unknown() -> HTTPServer.Response {
            let header: String
            switch manners.challenge {
            case .none: header = ""
            case .basic(let text): header = text
            case .bearer(let path, let service, _):
                let actions = action == "push" ? "pull,push" : action
                let scope = repository.map { ",scope=\"repository:\($0):\(actions)\"" } ?? ""
                header =
                    #"Bearer realm="http://\#(hosts.withLock { $0.tokens })\#(path)",service="\#(service)"\#(scope)"#
            }
            return .text(
                401, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                [("Content-Type", "application/json"), ("WWW-Authenticate", header)])
        }
        func forbidden(_ user: String?) -> HTTPServer.Response? {
            guard let repository else { return nil }
            var response = manners.forbidden(user, repository, action).response
            // Who says "who are you?" says how to answer it.
            if response.status == 401 { response.headers += unknown().headers }
            return response
        }
        switch (caller(request), manners.challenge) {
        case (_, .none): return nil
        case (.liar, _): return manners.wrongPassword.response
        case (.nobody, _): return unknown()
        case (.user(let user), .basic):
            guard let repository else { return nil }
            return manners.grants(user, repository).contains(action) ? nil : forbidden(user)
        case (.user, .bearer): return unknown()
        case (.token(let token), _):
            guard let repository else { return nil }
            return token.actions[repository, default: []].contains(action) ? nil : forbidden(token.user)
        }
    }

    /// The storage: whoever has a signed address gets what is there, and nobody who shows more.
    func stored(_ request: HTTPServer.Request) -> HTTPServer.Response {
        if request.headers["authorization"] != nil {
            return .text(
                400,
                "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed; only the X-Amz-Algorithm query"
                    + " parameter, Signature query string parameter or the Authorization header should be specified</Message></Error>"
            )
        }
        guard fields(request, "X-Amz-Signature") == ["abc/+="] else { return .text(403, "<Error>AccessDenied</Error>") }
        let digest = "sha256:" + (request.path.split(separator: "/").last ?? "")
        let bytes = state.withLock { state in state.repositories.values.lazy.compactMap { $0.blobs[digest] }.first }
        return bytes.map { HTTPServer.Response(headers: [("Content-Type", "binary/octet-stream")], body: $0) }
            ?? .text(404, "<Error>NoSuchKey</Error>")
    }
}

/// What the path of a request names: "/v2/NAME/KIND/REFERENCE".
struct StandInPlace {
    var repository: String?
    /// "manifests", "blobs", "uploads", "tags", "referrers"; empty for /v2/ and others.
    var kind = ""
    var reference = ""

    var isUpload: Bool { kind == "uploads" }

    init(_ request: HTTPServer.Request) {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 4, parts[0] == "v2" else { return }
        if let place = parts.lastIndex(of: "uploads"), parts[place - 1] == "blobs" {
            repository = parts[1..<(place - 1)].joined(separator: "/")
            kind = "uploads"
            reference = parts.count > place + 1 ? parts[place + 1] : ""
        } else if ["manifests", "blobs", "tags", "referrers"].contains(parts[parts.count - 2]) {
            repository = parts[1..<(parts.count - 2)].joined(separator: "/")
            kind = parts[parts.count - 2]
            reference = parts[parts.count - 1]
        }
    }
}
