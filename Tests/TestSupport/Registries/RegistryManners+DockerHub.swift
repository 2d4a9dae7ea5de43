import Synchronization

extension RegistryManners {
    /// Docker Hub: tokens of another host (auth.docker.io), for anybody as long as they only pull what is public.
    ///
    /// docs.docker.com, "Docker Hub pull usage and limits": every answer about a manifest counts the pulls left in six hours, by address or by
    /// account; past the limit the answer is 429 with TOOMANYREQUESTS and a link. That manifests are not deleted by its registry:
    /// containers/image#487. What a wrong password gets is what `docker login` shows of it.
    package static func dockerHub(pulls limit: Int = 100) -> RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/token", service: "registry.docker.io", isElsewhere: true),
            grants: { user, repository in
                if let user, repository.hasPrefix(user + "/") { return ["pull", "push", "delete"] }
                return repository.hasPrefix("private/") ? [] : ["pull"]
            },
            wrongPassword: Refusal(401, body: #"{"details":"incorrect username or password"}"#),
            forbidden: { _, _, action in
                action == "pull"
                    ? Refusal(401, "UNAUTHORIZED", "authentication required")
                    : Refusal(401, "DENIED", "requested access to the resource is denied")
            })
        manners.passwords = ["someone": "dckr_pat_x", "full": "dckr_pat_y"]
        manners.deletions = []
        manners.hasStorage = true
        let left = Pulls(limit)
        manners.policy = { request, user in
            guard StandInPlace(request).kind == "manifests", ["GET", "HEAD"].contains(request.method) else {
                return nil
            }
            // HEAD counts as a look, which costs nothing.
            guard user == nil, !left.take(request.method == "GET" ? 1 : 0) else { return nil }
            return Refusal(
                429, "TOOMANYREQUESTS",
                "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit")
        }
        manners.headers = { request, user in
            guard StandInPlace(request).kind == "manifests", user == nil else { return [] }
            return [
                ("ratelimit-limit", "\(limit);w=21600"), ("ratelimit-remaining", "\(left.left);w=21600"),
                ("docker-ratelimit-source", "192.0.2.1"),
            ]
        }
        return manners
    }

    private final class Pulls: Sendable {
        private let count: Mutex<Int>

        init(_ count: Int) { self.count = Mutex(count) }

        var left: Int { count.withLock { max($0, 0) } }

        /// Whether `number` were left, which are taken.
        func take(_ number: Int) -> Bool {
            count.withLock { count in
                guard count > 0 || number == 0 && count == 0 else { return false }
                count -= number
                return true
            }
        }
    }
}
