import Linux
import TestSupport
import Testing

/// Images from a registry.
@Suite struct PullTests {
    @Test(arguments: TestUser.available)
    func aPulledImageRunsAndRunPullsWhatIsMissing(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push(
                    "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest", as: "some/busybox:v1")
                let run = try sandbox.apus("run", "--rm", "--network", "none", name, "echo", "ran")
                #expect(run.code == 0, "\(run)")
                #expect(run.text == "ran\n")
                let again = try sandbox.output("pull", name)
                #expect(again.contains("Image is up to date for \(name)"))
                #expect(try sandbox.output("pull", "--quiet", name) == name)
            }
        }
    }

    /// Proxies and registries of object stores know GET alone, and say so in many ways.
    @Test(arguments: [400, 401, 403, 404, 405, 500])
    func aRegistryMayRefuseHEAD(_ status: Int) throws {
        var repository = HostilePullTests.Repository()
        let layer = try HostilePullTests.layer()
        let blob = try repository.add(layer, HostilePullTests.Repository.layerType)
        let config = try repository.add(
            HostilePullTests.config([try HostilePullTests.sha256(layer)]), HostilePullTests.Repository.configType)
        repository.tag(HostilePullTests.manifest(config, [blob]))
        let answers = repository
        let server = HTTPServer { $0.method == "HEAD" ? .text(status, "") : answers.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            for words in ["Downloaded newer image", "Image is up to date"] {
                let result = try sandbox.apus("pull", "\(server.host)/a/b")
                #expect(result.code == 0 && result.text.contains(words), "\(result)")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func theImageOfTheAskedPlatformIsTaken(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push(
                    "oci:\(try Fixtures.path("platforms.oci", of: .platforms)):latest", as: "both:latest", "--all")
                try sandbox.output("pull", name)
                let file = ["run", "--rm", "--network", "none", name, "cat", "/architecture"]
                #expect(try sandbox.apus(file).text == "amd64\n")
                try sandbox.output("pull", "--platform", "linux/arm64", name)
                #expect(try sandbox.output("image", "inspect", "--format", "{{.Architecture}}", name) == "arm64")
                // One that is here for another platform alone is fetched as a missing one is.
                let words = ["run", "--rm", "--network", "none", "--platform", "linux/amd64"]
                let never = try sandbox.apus(words + ["--pull", "never", name, "cat", "/architecture"])
                #expect(
                    never.code == 125 && never.errorText.contains("does not match the specified platform"), "\(never)")
                #expect(try sandbox.apus(words + [name, "cat", "/architecture"]).text == "amd64\n")
                let missing = try sandbox.apus("pull", "--platform", "linux/riscv64", name)
                #expect(missing.code == 1)
                #expect(missing.errorText.contains("riscv64"))
            }
        }
    }

    @Test(arguments: TestUser.available)
    func whatIsNotThereIsOneSentence(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let result = try sandbox.apus("pull", "\(registry.host)/no/such:image")
                #expect(result.code == 1)
                #expect(result.errorText.contains("no/such"))
                #expect(result.errorText.split(separator: "\n").count == 1, "\(result)")
                #expect(try sandbox.output("images", "-q").isEmpty)
            }
            let nobody = try sandbox.apus("pull", "localhost:1/x:y")
            #expect(nobody.code == 1)
            #expect(nobody.errorText.contains("localhost:1"))
        }
    }

    /// The name service of a static glibc would load shared libraries: names must be looked up without it.
    @Test(
        .enabled(if: TestUser.root.isAvailable, "an ordinary user's setuid helpers work under root's strace alone"),
        arguments: TestUser.available)
    func namesAreLookedUpWithoutASharedLibrary(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push(
                    "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest", as: "busybox:latest")
                let log = "\(sandbox.path)/strace"
                let trace = [
                    "/usr/bin/strace", "-f", "-qq", "-e", "trace=open,openat,openat2,execve,execveat", "-o", log,
                ]
                let pull = try sandbox.apus(behind: trace, ["pull", name])
                #expect(pull.code == 0, "\(pull)")
                // The trace is one of name lookups: it saw the file that the name is in.
                #expect(try Files.readText(log).contains("/etc/hosts"))
                let pulled = try Self.librariesOfOurs(log)
                #expect(pulled == [])

                let run = try sandbox.apus(
                    behind: trace, ["run", "--rm", "--network", "none", "--user", "daemon", name, "true"])
                #expect(run.code == 0, "\(run)")
                let ran = try Self.librariesOfOurs(log)
                #expect(ran == [])
            }
        }
    }

    // The lines of a trace that name a shared library, without those of other programs: newuidmap and newgidmap are
    // dynamic, and so are setpriv and env, which only start ours.
    private static func librariesOfOurs(_ log: String) throws -> [String] {
        var isOurs: [Substring: Bool] = [:]
        var found: [String] = []
        for line in try Files.readText(log).split(separator: "\n") {
            guard let end = line.firstIndex(of: " ") else { continue }
            // Short process ids are padded to five columns.
            let (process, call) = (line[..<end], line[end...].drop { $0 == " " })
            // Where two processes call at once, a call is cut in two lines.
            if call.hasPrefix("exec"), call.hasSuffix(" = 0") || call.hasSuffix("<unfinished ...>") {
                let words = call.split(separator: "\"")
                isOurs[process] = words.count > 1 && (words[1] == Executable.path || words[1] == "/proc/self/exe")
            }
            // A process that executed nothing was forked by one of ours.
            if isOurs[process] ?? true, call.contains(".so") { found.append(String(line)) }
        }
        return found
    }
}
