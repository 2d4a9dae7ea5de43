import Bytes
import Testing

@testable import Dockerfile

/// Warnings as `docker build --check` of Docker 28.5 gave them for the same files.
@Suite struct LinterTests {
    private func warnings(
        _ text: String, ignore: String? = nil, arguments: BuildArguments = BuildArguments()
    ) throws -> [String] {
        let matcher = try ignore.map { try IgnoreMatcher(Array($0.utf8)) }
        let report = Linter(try Dockerfile(Array(text.utf8)), arguments, ignore: matcher).run()
        return report.warnings.map { "\($0.lines.first) \($0.rule.name): \($0.message)" }
    }

    @Test func namesAndCases() throws {
        let found = try warnings(
            """
            FROM scratch AS scratch
            FROM scratch AS Foo
            from scratch AS foo
            From scratch as x
            MAINTAINER x
            ENV a b
            LABEL c d
            RUN x

            """)
        #expect(
            found == [
                "1 ReservedStageName: Stage name should not use the same name as reserved stage \"scratch\"",
                "2 StageNameCasing: Stage name 'Foo' should be lowercase",
                "3 FromAsCasing: 'AS' and 'from' keywords' casing do not match",
                "3 DuplicateStageName: Duplicate stage name \"foo\", stage names should be unique",
                "3 ConsistentInstructionCasing: Command 'from' should match the case of the command majority (uppercase)",
                "4 ConsistentInstructionCasing: Command 'From' should match the case of the command majority (uppercase)",
                "5 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
                "6 LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV key value\" format",
                "7 LegacyKeyValueFormat: \"LABEL key=value\" should be used instead of legacy \"LABEL key value\" format",
            ])
    }

    @Test func commandsAndPorts() throws {
        let found = try warnings(
            """
            FROM scratch
            HEALTHCHECK CMD a
            HEALTHCHECK CMD b
            ENTRYPOINT foo
            CMD b
            CMD ["c"]
            EXPOSE 80/TCP 1.2.3.4:80:80 90:90
            WORKDIR a
            WORKDIR b
            ARG MY_TOKEN PASSWORD=x public_key tokens
            ENV API_KEY=$MY_TOKEN
            SHELL ["x"]
            ENTRYPOINT ["y"]
            CMD z

            """)
        let json = "JSON arguments recommended for"
        let signals = "to prevent unintended behavior related to OS signals"
        let once = "instructions should not be used in the same stage because only the last one will be used"
        let secret = "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data"
        let mapping =
            "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found"
        #expect(
            found == [
                "2 MultipleInstructionsDisallowed: Multiple HEALTHCHECK \(once)",
                "4 JSONArgsRecommended: \(json) ENTRYPOINT \(signals)",
                "4 MultipleInstructionsDisallowed: Multiple ENTRYPOINT \(once)",
                "5 JSONArgsRecommended: \(json) CMD \(signals)",
                "5 MultipleInstructionsDisallowed: Multiple CMD \(once)",
                "6 MultipleInstructionsDisallowed: Multiple CMD \(once)", "7 \(mapping) '1.2.3.4:80:80'",
                "7 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
                "7 \(mapping) '90:90'",
                "8 WorkdirRelativePath: Relative workdir \"a\" can have unexpected results if the base image changes",
                "10 \(secret) (ARG \"MY_TOKEN\")", "10 \(secret) (ARG \"PASSWORD\")", "11 \(secret) (ENV \"API_KEY\")",
            ])
    }

    @Test func variables() throws {
        let found = try warnings(
            """
            ARG tag=x
            FROM ${tga:-scratch} AS a
            WORKDIR /x
            ENV foo=1
            ENV a=$fo
            ARG none
            RUN a \\

              b
            FROM a
            COPY $PAHT $none $foo /
            WORKDIR b
            RUN --mount=type=cache,target=$c /x

            """)
        #expect(
            found == [
                "2 UndefinedArgInFrom: FROM argument 'tga' is not declared (did you mean tag?)",
                "5 UndefinedVar: Usage of undefined variable '$fo' (did you mean $foo?)",
                "9 NoEmptyContinuation: Empty continuation line",
                "11 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)",
                "13 UndefinedVar: Usage of undefined variable '$c' (did you mean $a?)",
            ])
    }

    @Test func platformsAndDefaults() throws {
        let arguments = BuildArguments(
            predefined: BuildArguments.platforms(build: "linux/amd64", target: "linux/arm64", stage: nil))
        let found = try warnings(
            """
            ARG tag
            FROM --platform=$TARGETPLATFORM busybox:$tag AS a
            FROM --platform=linux/amd64 scratch AS b
            FROM --platform=linux/amd64 scratch AS c-amd64
            FROM --platform=$BUILDPLATFORM scratch

            """, arguments: arguments)
        #expect(
            found == [
                "2 InvalidDefaultArgInFrom: Default value for ARG busybox:$tag results in empty or invalid base image name",
                "2 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
                "3 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value \"linux/amd64\"",
            ])
    }

    @Test func experimentalRulesAreAskedFor() throws {
        let text =
            "# bar\nARG foo=1\n# b is a stage\nFROM scratch AS b\n# q\n#\nARG a\n# q\nARG a b\nCOPY a f /\nADD ./g /\n"
        #expect(try warnings(text, ignore: "f\ng\n").isEmpty)
        #expect(
            try warnings("# check=experimental=all\n" + text, ignore: "f\ng\n") == [
                "3 InvalidDefinitionDescription: Comment for ARG should follow the format: `# foo <description>`",
                "10 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`",
                "11 CopyIgnoredFile: Attempting to Copy file \"f\" that is excluded by .dockerignore",
                "12 CopyIgnoredFile: Attempting to Add file \"./g\" that is excluded by .dockerignore",
            ])
        #expect(try warnings("# check=experimental=CopyIgnoredFile\n" + text, ignore: "*\n!x\n").isEmpty)
    }

    @Test func rulesHaveDockersAddresses() {
        #expect(LintRule.jsonArgsRecommended.url == "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/")
        #expect(
            LintRule.secretsUsedInArgOrEnv.url
                == "https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/")
        #expect(Set(LintRule.allCases.map(\.url)).count == LintRule.allCases.count)
    }
}
