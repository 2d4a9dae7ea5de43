import AsyncHTTPClient
import Bytes
import NIOHTTP1
import OCI
import Synchronization

/// How requests come to have the right to what they ask for.
extension RegistryClient {
    /// Sends a request once, or once more with a new token where the one that it had is over, and gives the answer, which is a success.
    func once(
        _ request: Transport.Request, _ subject: Subject, rounds: Int = 1
    ) async throws(Refusal) -> Transport.Answer {
        let outcome: Outcome
        do throws(RegistryError) { outcome = try await self.outcome(of: request, rounds) } catch {
            // A token server has limits of its own.
            guard case .tooManyRequests(_, _, let limit) = error else { throw Refusal(error: error) }
            throw Refusal(error: error, wait: limit?.wait)
        }
        let answer = outcome.answer
        guard let said = outcome.said else { return answer }
        let limit = RateLimit(answer.response.headers, now: RateLimit.now)
        throw Refusal(
            error: failure(answer, said, subject, limit), code: said.code, status: answer.response.status.code,
            wait: limit?.wait)
    }

    /// What came of a request.
    private struct Outcome {
        let answer: Transport.Answer
        /// What the body of a failure says; nil of a success, whose body is still to be read.
        let said: ErrorBody?

        init(_ answer: Transport.Answer) async {
            self.answer = answer
            said = (200..<300).contains(answer.response.status.code) ? nil : await answer.response.failure()
        }
    }

    private func outcome(of request: Transport.Request, _ rounds: Int) async throws(RegistryError) -> Outcome {
        let (answer, held) = try await authenticated(request, rounds)
        let outcome = await Outcome(answer)
        guard let said = outcome.said, let held, Self.isOver(held, answer, said),
            let fresh = try await allowed({ () async throws(RegistryError) in try await authenticator.renewed(held) })
        else { return outcome }
        var again = request
        again.authorization = fresh.value
        return await Outcome(try await transport.send(again))
    }

    /// Whether `answer`, of which the body says `said`, is no that the token which the request had is to blame for. Registries that do as the
    /// specification says challenge with 401 then; ECR's public one says 400, and others 403.
    private static func isOver(_ token: Authenticator.Header, _ answer: Transport.Answer, _ said: ErrorBody) -> Bool {
        guard token.expiry != nil else { return false }
        switch answer.response.status.code {
        // The answer to a HEAD has no words, and there is nothing in our requests that could be wrong otherwise.
        case 400: return token.isPast || said.saysTokenIsPast || said.text == nil
        case 401, 403: return token.isPast || said.saysTokenIsPast
        default: return false
        }
    }

    // The header that the request had from the start comes with the answer of the registry itself, where no challenge has replaced it.
    private func authenticated(
        _ unsigned: Transport.Request, _ rounds: Int
    ) async throws(RegistryError) -> (answer: Transport.Answer, held: Authenticator.Header?) {
        var request = unsigned
        let own = Origin(try await base())
        // An upload can lead elsewhere: whoever has that address has no right to credentials.
        guard let own, Origin(request.url) == own else { return (try await transport.send(request), nil) }
        let held = await authenticator.header
        request.authorization = held?.value
        var answer = try await transport.send(request)
        for round in 0..<rounds {
            // Only the registry itself is answered: whom it redirects to has no right to ask for credentials.
            guard answer.origin == own else { return (answer, nil) }
            let kept = round == 0 ? held : nil
            guard answer.response.status == .unauthorized else { return (answer, kept) }
            let challenges = AuthChallenge.parse(answer.response.headers["WWW-Authenticate"])
            guard let fresh = try await header(for: challenges, rejected: request.authorization, own) else {
                return (answer, kept)
            }
            request.authorization = fresh
            answer = try await transport.send(request)
            guard answer.response.status == .unauthorized, answer.origin == own, fresh.begins(with: "Basic ") else {
                continue
            }
            throw .badCredentials(host: repository.domain, detail: await answer.response.failure().text)
        }
        return (answer, nil)
    }

    private func header(
        for challenges: [AuthChallenge], rejected: String?, _ origin: Origin
    ) async throws(RegistryError) -> String? {
        let fresh = try await allowed { () async throws(RegistryError) in
            try await authenticator.answer(challenges, rejected: rejected, from: origin)
        }
        if fresh != nil { wasAuthorized.withLock { $0 = true } }
        return fresh?.value
    }

    /// Gives what `find` finds. Who is not allowed to is refused by the words for what was to be done.
    private func allowed(
        _ find: () async throws(RegistryError) -> Authenticator.Header?
    ) async throws(RegistryError) -> Authenticator.Header? {
        do throws(RegistryError) { return try await find() } catch {
            guard case .accessDenied(let repository, let detail) = error else { throw error }
            throw access.denied(repository, detail)
        }
    }

    /// Whether the registry wants credentials and those that were good for it have come to their end.
    var needsFreshCredentials: Bool {
        get async {
            guard wasAuthorized.withLock({ $0 }) else { return false }
            return await authenticator.header == nil
        }
    }
}
