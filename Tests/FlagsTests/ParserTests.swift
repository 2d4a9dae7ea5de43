import Flags
import Testing

/// A part of `run`'s flags, enough to meet every rule of the grammar.
private let run = CommandSyntax(
    summary: "Create and run a new container from an image", usage: ["[OPTIONS] IMAGE [COMMAND] [ARG...]"],
    flags: [
        Flag("interactive", "i", .bool, "Keep standard input open"),
        Flag("tty", "t", .bool, "Give the container a terminal"),
        Flag("rm", nil, .bool, "Remove the container when it ends"),
        Flag("volume", "v", .list, "Bind mount a volume"),
        Flag("env", "e", .list, "Set environment variables"),
        Flag("name", nil, .string, "Assign a name"),
        Flag("memory", "m", .bytes, "Memory limit"),
        Flag("memory-swap", nil, .bytesOrUnlimited, "Swap limit"),
        Flag("cpu-shares", "c", .int, "Relative weight"),
        Flag("blkio-weight", nil, .uint16, "Block IO weight"),
        Flag("cpus", nil, .decimal, "Number of CPUs"),
        Flag("health-interval", nil, .duration, "Time between checks"),
        Flag("network", nil, .string, "Network to join", aliases: ["net"]),
        Flag("pull", nil, .string, "When to pull", defaultValue: "missing"),
        Flag("cpu-count", nil, .int, "", refused: "only Windows has it"),
        Flag("no-op", nil, .bool, "", refused: "this engine does not know it"),
        Flag("old", nil, .bool, "", deprecated: "use --rm instead"),
    ],
    arguments: .atLeast(1), isInterspersed: false)

private let list = CommandSyntax(
    summary: "List containers", usage: ["[OPTIONS]"],
    flags: [
        Flag("all", "a", .bool, "Show all"),
        Flag("quiet", "q", .bool, "Only ids"),
        Flag("last", "n", .int, "Show n", defaultValue: "-1"),
        Flag("filter", "f", .filter, "Filter"),
    ],
    arguments: .none)

private func parsed(_ words: String..., as syntax: CommandSyntax = run) throws -> ParsedArguments {
    try syntax.parse(words, path: "apus run")
}

@Suite struct ParserTests {
    @Test(arguments: [
        ["--name=x", "img"], ["--name", "x", "img"], ["-i", "--name", "x", "img"],
    ])
    func aLongFlagTakesItsValueWithEqualsOrAsTheNextWord(words: [String]) throws {
        let arguments = try run.parse(words, path: "apus run")
        #expect(arguments.string("name") == "x")
        #expect(arguments.positionals == ["img"])
    }

    @Test(arguments: [["-v", "/a:/b"], ["-v/a:/b"], ["-v=/a:/b"], ["-itv", "/a:/b"], ["-itv/a:/b"], ["-itv=/a:/b"]])
    func aShorthandTakesItsValueInAnyForm(words: [String]) throws {
        let arguments = try run.parse(words + ["img"], path: "apus run")
        #expect(arguments.list("volume") == ["/a:/b"])
        #expect(arguments.bool("tty") == words[0].hasPrefix("-it"))
        #expect(arguments.positionals == ["img"])
    }

    @Test func bundledBooleansEndInAShorthandWithAValue() throws {
        let arguments = try parsed("-ite", "X=y", "img")
        #expect(arguments.bool("interactive") && arguments.bool("tty"))
        #expect(arguments.list("env") == ["X=y"])
    }

    @Test func anEqualsSignAloneAfterAShorthandIsTheValue() throws {
        #expect(try parsed("-e=", "img").list("env") == ["="])
        #expect(try parsed("--env=", "img").list("env") == [""])
    }

    @Test func aBooleanTakesItsValueOnlyWithEquals() throws {
        #expect(try parsed("--rm=false", "img").bool("rm") == false)
        #expect(try parsed("--rm=1", "img").bool("rm"))
        let arguments = try parsed("--rm", "false")
        #expect(arguments.bool("rm"))
        #expect(arguments.positionals == ["false"])
    }

    @Test func theLastOfARepeatedFlagCountsAndListsKeepTheirOrder() throws {
        let arguments = try parsed("--name", "a", "-e", "1", "--name", "b", "-e", "2", "--rm", "--rm=false", "img")
        #expect(arguments.string("name") == "b")
        #expect(arguments.list("env") == ["1", "2"])
        #expect(!arguments.bool("rm") && arguments.isSet("rm"))
        #expect(arguments.uses(of: ["name", "env"]).map(\.value) == ["a", "1", "b", "2"])
    }

    @Test func everythingAfterTheImageBelongsToTheCommand() throws {
        let arguments = try parsed("--rm", "img", "ls", "-l", "--help", "--", "--name")
        #expect(arguments.positionals == ["img", "ls", "-l", "--help", "--", "--name"])
        #expect(!arguments.isHelpRequested)
        #expect(arguments.positionalsBeforeDash == nil)
    }

    @Test func interspersedFlagsMayFollowPositionals() throws {
        let syntax = CommandSyntax(summary: "", usage: [], flags: list.flags)
        let arguments = try parsed("a", "-q", "b", "--", "-a", as: syntax)
        #expect(arguments.positionals == ["a", "b", "-a"])
        #expect(arguments.positionalsBeforeDash == 2)
        #expect(arguments.bool("quiet") && !arguments.bool("all"))
    }

    @Test func aDoubleDashEndsTheFlags() throws {
        #expect(try parsed("--rm", "--", "-x").positionals == ["-x"])
        #expect(try parsed("-").positionals == ["-"])
    }

    @Test func aliasesAndDefaultsAreFound() throws {
        #expect(try parsed("--net", "host", "img").string("network") == "host")
        let arguments = try parsed("img")
        #expect(arguments.string("pull") == "missing" && !arguments.isSet("pull"))
        #expect(arguments.string("network") == nil)
        #expect(try parsed(as: list).int("last") == -1)
    }

    @Test func valuesAreReadInTheirUnits() throws {
        let arguments = try parsed(
            "-m", "1.5g", "--memory-swap", "-1", "-c", "0x10", "--cpus", "1.5", "--health-interval", "1h1m1.5s", "img")
        #expect(arguments.bytes("memory") == 1_610_612_736)
        #expect(arguments.bytes("memory-swap") == -1)
        #expect(arguments.int("cpu-shares") == 16)
        #expect(arguments.billionths("cpus") == 1_500_000_000)
        #expect(arguments.nanoseconds("health-interval") == 3_661_500_000_000)
    }

    @Test func aRefusedFlagIsAnErrorWithItsReason() throws {
        #expect(throws: UsageError("--cpu-count: only Windows has it")) { try parsed("--cpu-count", "1", "img") }
        #expect(throws: UsageError("--no-op: this engine does not know it")) { try parsed("--no-op", "img") }
        // What is switched off is not asked for.
        #expect(try parsed("--no-op=false", "img").positionals == ["img"])
    }

    @Test func aDeprecatedFlagWarns() throws {
        #expect(try parsed("--old", "img").warnings == ["Flag --old has been deprecated, use --rm instead"])
    }

    @Test func helpWinsOverTheNumberOfArgumentsButNotOverBadFlags() throws {
        #expect(try parsed("--help").isHelpRequested)
        #expect(try parsed("-a", "--help", "x", as: list).isHelpRequested)
        #expect(try !parsed("--help=false", "img").isHelpRequested)
        #expect(throws: UsageError("unknown flag: --bogus")) { try parsed("--help", "--bogus") }
    }

    @Test func theNumberOfArgumentsIsChecked() {
        #expect(throws: UsageError("'apus run' requires at least 1 argument", exitCode: 1, saysSee: true)) {
            try parsed("--rm")
        }
        #expect(throws: UsageError("'apus run' accepts no arguments", exitCode: 1)) { try parsed("x", as: list) }
        let counts: [(CommandSyntax.ArgumentCount, String)] = [
            (.exactly(2), "'apus run' requires 2 arguments"), (.exactly(1), "'apus run' requires 1 argument"),
            (.atMost(1), "'apus run' requires at most 1 argument"),
        ]
        for (count, sentence) in counts {
            let syntax = CommandSyntax(summary: "", usage: [], arguments: count)
            #expect(throws: UsageError(sentence, exitCode: 1)) { try parsed("a", "b", "c", as: syntax) }
        }
    }
}

@Suite struct DockerPeerTests {
    /// Command lines that Docker's client refuses by itself, without a daemon.
    static let wrong: [[String]] = [
        ["--bogus"], ["--bogus=1", "x"], ["-z", "x"], ["-itz", "x"], ["-itz=1", "x"], ["--rm=maybe", "x"],
        ["--rm=", "x"],
        ["--name"], ["-e"], ["-ie"], ["--=x"], ["---x"], ["-=x"], ["-m", "x", "y"], ["-m", "1xb", "y"],
        ["-m", "1kbb", "y"], ["-m", "", "y"], ["-m=-1", "y"], ["-m", "1.5.5m", "y"], ["--memory-swap", "x", "y"],
        ["-c", "x", "y"], ["-c", "99999999999999999999", "y"], ["-c", "1__0", "y"], ["-c", "", "y"], ["-c", "-", "y"],
        ["-c", "08", "y"],
        ["--blkio-weight", "70000", "y"], ["--blkio-weight", "-1", "y"], ["--blkio-weight", "x", "y"],
        ["--cpus", "x", "y"], ["--cpus", "0.0000000001", "y"], ["--cpus", "", "y"], ["--cpus", "1/3", "y"],
        ["--health-interval", "x", "y"], ["--health-interval", "1", "y"], ["--health-interval", "1x", "y"],
        ["--health-interval", "", "y"], ["--health-interval", "1h-1m", "y"], ["--health-interval", ".", "y"],
        ["--health-interval", "a\"b\n", "y"], [],
    ]

    @Test(.enabled(if: hasDocker, "docker's client is not installed"), arguments: wrong)
    func errorsAreThoseOfDocker(words: [String]) throws {
        let theirs = try #require(output(of: ["docker", "run"] + words).split(separator: "\n").first)
        let error = #expect(throws: UsageError.self) { try run.parse(words, path: "docker run") }
        var expected = String(theirs)
        if expected.hasPrefix("docker: ") { expected = String(expected.dropFirst(8)) }
        #expect(error?.message == expected)
    }

    @Test(.enabled(if: hasDocker, "docker's client is not installed"), arguments: ["x", "a=b=c"])
    func filtersAreCheckedAsDockerDoes(filter: String) throws {
        let theirs = output(of: ["docker", "ps", "-f", filter]).split(separator: "\n").first.map(String.init) ?? ""
        do {
            _ = try list.parse(["-f", filter], path: "docker ps")
            #expect(theirs.hasPrefix("Cannot connect"))
        } catch {
            #expect(error.message == theirs)
        }
    }

    @Test(.enabled(if: hasDocker, "docker's client is not installed"))
    func helpIsLaidOutAsDockersIs() throws {
        // Docker's own words in our layout must give Docker's own text.
        let theirs = output(of: ["docker", "stop", "--help"])
        let syntax = CommandSyntax(
            summary: "Stop one or more running containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: [
                Flag("signal", "s", .string, "Signal to send to the container"),
                Flag("timeout", "t", .int, "Seconds to wait before killing the container"),
            ])
        #expect(
            syntax.helpText(path: "docker stop", aliases: ["docker container stop", "docker stop"])
                == theirs)
    }

    @Test(.enabled(if: hasDocker, "docker's client is not installed"))
    func longHelpIsWrappedAsDockersIs() throws {
        let theirs = output(of: ["docker", "ps", "--help"])
        let format = """
            Format output using a custom template:
            'table':            Print output in table format with column headers (default)
            'table TEMPLATE':   Print output in table format using the given Go template
            'json':             Print in JSON format
            'TEMPLATE':         Print output using the given Go template.
            Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates
            """
        let syntax = CommandSyntax(
            summary: "List containers", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Show all containers (default shows just running)"),
                Flag("filter", "f", .filter, "Filter output based on conditions provided"),
                Flag("format", nil, .string, format),
                Flag("last", "n", .int, "Show n last created containers (includes all states)", defaultValue: "-1"),
                Flag("latest", "l", .bool, "Show the latest created container (includes all states)"),
                Flag("no-trunc", nil, .bool, "Don't truncate output"),
                Flag("quiet", "q", .bool, "Only display container IDs"),
                Flag("size", "s", .bool, "Display total file sizes"),
            ])
        let names = ["docker container ls", "docker container list", "docker container ps", "docker ps"]
        #expect(syntax.helpText(path: "docker ps", aliases: names) == theirs)
    }
}
