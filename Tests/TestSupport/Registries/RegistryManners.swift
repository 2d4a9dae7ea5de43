/// What one registry does otherwise than others: a value for `StandInRegistry`.
package struct RegistryManners: Sendable {
    /// How it asks who somebody is.
    package enum Challenge: Sendable {
        /// Not at all.
        case none
        /// For a password with every request, by this header.
        case basic(String)
        /// For a token of the server at `path`, which is at the registry itself or, where it `isElsewhere`, at a host of its own.
        case bearer(path: String, service: String, isElsewhere: Bool)
    }

    /// Where it sends those who begin an upload.
    package enum Location: Sendable {
        /// To a path, without a query or with one that the next request must have.
        case relative(hasQuery: Bool)
        /// To a whole address with a query.
        case absolute
    }

    /// What it deletes.
    package enum Deletion: Sendable { case manifests, tags }

    /// How it says no.
    package struct Refusal: Sendable {
        package let status: Int
        package let body: String

        /// A refusal with a body as it is.
        package init(_ status: Int, body: String) {
            self.status = status
            self.body = body
        }

        /// A refusal of the distribution specification's form.
        package init(_ status: Int, _ code: String, _ message: String) {
            let escaped = message.replacing("\"", with: "\\\"")
            self.init(status, body: #"{"errors":[{"code":"\#(code)","message":"\#(escaped)"}]}"#)
        }

        var response: HTTPServer.Response { .text(status, body, [("Content-Type", "application/json")]) }
    }

    /// When tokens are over.
    package enum TokenEnd: Sendable {
        /// Before they have been good for anything.
        case always
        /// After its first request, for whatever was not asked for before: whoever asks again with another token gets it.
        case eachRequestOnce
    }

    package var challenge: Challenge
    /// Passwords by user names.
    package var passwords: [String: String] = [:]
    /// What a user, or nobody (nil), may do with a repository: "pull", "push", "delete".
    package var grants: @Sendable (_ user: String?, _ repository: String) -> Set<String>
    /// What a wrong password gets, of the token server or the registry.
    package var wrongPassword: Refusal
    /// What those get of the registry who may not do that: user, repository, action.
    package var forbidden: @Sendable (String?, String, String) -> Refusal
    /// What the token server says to who may do nothing with a repository; nil: it gives a token that is good for nothing.
    package var tokenRefusal: @Sendable (String?, String) -> Refusal? = { _, _ in nil }
    /// When tokens are over, and what is said then; nil: none ever is.
    package var tokenEnd: (of: TokenEnd, refusal: Refusal)?
    /// What the action of a DELETE is called in scopes.
    package var deleteAction = "delete"
    package var location = Location.relative(hasQuery: true)
    /// Whether blobs are taken from other repositories.
    package var mounts = true
    /// Whether blobs are at a host of their own, whose addresses are signed, and which wants nothing else that looks like credentials.
    package var hasStorage = false
    /// Whether HEAD is answered.
    package var hasHead = true
    package var deletions: Set<Deletion> = [.manifests, .tags]
    /// How many tags a page of the list has.
    package var pageSize = 1000
    /// What is answered before anything else is looked at: the request, and who made it.
    package var policy: @Sendable (HTTPServer.Request, _ user: String?) -> Refusal? = { _, _ in nil }
    /// What is added to every answer.
    package var headers: @Sendable (HTTPServer.Request, _ user: String?) -> [(String, String)] = { _, _ in [] }
    /// What it says to a manifest that is put: the repository, the tag, and whether that is another image's already.
    package var tagPolicy: @Sendable (_ repository: String, _ tag: String, _ isTaken: Bool) -> Refusal? = { _, _, _ in
        nil
    }

    package init(
        _ challenge: Challenge, grants: @escaping @Sendable (_ user: String?, _ repository: String) -> Set<String>,
        wrongPassword: Refusal, forbidden: @escaping @Sendable (String?, String, String) -> Refusal
    ) {
        self.challenge = challenge
        self.grants = grants
        self.wrongPassword = wrongPassword
        self.forbidden = forbidden
    }

    /// Those of a registry that lets everybody do everything.
    package static var open: RegistryManners {
        RegistryManners(
            .none, grants: { _, _ in ["pull", "push", "delete"] }, wrongPassword: Refusal(401, body: ""),
            forbidden: { _, _, _ in Refusal(403, body: "") })
    }
}
