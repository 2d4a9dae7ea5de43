package import Errors
package import OCI

extension RegistryClient {
    /// Does `body` with a client for the repository of `reference`, at the first of the places that registries.conf has for it where that works: its
    /// mirrors, and the registry itself last. `isInsecure`: each may do without TLS and a known certificate.
    ///
    /// Throws `RegistryError` for a file of registries.conf that cannot be used and for what it forbids, and otherwise what `body` throws at the last
    /// place: as `MirrorsFailure` where it is not the only one. Who is cancelled hears at once what `body` throws.
    package static func reading<Value>(
        _ reference: Reference, _ options: RegistryOptions, isInsecure: Bool = false,
        _ body: (RegistryClient, RegistriesConfiguration.Source) async throws -> Value
    ) async throws -> Value {
        var failures: [String] = []
        var rest = try RegistriesConfiguration(environment: options.environment).sources(of: reference)[...]
        while true {
            let source = rest.removeFirst()
            let client = RegistryClient(
                repository: source.reference, options: options, isInsecure: isInsecure || source.isInsecure)
            do { return try await client.use { try await body($0, source) } } catch {
                // Whoever gave up meanwhile does not want to wait for the next.
                if Task.isCancelled { throw error }
                guard rest.isEmpty else {
                    failures.append("\(source.reference.name): \(error)")
                    continue
                }
                if failures.isEmpty { throw error }
                throw MirrorsFailure(cause: error, mirrors: failures)
            }
        }
    }
}

/// What a registry failed with after its mirrors.
package struct MirrorsFailure: KindedError, CustomStringConvertible {
    /// What the registry itself failed with.
    package let cause: any Error
    /// What each mirror failed with, behind its name.
    let mirrors: [String]

    package var kind: ErrorKind { (cause as? any KindedError)?.kind ?? .system }

    package var description: String { "\(cause) (mirrors: \(mirrors.joined(separator: "; ")))" }
}
