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
    /// Root alone: newuidmap, which an ordinary user's pull runs, is another's program and loads its libraries.
    @Test(arguments: TestUser.available.filter { $0 == .root })
    func namesAreLookedUpWithoutASharedLibrary(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push(
                    "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest", as: "busybox:latest")
                let log = "\(sandbox.path)/work/strace"
                func traced(_ words: String...) throws -> ProgramResult {
                    let program = try RunningProgram(
                        sandbox.spawn(
                            "/usr/bin/strace",
                            ["-f", "-qq", "-e", "trace=open,openat,openat2,execve", "-o", log, Executable.path] + words)
                    )
                    program.closeInput()
                    return try program.wait()
                }
                let pull = try traced("pull", name)
                #expect(pull.code == 0, "\(pull)")
                let opened = try Files.readText(log)
                // The trace is one of name lookups: it saw the file that the name is in.
                #expect(opened.contains("/etc/hosts"))
                #expect(!opened.contains(".so"), "\(opened.split(separator: "\n").filter { $0.contains(".so") })")

                // An ordinary user's setuid helpers do not gain their privilege under strace: the superuser's run shows it.
                guard user == .root else { return }
                let run = try traced("run", "--rm", "--network", "none", "--user", "daemon", name, "true")
                #expect(run.code == 0, "\(run)")
                #expect(try !Files.readText(log).contains(".so"))
            }
        }
    }
}
