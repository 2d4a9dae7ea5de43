import Bytes

/// What a token is asked for (the distribution project's "Token Scope Documentation"): "repository:NAME:ACTION,ACTION".
enum TokenScope {
    /// The scopes that answer `challenge`: its own, that of the repository `path` with all of `actions`. A token that is for all that
    /// will be done with it need not be replaced after the first request, which reads.
    static func asked(by challenge: AuthChallenge, of path: String, for actions: [String]) -> [String] {
        let own = "repository:\(path):"
        let asked = (challenge.parameters["scope"] ?? "").split(on: " ").map(String.init)
        // Some registries leave the scope out of the challenge of /v2/ and expect it all the same.
        if asked.isEmpty { return [own + actions.joined(separator: ",")] }
        return asked.map { scope in
            guard scope.begins(with: own) else { return scope }
            var wanted = scope.dropping(own.utf8.count).split(on: ",").map(String.init)
            guard !wanted.contains("*") else { return scope }
            wanted += actions.filter { !wanted.contains($0) }
            return own + wanted.joined(separator: ",")
        }
    }
}
