import TestSupport
import Testing

/// Health checks of containers.
@Suite struct HealthTests {
    private func health(_ sandbox: Sandbox, _ format: String = "{{.State.Health.Status}}") throws -> String {
        try sandbox.output("inspect", "--format", format, "box")
    }

    private func ps(_ sandbox: Sandbox, _ flags: String...) throws -> String {
        try sandbox.apus(["ps", "--format", "{{.Names}} {{.Status}}"] + flags).text
    }

    @Test(arguments: TestUser.available)
    func itFollowsWhatTheCheckSays(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = [
                "--health-cmd", "echo looked; test -e /ok", "--health-interval", "100ms", "--health-retries", "2",
            ]
            try sandbox.withContainer(flags) { () throws in
                try awaiting("unhealthy") { try health(sandbox) == "unhealthy" }
                let streak = try #require(Int(try health(sandbox, "{{.State.Health.FailingStreak}}")))
                #expect(streak >= 2)
                #expect(try ps(sandbox).hasSuffix("(unhealthy)\n"))
                #expect(try ps(sandbox, "--filter", "health=unhealthy") != "")
                #expect(try ps(sandbox, "--filter", "health=healthy") == "")

                _ = try sandbox.execShell([], "touch /ok")
                try awaiting("healthy") { try health(sandbox) == "healthy" }
                #expect(try health(sandbox, "{{.State.Health.FailingStreak}}") == "0")
                #expect(try ps(sandbox).hasSuffix("(healthy)\n"))
                #expect(try ps(sandbox, "--filter", "health=healthy") != "")
                try awaiting("five results") { try health(sandbox, "{{len .State.Health.Log}}") == "5" }
                let last = "{{with index .State.Health.Log 4}}{{.ExitCode}} {{.Output}}{{end}}"
                #expect(try health(sandbox, last) == "0 looked\n")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func itIsStartingUntilTheFirstResultAndInTheStartPeriod(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = [
                "--health-cmd", "test -e /ok", "--health-interval", "1h", "--health-retries", "1",
                "--health-start-period", "1h", "--health-start-interval", "50ms",
            ]
            try sandbox.withContainer(flags) { () throws in
                #expect(try health(sandbox) == "starting")
                #expect(try ps(sandbox).hasSuffix("(health: starting)\n"))
                #expect(try ps(sandbox, "--filter", "health=starting") != "")
                try awaiting("five results") { try health(sandbox, "{{len .State.Health.Log}}") == "5" }
                #expect(try health(sandbox, "{{.State.Health.Status}} {{.State.Health.FailingStreak}}") == "starting 0")
                _ = try sandbox.execShell([], "touch /ok")
                try awaiting("healthy") { try health(sandbox) == "healthy" }
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aCheckThatTakesTooLongIsKilled(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = [
                "--health-cmd", "echo begun; exec sleep 1234", "--health-interval", "50ms", "--health-timeout", "300ms",
                "--health-retries", "1",
            ]
            try sandbox.withContainer(flags) { () throws in
                try awaiting("unhealthy") { try health(sandbox) == "unhealthy" }
                let first = "{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}"
                #expect(try health(sandbox, first) == "-1 Health check exceeded timeout (300ms): begun\n")
                // No more than the one that runs now is left.
                #expect(
                    try Int(sandbox.execShell([], "pgrep -f 'sleep 1234' | grep -cv $$ || true")).map { $0 <= 2 }
                        == true)
            }
        }
    }

    @Test(arguments: TestUser.available)
    func whatACheckWritesIsCut(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let command = "head -c 5000 /dev/zero | tr '\\0' x"
            try sandbox.withContainer(["--health-cmd", command, "--health-interval", "50ms"]) { () throws in
                try awaiting("healthy") { try health(sandbox) == "healthy" }
                #expect(
                    try health(sandbox, "{{with index .State.Health.Log 0}}{{.Output}}{{end}}")
                        == String(repeating: "x", count: 4096) + "...")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aCheckThatCannotBeRunIsAFailure(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = ["--health-cmd", "true", "--health-interval", "50ms", "--health-retries", "1"]
            try sandbox.withContainer(flags) { () throws in
                try awaiting("healthy") { try health(sandbox) == "healthy" }
                _ = try sandbox.execShell([], "rm /bin/sh")
                try awaiting("unhealthy") { try health(sandbox) == "unhealthy" }
                #expect(try health(sandbox, "{{range .State.Health.Log}} {{.ExitCode}}{{end}}").hasSuffix(" -1"))
            }
        }
    }

    @Test(arguments: TestUser.available)
    func withoutACheckThereIsNoHealth(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for flags in [[], ["--no-healthcheck"]] {
                try sandbox.withContainer(flags) { () throws in
                    #expect(try health(sandbox, "{{if .State.Health}}some{{else}}none{{end}}") == "none")
                    #expect(try !ps(sandbox).contains("("))
                    #expect(try ps(sandbox, "--filter", "health=none") != "")
                }
            }
        }
    }

    @Test func contradictionsAreRefused() throws {
        try withBusybox(.any) { sandbox throws in
            for (flags, words) in [
                (["--no-healthcheck", "--health-cmd", "true"], "--no-healthcheck conflicts with --health-* options"),
                (["--health-interval", "-1s"], "--health-interval cannot be negative"),
                (["--health-retries", "-1"], "--health-retries cannot be negative"),
                (["--health-timeout", "1us"], "Timeout in Healthcheck cannot be less than 1ms"),
            ] {
                let result = try sandbox.run(flags, "true")
                #expect(result.code == 125 && result.errorText.contains(words), "\(result)")
            }
        }
    }
}
