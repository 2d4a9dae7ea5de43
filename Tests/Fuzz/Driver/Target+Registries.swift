import Bytes
import FoundationEssentials
import JSON
import Linux
import OCI

@testable import Registry

// What is configured of registries, and what they answer.
extension Target {
    func runRegistries(_ bytes: [UInt8]) -> Bool {
        do throws(TOMLError) { _ = try TOMLTree.parse(bytes) } catch { _ = error.description }
        let configuration: RegistriesConfiguration
        do throws(RegistryError) { configuration = try Self.configuration(bytes) } catch {
            _ = error.description
            return false
        }
        for name in ["busybox", "localhost:5000/a/b:c", "a.b.example.com/d@\(Self.digest)", "example.com/e:1"] {
            guard let reference = Self.reference(name) else { fatalError("\(name) is a name") }
            do throws(RegistryError) {
                let sources = try configuration.sources(of: reference)
                precondition(!sources.isEmpty, "there is nobody to ask")
                for source in sources {
                    precondition(
                        source.reference.tag == reference.tag && source.reference.digest == reference.digest,
                        "another image would be pulled")
                    _ = configuration.isInsecure(domain: source.reference.domain)
                }
            } catch { _ = error.description }
        }
        return true
    }

    private static func configuration(_ bytes: [UInt8]) throws(RegistryError) -> RegistriesConfiguration {
        let result: Result<RegistriesConfiguration, RegistryError>
        do throws(SystemError) {
            let file = try MemoryFile.create("registries.conf", bytes)
            let path = "/proc/self/fd/\(file.rawValue)"
            do throws(RegistryError) {
                result = .success(try RegistriesConfiguration(environment: ["CONTAINERS_REGISTRIES_CONF": path]))
            } catch { result = .failure(error) }
            endLifetime(file)
        } catch { fatalError("\(error)") }
        return try result.get()
    }

    func runCredentials(_ bytes: [UInt8]) -> Bool {
        var isAccepted = false
        do throws(JSONError) {
            let tree = try JSONTree.parse(bytes)
            let again = try JSONTree.parse(CredentialFile.text(of: tree))
            precondition(again == tree, "the client's configuration changes by being written")
            let configuration: CredentialStore.Configuration = try JSONTree.decode(from: bytes)
            _ = (
                configuration.hasCredentials, configuration.helper(for: ["example.com", "https://index.docker.io/v1/"])
            )
            for name in (configuration.auths ?? [:]).keys {
                do throws(RegistryError) {
                    let server = try LoginServer(name)
                    precondition(server.isNamed(server.key), "a registry has another name than its own")
                } catch { _ = error.description }
            }
        } catch { _ = error.description }
        // No program is asked for what the environment itself has.
        let text = String(decoding: bytes, as: UTF8.self)
        let store = CredentialStore(environment: [CredentialStore.variable: text])
        for (domain, path) in [("example.com", "a/b"), ("docker.io", "library/busybox"), ("localhost:5000", "")] {
            do throws(RegistryError) {
                if try store.credential(domain: domain, path: path) != nil { isAccepted = true }
            } catch { _ = error.description }
        }
        return isAccepted
    }

    func runHeaders(_ bytes: [UInt8]) -> Bool {
        let lines = String(decoding: bytes, as: UTF8.self).split(on: "\n").map(String.init)
        let page = URL(string: "https://example.com:5000/v2/a/tags/list?n=1")
        guard let page, let registry = Origin(page) else { fatalError("an address is none") }
        var isAccepted = false
        for line in lines {
            for challenge in AuthChallenge.parse([line, line]) {
                isAccepted = true
                examine(challenge, registry)
            }
            if let target = LinkHeader.next(in: [line, line]) {
                examine(URL(string: target, relativeTo: page), registry)
            }
            examine(URL(string: line), registry)
            _ = (HTTPDate.seconds(of: line), Digest(line), ErrorBody.oneLine(line), Self.reference(line))
            for name in ["Retry-After", "X-Retry-After", "RateLimit-Limit"] {
                for now in [0, 1_700_000_000, Int.max] {
                    let limit = RateLimit(now: now) { $0.isSame(as: name) ? line : nil }
                    guard let limit else { continue }
                    precondition((limit.wait ?? .zero) >= .zero, "a wait that ended before it began")
                    _ = limit.advice
                }
            }
        }
        return isAccepted
    }

    private func examine(_ challenge: AuthChallenge, _ registry: Origin) {
        var text = challenge.scheme
        for (name, value) in challenge.parameters {
            let escaped = value.utf8.flatMap { [34, 92].contains($0) ? [92, $0] : [$0] }
            text += " \(name)=\"\(String(decoding: escaped, as: UTF8.self))\","
        }
        precondition(AuthChallenge.parse([text]) == [challenge], "a challenge changes by being written")
        for scope in TokenScope.asked(by: challenge, of: "a/b", for: ["pull", "push"]) { _ = scope.utf8.count }
        do throws(RegistryError) {
            var realm = try TokenRealm(challenge, registry: registry)
            precondition(realm.origin.isSecure || realm.origin.isLoopback, "a token is asked for where others listen")
            examine(
                realm.url(adding: [("service", challenge.parameters["service"] ?? ""), ("scope", "a b&c")]), registry)
        } catch { _ = error.description }
    }

    private func examine(_ url: URL?, _ registry: Origin) {
        guard let url else { return }
        _ = url.absoluteString
        guard let origin = Origin(url) else { return }
        precondition((1...65535).contains(origin.port) && !origin.host.isEmpty, "an address that is none")
        _ = (origin.description, origin.isLoopback, origin.secured(url))
        precondition(!registry.mayLead(to: origin) || origin.isSecure, "a redirect leads to where others listen")
    }

    func runAnswers(_ bytes: [UInt8]) -> Bool {
        var isAccepted = false
        let body = ErrorBody(bytes)
        for scalar in (body.text ?? "").unicodeScalars {
            precondition(scalar.properties.generalCategory != .control, "a registry speaks to the terminal")
        }
        _ = SubjectOutline(bytes)
        do throws(JSONError) {
            let document = try JSONTree.parse(bytes)
            isAccepted = document["results"]?.array?.compactMap(SearchResult.init).isEmpty == false
        } catch { _ = error.description }
        do throws(JSONError) {
            let answer: TokenAnswer = try JSONTree.decode(from: bytes)
            if let token = answer.value, TokenAnswer.isUsable(token) { isAccepted = true }
        } catch { _ = error.description }
        do throws(JSONError) {
            let list: TagList = try JSONTree.decode(from: bytes)
            guard let repository = Self.reference("localhost:5000/a/b") else { fatalError("a name is none") }
            for tag in list.tags ?? [] {
                isAccepted = true
                do throws(ReferenceError) {
                    let image = try repository.with(tag: tag)
                    precondition(Self.reference(image.description) == image, "a tag is more than a tag")
                } catch { _ = error.description }
            }
        } catch { _ = error.description }
        return isAccepted
    }
}
