import Linux
import TestSupport

/// Policies and signatures for the tests of both.
enum TrustSupport {
    static let reject = #"[{"type": "reject"}]"#
    static let accept = #"[{"type": "insecureAcceptAnything"}]"#

    static func source() throws -> String { "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest" }

    static func policy(docker scopes: String, otherwise fallback: String = reject) -> String {
        "{\"default\": \(fallback), \"transports\": {\"docker\": {\(scopes)}}}"
    }

    /// The member of a policy's "docker" for what is signed by one of `keys`.
    static func signed(_ scope: String, _ keys: [SigningKey], _ identity: String? = nil) -> String {
        let paths = keys.map { "\"\($0.path)\"" }.joined(separator: ", ")
        let identity = identity.map { ", \"signedIdentity\": \($0)" } ?? ""
        return "\"\(scope)\": [{\"type\": \"sigstoreSigned\", \"keyPaths\": [\(paths)]\(identity)}]"
    }

    /// Signs the image `name`; returns the digest that was signed.
    @discardableResult
    static func sign(_ name: String, _ key: SigningKey?, _ options: String...) throws -> String {
        let script = Spawn(
            "/usr/bin/env",
            ["python3", "\(Executable.repository)/Tests/Harness/sign_image.py", name]
                + (key.map { ["--key", $0.secret] } ?? []) + options,
            environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"])
        let running = try RunningProgram(script)
        running.closeInput()
        let result = try running.wait()
        guard result.code == 0 else { throw TestFailure("sign_image.py \(name): \(result)") }
        return result.lines[0]
    }
}
