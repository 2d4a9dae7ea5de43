import Linux
import TestSupport
import Testing

/// What policies mean, beside what skopeo makes of them.
@Suite struct PolicyVerdictTests {
    /// Debian's skopeo reads policies and finds rules as the original does, but its sigstore is left out: signatures cannot be compared with it.
    @Test func skopeoSaysTheSameOfEachPolicy() throws {
        try RegistryServer.with { registry throws in
            try withSandbox(.any) { sandbox throws in
                let host = registry.host
                let name = try registry.push(TrustSupport.source(), as: "team/app:1")
                let digest = try TrustSupport.sign(name, nil)
                let key = try SigningKey()
                let cases: [(policy: String, image: String, isLetIn: Bool)] = [
                    ("{\"default\": \(TrustSupport.accept)}", name, true),
                    ("{\"default\": \(TrustSupport.reject)}", name, false),
                    (TrustSupport.policy(docker: "\"\": \(TrustSupport.accept)"), name, true),
                    (TrustSupport.policy(docker: "\"\(host)\": \(TrustSupport.accept)"), name, true),
                    (TrustSupport.policy(docker: "\"localhost\": \(TrustSupport.accept)"), name, false),
                    (TrustSupport.policy(docker: "\"\(host)/te\": \(TrustSupport.accept)"), name, false),
                    (TrustSupport.policy(docker: "\"\(host)/team/\": \(TrustSupport.accept)"), name, false),
                    (TrustSupport.policy(docker: "\"\(host)/team/app\": \(TrustSupport.accept)"), name, true),
                    (TrustSupport.policy(docker: "\"\(name)\": \(TrustSupport.accept)"), name, true),
                    (
                        TrustSupport.policy(docker: "\"\(name)\": \(TrustSupport.accept)"),
                        "\(host)/team/app@\(digest)", false
                    ),
                    (
                        TrustSupport.policy(docker: "\"\(host)/team/app@\(digest)\": \(TrustSupport.accept)"),
                        "\(host)/team/app@\(digest)", true
                    ),
                    (
                        TrustSupport.policy(docker: "\"\(host)/team/app@\(digest)\": \(TrustSupport.accept)"), name,
                        false
                    ),
                    (
                        TrustSupport.policy(
                            docker: "\"\(host)/team\": \(TrustSupport.reject), \"\(name)\": \(TrustSupport.accept)"),
                        name, true
                    ),
                    (TrustSupport.policy(docker: "\"*.localhost\": \(TrustSupport.accept)"), name, false),
                    (
                        TrustSupport.policy(docker: "\"*.0.0.1\": \(TrustSupport.accept)"),
                        name.replacing("localhost", with: "127.0.0.1"), true
                    ),
                    (
                        TrustSupport.policy(docker: "\"*.1\": \(TrustSupport.accept)"),
                        name.replacing("localhost", with: "127.0.0.1"), true
                    ),
                    (
                        TrustSupport.policy(
                            docker: "\"*.0.1\": \(TrustSupport.reject), \"*.1\": \(TrustSupport.accept)"),
                        name.replacing("localhost", with: "127.0.0.1"), false
                    ),
                    (
                        TrustSupport.policy(
                            docker: "\"\(host)\": [{\"type\": \"insecureAcceptAnything\"}, {\"type\": \"reject\"}]"),
                        name, false
                    ),
                    (TrustSupport.policy(docker: TrustSupport.signed(host, [key])), name, false),
                    (
                        TrustSupport.policy(
                            docker:
                                "\"\(host)\": [{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"/none\"}]"
                        ),
                        name, false
                    ),
                    (
                        TrustSupport.policy(
                            docker:
                                "\"elsewhere\": [{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"/none\"}]",
                            otherwise: TrustSupport.accept), name, true
                    ),
                    (
                        TrustSupport.policy(
                            docker:
                                "\"elsewhere\": [{\"type\": \"signedBy\", \"keyType\": \"PGP\", \"keyPath\": \"/none\"}]",
                            otherwise: TrustSupport.accept), name, false
                    ),
                    (
                        TrustSupport.policy(
                            docker: "\"elsewhere\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/none\"}]",
                            otherwise: TrustSupport.accept), name, true
                    ),
                    (
                        TrustSupport.policy(
                            docker: "\"elsewhere\": [{\"type\": \"sigstoreSigned\"}]", otherwise: TrustSupport.accept),
                        name,
                        false
                    ),
                    (
                        TrustSupport.policy(
                            docker:
                                "\"elsewhere\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/n\", \"keyData\": \"YQ==\"}]",
                            otherwise: TrustSupport.accept), name, false
                    ),
                    (
                        TrustSupport.policy(
                            docker:
                                "\"elsewhere\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/n\", \"keyID\": \"1\"}]",
                            otherwise: TrustSupport.accept), name, false
                    ),
                    (TrustSupport.policy(docker: "\"elsewhere\": []", otherwise: TrustSupport.accept), name, false),
                    (
                        "{\"default\": \(TrustSupport.accept), \"transports\": {\"unheard-of\": {\"scope\": \(TrustSupport.reject)}}}",
                        name, true
                    ),
                    (
                        "{\"default\": \(TrustSupport.accept), \"transports\": {\"docker-archive\": {\"/x\": \(TrustSupport.accept)}}}",
                        name, false
                    ),
                    (
                        "{\"default\": \(TrustSupport.accept), \"transports\": {\"oci\": {\"/x/\": \(TrustSupport.accept)}}}",
                        name, false
                    ),
                    (
                        "{\"default\": \(TrustSupport.accept), \"transports\": {\"dir\": {\"x\": \(TrustSupport.accept)}}}",
                        name, false
                    ),
                    ("{\"default\": \(TrustSupport.accept), \"default\": \(TrustSupport.accept)}", name, false),
                    (
                        "{\"default\": [{\"type\": \"insecureAcceptAnything\", \"type\": \"insecureAcceptAnything\"}]}",
                        name, false
                    ),
                    ("{\"default\": \(TrustSupport.accept)} {}", name, false),
                    ("{\"default\": \(TrustSupport.accept), \"x\": 1}", name, false),
                    ("{\"DEFAULT\": \(TrustSupport.accept)}", name, false),
                    ("{\"default\": []}", name, false),
                    ("{\"transports\": {}}", name, false),
                    ("[]", name, false),
                    ("", name, false),
                ]
                for (number, (policy, image, isLetIn)) in cases.enumerated() {
                    try sandbox.trust(policy)
                    let ours = try sandbox.apus("pull", "-q", image)
                    #expect((ours.code == 0) == isLetIn, "\(policy): \(image): \(ours)")
                    let theirs = try RunningProgram(
                        sandbox.spawn(
                            "/usr/bin/skopeo",
                            [
                                "--policy", "\(sandbox.path)/home/.config/containers/policy.json", "copy", "--quiet",
                                "--src-tls-verify=false", "docker://\(image)", "dir:\(sandbox.path)/work/\(number)",
                            ]))
                    theirs.closeInput()
                    let verdict = try theirs.wait()
                    #expect((verdict.code == 0) == isLetIn, "\(policy): \(image): \(verdict)")
                }
            }
        }
    }
}
