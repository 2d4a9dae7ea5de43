import AsyncHTTPClient
import Bytes
import FoundationEssentials
import NIOHTTP1
package import OCI
import Synchronization

/// Pulls from one repository of one registry (OCI distribution-spec, "Pull" and "Content discovery").
///
/// Chooses between https and, on this machine, http; authenticates when it is asked to; tries again what can
/// succeed in a moment. `close()` must be called before the value goes.
package final class RegistryClient: Sendable {
    /// The repository; tag and digest do not matter.
    package let repository: Reference
    let options: RegistryOptions
    private let endpoint: Endpoint
    private let transport: Transport
    private let authenticator: Authenticator
    private let knownBase = Mutex<URL?>(nil)

    /// A client for the repository of `reference`; connects to nothing yet. `isInsecure`: any certificate is taken, and plain HTTP
    /// where there is no TLS, wherever the registry is.
    package init(
        repository reference: Reference, options: RegistryOptions = RegistryOptions(), isInsecure: Bool = false
    ) {
        repository = reference
        self.options = options
        endpoint = Endpoint(domain: reference.domain, isInsecure: isInsecure)
        transport = Transport(options: options, registry: endpoint)
        authenticator = Authenticator(
            transport: transport, reference: reference, store: CredentialStore(environment: options.environment))
    }

    /// Ends all connections.
    package func close() async { await transport.shutdown() }

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
    }

    /// Sends a request and gives the answer, which is a success. `target` is a path, or a whole address of the
    /// registry itself. Throws `RegistryError` for anything else than 2xx, after trying again what may pass.
    func perform(
        _ method: HTTPMethod = .GET, _ target: String, _ subject: Subject, headers: HTTPHeaders = [:],
        isDownload: Bool = false
    ) async throws(RegistryError) -> Transport.Answer {
        var attempt = 1
        while true {
            var wait: Duration?
            do throws(RegistryError) {
                let answer = try await authenticated(method, target, headers, isDownload)
                if (200..<300).contains(answer.response.status.code) { return answer }
                wait = answer.response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { .seconds($0) }
                throw await failure(answer, subject)
            } catch {
                guard error.isPassing, attempt < options.attempts, (wait ?? .zero) <= options.longestDelay else {
                    throw error
                }
                try await pause(before: attempt, atLeast: wait)
                attempt += 1
            }
        }
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

    private func authenticated(
        _ method: HTTPMethod, _ target: String, _ headers: HTTPHeaders, _ isDownload: Bool
    ) async throws(RegistryError) -> Transport.Answer {
        let base = try await base()
        guard let url = URL(string: target, relativeTo: base)?.absoluteURL, let origin = Origin(url),
            origin == Origin(base)
        else {
            throw .violation(host: host, cause: "\"\(ErrorBody.oneLine(target))\" is no address of its own")
        }
        var request = Transport.Request(method: method, url: url, headers: headers, isDownload: isDownload)
        request.authorization = await authenticator.header
        let first = try await transport.send(request)
        // Only the registry itself is answered: whom it redirects to has no right to ask for credentials.
        guard first.response.status == .unauthorized, first.origin == origin else { return first }
        let challenges = AuthChallenge.parse(first.response.headers["WWW-Authenticate"])
        let rejected = request.authorization
        guard let fresh = try await authenticator.answer(challenges, rejected: rejected, from: origin) else {
            return first
        }
        request.authorization = fresh
        let second = try await transport.send(request)
        guard second.response.status == .unauthorized, second.origin == origin, fresh.begins(with: "Basic ") else {
            return second
        }
        throw .badCredentials(host: repository.domain, detail: await second.response.failure().text)
    }

    private func failure(_ answer: Transport.Answer, _ subject: Subject) async -> RegistryError {
        let said = await answer.response.failure()
        let host = answer.origin.description
        switch answer.response.status.code {
        case 401, 403: return .accessDenied(repository: repository.familiarName, detail: said.text)
        case 404 where said.code == "NAME_UNKNOWN": return .repositoryUnknown(repository.familiarName)
        case 404:
            switch subject {
            case .manifest(let name): return .manifestUnknown(name)
            case .blob(let digest): return .blobUnknown(digest, repository: repository.familiarName)
            case .tags: return .repositoryUnknown(repository.familiarName)
            }
        case 429: return .tooManyRequests(host: host, detail: said.text)
        case let status: return .refused(host: host, status: Int(status), detail: said.text)
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
