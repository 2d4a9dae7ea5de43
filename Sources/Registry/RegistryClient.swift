import AsyncHTTPClient
import Bytes
import FoundationEssentials
import NIOHTTP1
package import OCI
import Synchronization

/// Speaks to one registry about one of its repositories (OCI distribution-spec: "Pull", "Push" and "Content discovery").
///
/// Chooses between https and, on this machine, http; authenticates when it is asked to; tries again what can
/// succeed in a moment. `close()` must be called before the value goes.
package final class RegistryClient: Sendable {
    /// The repository; tag and digest do not matter.
    package let repository: Reference
    let options: RegistryOptions
    let access: Access
    private let endpoint: Endpoint
    let transport: Transport
    let authenticator: Authenticator
    private let knownBase = Mutex<URL?>(nil)
    let wasAuthorized = Mutex(false)

    /// What is to be done with the repository.
    package enum Access: Sendable {
        case pull, push, delete

        /// What a token has to be good for. What is deleted is looked at before.
        var actions: [String] {
            switch self {
            case .pull: ["pull"]
            case .push: ["pull", "push"]
            case .delete: ["pull", "delete"]
            }
        }
    }

    /// A client for the repository of `reference`; connects to nothing yet. `isInsecure`: any certificate is taken, and plain HTTP
    /// where there is no TLS, wherever the registry is. `isIndex`: of Docker's registry, the host that is asked for searches.
    package init(
        repository reference: Reference, options: RegistryOptions = RegistryOptions(), access: Access = .pull,
        isInsecure: Bool = false, isIndex: Bool = false
    ) {
        repository = reference
        self.options = options
        self.access = access
        endpoint = Endpoint(domain: reference.domain, isInsecure: isInsecure, isIndex: isIndex)
        transport = Transport(options: options, registry: endpoint)
        authenticator = Authenticator(
            transport: transport, reference: reference, store: CredentialStore(environment: options.environment),
            actions: access.actions)
    }

    /// Ends all connections.
    package func close() async { await transport.shutdown() }

    /// Does `body` with the client and ends all connections, however that ends. Throws what `body` throws.
    package func use<Value>(_ body: (RegistryClient) async throws -> Value) async throws -> Value {
        do {
            let value = try await body(self)
            await close()
            return value
        } catch {
            await close()
            throw error
        }
    }

    /// The registry by the name that messages have for it.
    var host: String { endpoint.host }

    /// "/v2/NAME/" with what follows it.
    func path(_ rest: String) -> String { "/v2/\(repository.path)/\(rest)" }

    // MARK: - Requests

    /// What a request is about: the failure of a missing one.
    enum Subject: Sendable {
        case manifest(String)
        case blob(Digest)
        case tags
        /// What the registry has in all.
        case search
        /// A blob that is sent.
        case upload(Descriptor)
        /// A manifest that is sent, by its name and its size in bytes.
        case newManifest(String, size: Int)
        /// A manifest, or a tag of one, that is deleted, by its name.
        case doomed(String, isTag: Bool)
        /// The list of those that refer to a manifest.
        case referrers(Digest)
    }

    /// An answer that is no success, or none at all.
    struct Refusal: Error {
        let error: RegistryError
        /// The registry's own word for it ("BLOB_UPLOAD_UNKNOWN"), where it has one.
        var code: String?
        /// 0 where there was no answer.
        var status: UInt = 0
        /// How long the registry wants to be left alone.
        var wait: Duration?
    }

    /// Sends a request and gives the answer, which is a success. `target` is a path, or a whole address of the
    /// registry itself; `rounds` is how often credentials are looked for anew. Throws `RegistryError` for anything else than 2xx,
    /// after trying again what may pass.
    func perform(
        _ method: HTTPMethod = .GET, _ target: String, _ subject: Subject, headers: HTTPHeaders = [:],
        content: Transport.Content? = nil, isDownload: Bool = false, rounds: Int = 1
    ) async throws(RegistryError) -> Transport.Answer {
        let base = try await base()
        guard let given = URL(string: target, relativeTo: base)?.absoluteURL, let own = Origin(base),
            let url = own.secured(given), Origin(url) == own
        else {
            throw .violation(host: host, cause: "\"\(ErrorBody.oneLine(target))\" is no address of its own")
        }
        let request = Transport.Request(
            method: method, url: url, headers: headers, content: content, isDownload: isDownload)
        var attempt = 1
        while true {
            do throws(Refusal) { return try await once(request, subject, rounds: rounds) } catch {
                guard mayPass(error), attempt < options.attempts else { throw error.error }
                try await pause(before: attempt, atLeast: error.wait)
                attempt += 1
            }
        }
    }

    /// Whether the same request can have another outcome soon enough.
    func mayPass(_ refusal: Refusal) -> Bool {
        // Of who says no more than how much it takes in hours, nothing else is to be had in seconds.
        if case .tooManyRequests(_, _, let limit) = refusal.error, refusal.wait == nil, let window = limit?.window,
            window > options.longestDelay
        {
            return false
        }
        return refusal.error.isPassing && (refusal.wait ?? .zero) <= options.longestDelay
    }

    /// Waits after the failed `attempt`, the first being 1. Throws when the task is cancelled meanwhile.
    func pause(before attempt: Int, atLeast wait: Duration? = nil) async throws(RegistryError) {
        // A random part keeps clients that failed together from coming back together.
        let doubled = options.retryDelay * (1 << min(attempt - 1, 10))
        let jittered = min(doubled, options.longestDelay) * Double.random(in: 0.75...1.25)
        do { try await Task.sleep(for: max(jittered, wait ?? .zero)) } catch {
            throw .unreachable(host: host, cause: "the transfer was interrupted")
        }
    }

    // MARK: - The address

    /// The address of the registry. For one on this machine, https is tried and then http.
    func base() async throws(RegistryError) -> URL {
        if let known = knownBase.withLock({ $0 }) { return known }
        let candidates = endpoint.bases
        guard let last = candidates.last else {
            throw .unreachable(host: host, cause: "this is no host with a port from 1 to 65535")
        }
        var chosen = last
        for candidate in candidates.dropLast() {
            guard let url = URL(string: "/v2/", relativeTo: candidate)?.absoluteURL else { continue }
            do throws(RegistryError) { _ = try await transport.send(Transport.Request(url: url)) } catch {
                if error.isWithoutTLS { continue }
                switch error {
                // A certificate that is not trusted is no reason to go without one.
                case .insecure, .certificate: throw error
                // Any answer over TLS will do.
                default: break
                }
            }
            chosen = candidate
            break
        }
        knownBase.withLock { $0 = chosen }
        return chosen
    }
}
