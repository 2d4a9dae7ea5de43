import Linux
import TestSupport
import Testing

/// `pull --policy`.
@Suite struct PullPolicyTests {
    @Test(arguments: TestUser.available)
    func anImageThatIsThereIsNotAskedFor(_ user: TestUser) throws {
        let server = HTTPServer { _ in .text(500, "nobody should ask") }
        try withBusybox(user) { sandbox throws in
            let name = "\(server.host)/box:1"
            try sandbox.output("tag", "busybox", name)
            for policy in ["missing", "never"] {
                let result = try sandbox.apus("pull", "--policy", policy, name)
                #expect(result.code == 0 && result.complaints.isEmpty, "\(result)")
                #expect(result.lines == ["Status: Image is present already: \(name)", name])
                #expect(try sandbox.output("pull", "-q", "--policy", policy, name) == name)
            }
            #expect(server.requests.isEmpty)
            let never = try sandbox.apus("pull", "--policy", "never", "\(server.host)/other:1")
            #expect(never.code == 1)
            #expect(
                never.complaints
                    == "apus: No such image: \(server.host)/other:1: leave --policy never out, and it is pulled\n")
            #expect(server.requests.isEmpty)
            // For another machine it is not there.
            let other = try sandbox.apus("pull", "--policy", "never", "--platform", "linux/s390x", name)
            #expect(other.code == 1, "\(other)")
            for (words, message) in [
                (["--policy", "sometimes"], "must be one of always, missing, never, newer"),
                (["-a", "--policy", "never"], "--policy never can't be used with --all-tags/-a"),
            ] {
                let refused = try sandbox.apus(["pull"] + words + ["\(server.host)/box"])
                #expect(refused.code != 0 && refused.complaints.contains(message), "\(refused)")
            }
        }
    }

    @Test func newerTakesWhatTheRegistryHasAndElseWhatIsHere() throws {
        try withBusybox(.any) { sandbox throws in
            var gone = ""
            try RegistryServer.with { registry throws in
                let name = "\(registry.host)/box:1"
                gone = name
                // What is not here is pulled by every policy but one.
                _ = try registry.push("oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest", as: "box:1")
                let first = try sandbox.apus("pull", "--policy", "missing", name)
                #expect(first.lines.contains("Status: Downloaded newer image for \(name)"), "\(first)")
                let same = try sandbox.apus("pull", "--policy", "newer", name)
                #expect(same.lines.contains("Status: Image is up to date for \(name)"), "\(same)")
                _ = try registry.push("oci:\(Fixtures.path("layers.oci", of: .layers)):gzip", as: "box:1")
                #expect(
                    try sandbox.apus("pull", "--policy", "missing", name).lines
                        == ["Status: Image is present already: \(name)", name])
                let newer = try sandbox.apus("pull", "--policy", "newer", name)
                #expect(newer.lines.contains("Status: Downloaded newer image for \(name)"), "\(newer)")
                // A registry that is there and has not got it says so.
                try sandbox.output("tag", "busybox", "\(registry.host)/none:1")
                let none = try sandbox.apus("pull", "--policy", "newer", "\(registry.host)/none:1")
                #expect(none.code == 1 && none.complaints.contains("not found"), "\(none)")
            }
            let alone = try sandbox.apus("pull", "--policy", "newer", gone)
            #expect(alone.code == 0, "\(alone)")
            #expect(
                alone.complaints.hasPrefix("WARNING: \(gone) is the image that was here: cannot reach the registry"),
                "\(alone)")
            #expect(alone.lines == ["Status: Image is present already: \(gone)", gone])
            #expect(try sandbox.apus("pull", gone).code == 1)
            #expect(try sandbox.apus("pull", "--policy", "newer", "localhost:1/absent").code == 1)
        }
    }
}
