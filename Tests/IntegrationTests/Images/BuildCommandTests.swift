import Glibc
import Linux
import TestSupport
import Testing

/// The command line of `build`, `builder` and `buildx`: what is said before anything is built.
@Suite struct BuildCommandTests {
    private func withContext(_ body: (Sandbox) throws -> Void) throws {
        try withSandbox(.any) { sandbox throws in
            try sandbox.tool("/bin/mkdir", "\(sandbox.path)/work/context")
            try sandbox.write("FROM scratch\nCOPY Dockerfile /\n", to: "context/Dockerfile")
            try body(sandbox)
        }
    }

    /// Each command line with what Docker's buildx answered to it.
    private static let refused: [([String], String)] = [
        (["nothere"], "ERROR: failed to build: unable to prepare context: path \"nothere\" not found\n"),
        ([""], "ERROR: failed to build: please specify build context (e.g. \".\" for the current directory)\n"),
        (
            ["-t", "Bad/UPPER", "context"],
            "ERROR: failed to build: invalid tag \"Bad/UPPER\": repository name must be lowercase\n"
        ),
        (
            ["-t", "", "context"],
            "ERROR: failed to build: invalid tag \"\": repository name must have at least one component\n"
        ),
        (["--build-arg", "=x", "context"], "ERROR: invalid key-value pair \"=x\": empty key\n"),
        (["--label", "", "context"], "ERROR: invalid key-value pair \"\": empty key\n"),
        (["--progress", "foo", "context"], "ERROR: invalid progress mode foo\n"),
        (["-q", "--progress", "plain", "context"], "ERROR: progress=plain and quiet cannot be used together\n"),
        (["--call", "check,foo=bar", "context"], "ERROR: invalid print field: foo=bar\n"),
        (["--allow", "foo", "context"], "ERROR: failed to build: unknown entitlement foo\n"),
        (["--attest", "foo", "context"], "ERROR: invalid value foo\n"),
        (
            ["--annotation", "foo", "context"],
            "ERROR: failed to build: parse annotations: invalid annotation \"foo\", expected key=value\n"
        ),
        (["-o", "type=local", "context"], "ERROR: failed to build: dest is required for local exporter\n"),
        (["-o", "type=local,dest=-", "context"], "ERROR: failed to build: dest cannot be stdout for local exporter\n"),
        (
            ["-o", "type=foo", "context"],
            "ERROR: failed to build: failed to solve: exporter \"foo\" could not be found\n"
        ),
        (["--push", "context"], "ERROR: failed to build: tag is needed when pushing to registry\n"),
        (
            ["--iidfile", "id", "-o", "out", "context"],
            "ERROR: local and tar exporters are incompatible with image ID file\n"
        ),
        (["--secret", "foo", "context"], "ERROR: invalid field 'foo' must be a key=value pair\n"),
        (
            ["--secret", "id=foo", "context"],
            "ERROR: failed to build: failed to stat foo: stat foo: no such file or directory\n"
        ),
        (["--secret", "src=f", "context"], "ERROR: failed to build: secret missing ID\n"),
        (["--cache-from", "foo=bar", "context"], "ERROR: type required form> \"foo=bar\"\n"),
        (["--build-context", "foo", "context"], "ERROR: invalid context value: foo, expected key=value\n"),
        (
            ["--build-context", "foo=/nonexistent", "context"],
            "ERROR: failed to build: failed to get build context foo: stat /nonexistent: no such file or directory\n"
        ),
        (
            ["--no-cache", "--no-cache-filter", "a", "context"],
            "ERROR: failed to build: --no-cache and --no-cache-filter cannot currently be used together\n"
        ),
        (
            ["-f", "-", "-"],
            "ERROR: failed to build: invalid argument: can't use stdin for both build context and dockerfile\n"
        ),
        (
            ["-f", "x", "-"],
            "ERROR: failed to build: ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles\n"
        ),
        (
            ["-f", "/nonexistent/D", "context"],
            "ERROR: failed to build: resolve : lstat /nonexistent: no such file or directory\n"
        ),
    ]

    @Test func whatCannotBeBuiltIsRefusedAsByBuildx() throws {
        try withContext { sandbox throws in
            for (words, wanted) in Self.refused {
                // The others end without a look at it.
                let input = words == ["-f", "x", "-"] ? Array("FROM scratch\n".utf8) : []
                let result = try sandbox.apus(["build"] + words, input: input)
                #expect(result.code == 1, "\(words)")
                #expect(result.text.isEmpty, "\(words)")
                #expect(result.complaints == wanted, "\(words)")
            }
        }
    }

    /// Where this engine has a reason of its own: the beginning of the sentence.
    private static let own: [([String], String)] = [
        (["--network", "foo"], "ERROR: failed to build: network mode \"foo\" not supported"),
        (["--add-host", "x:1"], "ERROR: failed to build: invalid host x:1"),
        (["--builder", "nosuch"], "ERROR: no builder \"nosuch\" found"),
        (["--provenance", "true"], "ERROR: failed to build: --provenance=true is refused: attestations are not made"),
        (["--cache-from", "type=gha"], "ERROR: failed to build: --cache-from type=gha is refused"),
        (["--cache-to", "type=s3,bucket=x"], "ERROR: failed to build: --cache-to type=s3 is refused"),
        (
            ["--platform", "linux/amd64,linux/arm64", "-o", "type=tar,dest=x"],
            "ERROR: failed to build: failed to solve: an output of type=tar is refused for several platforms"
        ),
        (["-o", "/dev/null/x"], "ERROR: failed to build: invalid destination directory: /dev/null/x"),
        (
            ["-o", "type=oci,dest=nothere/x"],
            "ERROR: failed to build: failed to solve: nothing can be written to an output"
        ),
        (["--iidfile", "nothere/id"], "ERROR: writing image ID file: open "),
        (["--metadata-file", "nothere/m"], "ERROR: invalid output path: stat "),
        (["--rm=false"], "ERROR: failed to build: --rm=false is refused"),
        (["--isolation", "hyperv"], "ERROR: failed to build: invalid isolation (hyperv)"),
        (["--ssh", "default"], "ERROR: failed to build: failed to convert agent config for ID: \"default\""),
        (["--allow", "security.insecure"], "ERROR: failed to build: failed to solve: granting entitlement"),
        (["--platform", "windows"], "ERROR: failed to build: failed to solve: operating system is not supported"),
        (
            ["-o", "type=image,compression=zstd"],
            "ERROR: failed to build: output type=image,compression=zstd is refused"
        ),
        (["--disable-content-trust=false"], "ERROR: failed to build: --disable-content-trust=false is refused"),
    ]

    @Test func whatThisEngineDoesNotDoIsRefusedWithAReason() throws {
        try withContext { sandbox throws in
            for (words, wanted) in Self.own {
                let result = try sandbox.apus(["build"] + words + ["context"])
                #expect(result.code == 1, "\(words)")
                #expect(result.complaints.hasPrefix(wanted), "\(words): \(result.complaints)")
            }
            let refused = try sandbox.apus("build", "--security-opt", "seccomp=unconfined", "context")
            #expect(refused.code == 125)
            #expect(refused.errorText.hasPrefix("apus: --security-opt: "))
            let epoch = try sandbox.apus("build", "context", environment: ["SOURCE_DATE_EPOCH=abc"])
            #expect(epoch.complaints.contains("invalid SOURCE_DATE_EPOCH: abc: strconv.ParseInt: parsing \"abc\""))
            let builder = try sandbox.apus("buildx", "build", "context", environment: ["BUILDX_BUILDER=foo"])
            #expect(builder.complaints.hasPrefix("ERROR: no builder \"foo\" found"))
        }
    }

    @Test func usageIsToldAsByOtherVerbs() throws {
        try withContext { sandbox throws in
            for words in [
                ["build"], ["image", "build"], ["builder", "build"], ["buildx", "build"], ["buildx", "b"],
            ] {
                let result = try sandbox.apus(words)
                #expect(result.code == 1)
                let name = (["apus"] + words).joined(separator: " ")
                #expect(result.errorText.contains(" build' requires 1 argument") || words.last == "b", "\(name)")
                #expect(try sandbox.apus(words + ["a", "b"]).code == 1)
            }
            let table: [([String], String)] = [
                (["--nosuch", "."], "unknown flag: --nosuch"),
                (["--shm-size", "q", "."], "invalid argument \"q\" for \"--shm-size\" flag: invalid size: 'q'"),
                (
                    ["--ulimit", "foo=1", "."],
                    "invalid argument \"foo=1\" for \"--ulimit\" flag: invalid ulimit type: foo"
                ),
                (
                    ["--cpu-shares=x", "."],
                    "invalid argument \"x\" for \"-c, --cpu-shares\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
                ),
            ]
            for (words, wanted) in table {
                let result = try sandbox.apus(["build"] + words)
                #expect(result.code == 125)
                #expect(result.errorText.hasPrefix("apus: \(wanted)\n"), "\(result)")
            }
            #expect(try sandbox.output("build", "--help").contains("apus buildx b, apus image build, apus build\n"))
        }
    }

    @Test func aSignalEndsABuildThatWaitsForItsContext() throws {
        try withSandbox(.any) { sandbox throws in
            for (signal, code) in [(SIGINT, 130), (SIGTERM, 130), (SIGHUP, 129)] as [(CInt, CInt)] {
                let build = try sandbox.start(["build", "-"])
                try sandbox.eventually("the build heeds signals") {
                    let status = try Files.readText("/proc/\(build.pid)/status", limit: 1 << 16)
                    let blocked = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }?.dropFirst(8)
                    return (blocked.flatMap { UInt64($0, radix: 16) } ?? 0) & (1 << UInt64(signal - 1)) != 0
                }
                build.send(signal)
                let result = try build.wait()
                #expect(result.code == code, "\(result)")
                #expect(
                    result.complaints == "ERROR: failed to build: failed to solve: Canceled: context canceled\n",
                    "\(result)")
            }
        }
    }

    @Test func theCacheIsShownAndPruned() throws {
        try withSandbox(.any) { sandbox throws in
            #expect(
                try sandbox.apus("builder", "du").text
                    == "ID        RECLAIMABLE   SIZE      LAST ACCESSED\nReclaimable:\t0B\nTotal:\t\t0B\n")
            #expect(
                try sandbox.apus("buildx", "du", "--filter", "type=regular").text
                    == "ID        RECLAIMABLE   SIZE      LAST ACCESSED\n")
            #expect(try sandbox.apus("buildx", "du", "--format", "json").text.isEmpty)
            #expect(try sandbox.apus("builder", "prune", "-f").text == "Total:\t0B\n")
            #expect(
                try sandbox.apus("builder", "prune", input: Array("n\n".utf8)).text
                    == "WARNING! This will remove all dangling build cache. Are you sure you want to continue? [y/N] ")
            #expect(
                try sandbox.apus("buildx", "prune", "-af", "--keep-storage", "1g").text
                    == "Flag --keep-storage has been deprecated, keep-storage flag has been changed to reserved-space\nTotal:\t0B\n"
            )
            let table = [
                ("foo=bar", "invalid filter 'foo'"),
                ("until=zz", "\"until\" filter expects a duration (e.g., '24h'): time: invalid duration \"zz\""),
            ]
            for (filter, wanted) in table {
                let result = try sandbox.apus("builder", "prune", "-f", "--filter", filter)
                #expect(result.code == 1)
                #expect(result.complaints == "apus: \(wanted)\n")
            }
            #expect(try sandbox.apus("builder", "prune", "--filter", "foo", "-f").code == 125)
            let lines = try sandbox.apus("system", "df").lines
            #expect(lines.last == "Build Cache     0         0         0B        0B")
            let asked = try sandbox.apus("system", "prune", input: Array("n\n".utf8))
            #expect(asked.text.contains("  - unused build cache\n"))
        }
    }

    @Test func thereIsOneBuilder() throws {
        try withSandbox(.any) { sandbox throws in
            #expect(try sandbox.output("buildx", "version").hasPrefix("apus/buildx "))
            #expect(try sandbox.output("buildx", "ls").contains("default*"))
            #expect(try sandbox.output("buildx", "inspect", "--bootstrap").hasPrefix("Name:   default\n"))
            for words in [["buildx", "inspect", "nosuch"], ["buildx", "du", "--builder", "nosuch"]] {
                let result = try sandbox.apus(words)
                #expect(result.code == 1)
                #expect(result.complaints.hasPrefix("apus: no builder \"nosuch\" found"))
            }
            for verb in ["create", "bake", "use", "imagetools", "history"] {
                let result = try sandbox.apus("buildx", verb, "--name", "x")
                #expect(result.code == 1)
                #expect(result.complaints.hasPrefix("apus: buildx \(verb) is refused: "), "\(result)")
            }
            #expect(
                try sandbox.apus("buildx", "nosuch").errorText.hasPrefix("apus: unknown command: apus buildx nosuch"))
        }
    }
}
