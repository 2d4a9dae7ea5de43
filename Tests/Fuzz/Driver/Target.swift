import Dockerfile
import JSON
import Linux
import OCI
import Seccomp

@testable import OCIRuntime
@testable import Runtime

/// What is fed with inputs from outside. An input may be refused; it may not end the process.
enum Target: String, CaseIterable {
    /// `config.json` of a bundle.
    case config
    /// Docker's seccomp profiles.
    case seccomp
    /// What a container's process says while it starts, which an image may have taken over.
    case `protocol`
    /// A Dockerfile, and the same bytes as a `.dockerignore`.
    case dockerfile
    /// Manifests and indexes of registries, archives and layouts.
    case manifest
    /// An image's configuration.
    case image
    /// The `index.json` of an OCI layout, and the same bytes as the `manifest.json` of `docker save`.
    case layout
    /// policy.json.
    case policy
    /// The manifest of an image's signatures, and behind an empty line the payload of one.
    case signature
    /// A public key in PEM form, and a signature by it.
    case key
    /// registries.conf.
    case registries
    /// Docker's config.json and the container tools' auth.json.
    case credentials
    /// What registries' answers have in their headers, a line each.
    case headers
    /// What registries and token servers answer, but for manifests.
    case answers

    /// For messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Returns whether the input was accepted.
    func run(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .config: runConfig(bytes)
        case .seccomp: runSeccomp(bytes)
        case .protocol: runProtocol(bytes)
        case .dockerfile: runDockerfile(bytes)
        case .manifest: runManifest(bytes)
        case .image: runImage(bytes)
        case .layout: runLayout(bytes)
        case .policy: runPolicy(bytes)
        case .signature: runSignature(bytes)
        case .key: runKey(bytes)
        case .registries: runRegistries(bytes)
        case .credentials: runCredentials(bytes)
        case .headers: runHeaders(bytes)
        case .answers: runAnswers(bytes)
        }
    }

    private func runConfig(_ bytes: [UInt8]) -> Bool {
        do {
            let configuration = try Configuration(bytes, name: "config.json")
            try SpecValidation(configuration.spec).check()
            let whole: RuntimeSpec = try JSONTree.parse(bytes).decode(name: "config.json")
            if let profile = whole.linux?.seccomp { _ = try SeccompCompiler.program(for: profile) }
            return true
        } catch { return false }
    }

    private func runSeccomp(_ bytes: [UInt8]) -> Bool {
        do {
            let file = try ProfileFile(bytes, file: "profile.json")
            for capabilities in [0, UInt64.max, 1 << 21] {
                guard let profile = file.specification(capabilities: capabilities) else { continue }
                _ = try SeccompCompiler.program(for: profile)
            }
            return true
        } catch { return false }
    }

    private func runDockerfile(_ bytes: [UInt8]) -> Bool {
        do {
            let matcher = try IgnoreMatcher(bytes)
            for path in ["a", "a/b", "a/b/c.txt"] {
                let isIgnored = matcher.ignores(Array(path.utf8))
                if isIgnored { _ = matcher.prunes(Array(path.utf8)[...]) }
            }
        } catch {}
        let source: SourceText
        do { source = try SourceText(bytes) } catch { return false }
        do {
            let file = try Dockerfile(source)
            let report = Linter(file).run()
            for warning in report.warnings { _ = warning.report(source: source, name: "Dockerfile") }
            _ = report.failure?.report(source: source, name: "Dockerfile")
            return report.failure == nil
        } catch {
            _ = error.report(source: source, name: "Dockerfile")
            return false
        }
    }

    // Packets, each behind a byte that says how long it is, to a parent in each of its first states.
    private func runProtocol(_ bytes: [UInt8]) -> Bool {
        var packets: [[UInt8]] = []
        var rest = bytes[...]
        while let length = rest.popFirst() {
            packets.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        var accepted = false
        for setup in 0..<32 {
            var talk = ChildProtocol(
                staged: setup & 1 != 0, needsMaps: setup & 2 != 0, hasTerminal: setup & 4 != 0,
                waitsForStart: setup & 8 != 0, mayHaveListener: setup & 16 != 0)
            do {
                for packet in packets {
                    let message: ChildMessage = try Frame.decode(packet)
                    // What was understood is said the same way.
                    let again: ChildMessage = try Frame.decode(Frame.encode(message))
                    precondition(again == message, "a message changes by being encoded")
                    try talk.receive(message)
                    if talk.state == .created { talk.start() }
                }
                try talk.close()
                accepted = true
            } catch { continue }
        }
        for packet in packets {
            do throws(WireError) {
                let message: ParentMessage = try Frame.decode(packet)
                precondition(Frame.encode(message) == packet, "a message has two forms")
            } catch { continue }
        }
        return accepted
    }
}
