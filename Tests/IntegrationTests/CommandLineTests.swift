import Glibc
import Linux
import TestSupport
import Testing

private let hasDocker = access("/usr/bin/docker", X_OK) == 0 || access("/usr/local/bin/docker", X_OK) == 0
private let hasGroff = access("/usr/bin/groff", X_OK) == 0

@Suite struct CommandLineTests {
    /// Command lines that both clients refuse without looking at anything else.
    static let wrong: [[String]] = [
        ["run", "--bogus"], ["run"], ["ps", "--bogus"], ["ps", "-zq"], ["run", "-itz", "x"],
        ["run", "--rm=maybe", "x"],
        ["run", "-e"], ["run", "--name"], ["foo"], ["--foo", "ps"], ["container", "foo"], ["container", "--foo"],
        ["ps", "x"],
        ["container", "rm"], ["rm"], ["container", "ls", "x"], ["container", "inspect"], ["--debug=x", "ps"],
        ["version", "x"], ["ps", "-n", "x"], ["ps", "-f", "x"], ["container", "ps", "--nope"], ["info", "x"],
        ["system", "info", "--x"], ["help", "bogus"], ["inspect"], ["image", "inspect"],
        ["history"], ["inspect", "--x", "a"],
        ["images", "-f", "x"],
    ]

    @Test(.enabled(if: hasDocker, "docker's client is not installed"), arguments: wrong)
    func wrongCommandLinesEndAsDockersDo(words: [String]) throws {
        try withSandbox(.any) { sandbox throws in
            let ours = try sandbox.apus(words)
            let theirs = try peer(sandbox, "docker", words)
            #expect(ours.code == theirs.code)
            #expect(ours.text.isEmpty)
            func said(_ text: String) -> [String] {
                let lines = text.split(separator: "\n").map { line in
                    ["docker: ", "apus: "].reduce(String(line)) {
                        $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0
                    }
                }
                return lines.map {
                    $0.split(separator: "docker", omittingEmptySubsequences: false).joined(separator: "apus")
                }
            }
            // Usage lines may tell of more than Docker has.
            let (mine, wanted) = (said(ours.errorText), said(theirs.errorText))
            #expect(mine.first == wanted.first)
            #expect(mine.last == wanted.last)
        }
    }

    @Test(.enabled(if: hasDocker, "docker's client is not installed"))
    func everyFlagOfDockersCommandsIsKnown() throws {
        try withSandbox(.any) { sandbox throws in
            var known: [String: [String: String]] = [:]
            for line in try sandbox.output("__flags").split(separator: "\n").dropFirst() {
                let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                known[cells[0], default: [:]][cells[1]] = cells[2]
            }
            #expect(known["run"]?.count ?? 0 > 90)
            for (command, flags) in known where command != "(global)" && command != "completion" {
                let help = try peer(sandbox, "docker", command.split(separator: " ").map(String.init) + ["--help"])
                // Of a command that it does not have, Docker's client shows its own help.
                guard help.lines.contains(where: { $0.hasPrefix("Usage:  docker \(command)") }) else { continue }
                for line in help.lines {
                    guard let flag = dockersFlag(line), flag.name != "--help" else { continue }
                    #expect(flags[flag.name] == flag.shorthand, "\(command) \(line)")
                }
            }
        }
    }

    private func peer(_ sandbox: Sandbox, _ program: String, _ words: [String]) throws -> ProgramResult {
        let running = try RunningProgram(sandbox.spawn(program, words))
        running.closeInput()
        return try running.wait()
    }

    /// The flag of a line of Docker's help: "  -a, --all   Show all".
    private func dockersFlag(_ line: String) -> (name: String, shorthand: String)? {
        let words = line.split(separator: " ")
        guard line.hasPrefix("  "), let first = words.first, first.hasPrefix("-") else { return nil }
        if first.hasPrefix("--") { return line.hasPrefix("      --") ? (String(first), "") : nil }
        guard first.hasSuffix(","), words.count > 1, words[1].hasPrefix("--") else { return nil }
        return (String(words[1]), String(first.dropLast()))
    }

    @Test func helpIsPrintedOnStandardOutput() throws {
        try withSandbox(.any) { sandbox throws in
            // Unasked it is an explanation.
            for words in [[], ["container"]] {
                let result = try sandbox.apus(words)
                #expect(
                    result.code == 0 && result.text.isEmpty && result.errorText.hasPrefix("Usage:  apus"), "\(words)")
            }
            for words in [["--help"], ["help"], ["container", "--help"], ["help", "container"]] {
                let result = try sandbox.apus(words)
                #expect(
                    result.code == 0 && result.errorText.isEmpty && result.text.hasPrefix("Usage:  apus"), "\(words)")
            }
            let texts = try [["ps", "--help"], ["help", "ps"], ["ps", "-a", "--help", "extra"]].map {
                try sandbox.apus($0).text
            }
            #expect(
                texts[0].hasPrefix("Usage:  apus ps [OPTIONS]\n\nList containers\n\nAliases:\n  apus container ls, "))
            #expect(Set(texts).count == 1)
        }
    }

    @Test func aReaderThatGoesAwayEndsTheCommandQuietly() throws {
        try withSandbox(.any) { sandbox throws in
            let script = "'\(Executable.path)' run --help 2>errors | true; echo ${PIPESTATUS[0]}; cat errors"
            let result = try RunningProgram(sandbox.spawn("/bin/bash", ["-c", script])).wait()
            // The pipe may have held it all before its reader went.
            #expect(["141\n", "0\n"].contains(result.text))
        }
    }

    @Test func factsOfTheMachineAreReal() throws {
        try withSandbox(.any) { sandbox throws in
            #expect(try sandbox.output("info", "--format", "{{.NCPU}}") == "\(sysconf(CInt(_SC_NPROCESSORS_ONLN)))")
            #expect(try sandbox.output("info", "--format", "{{.Containers}} {{.Images}}") == "0 0")
            let version = try sandbox.output("version", "--format", "{{.Client.Version}}={{.Server.Version}}").split(
                separator: "=")
            #expect(version.count == 2 && version[0] == version[1])
            let wrong = try sandbox.apus(["version", "--format", "{{.Client"])
            #expect(
                wrong.code == 64
                    && wrong.errorText == "apus: template parsing error: template: version:1: unclosed action\n")
        }
    }

    @Test func emptyListsHaveTheirHeader() throws {
        try withSandbox(.any) { sandbox throws in
            #expect(
                try sandbox.output("ps", "-a")
                    == "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES")
            #expect(try sandbox.output("ps", "-aq") == "")
            let missing = try sandbox.apus(["container", "inspect", "nope"])
            #expect(
                missing.code == 1 && missing.text == "[]\n" && missing.errorText == "apus: No such container: nope\n")
            let filter = try sandbox.apus(["ps", "-f", "bogus=1"])
            #expect(filter.code == 1 && filter.errorText == "apus: invalid filter 'bogus'\n")
        }
    }

    @Test func commandLinesAreCompleted() throws {
        try withSandbox(.any) { sandbox throws in
            let nouns = try sandbox.output("__complete", "--", "--log-level", "debug", "contai")
            #expect(nouns.contains("container\t"))
            let verbs = try sandbox.output("__complete", "--", "container", "")
            #expect(verbs.contains("ls\tList containers"))
            #expect(try sandbox.output("__complete", "--", "ps", "--no-t") == "--no-trunc\tDo not shorten texts")
            let script = try sandbox.output("completion", "bash")
            #expect(script.contains("complete -F _apus apus"))
        }
    }

    @Test(.enabled(if: hasGroff, "groff is not installed"))
    func manualPagesAreWellFormed() throws {
        try withSandbox(.any) { sandbox throws in
            _ = try sandbox.output("__man", "\(sandbox.path)/work/man")
            let pages = try Files.list("\(sandbox.path)/work/man")
            #expect(pages.contains("apus-run.1") && pages.contains("apus-container-ls.1") && pages.contains("apus.1"))
            for page in pages {
                let checked = try peer(sandbox, "groff", ["-man", "-ww", "-z", "\(sandbox.path)/work/man/\(page)"])
                #expect(checked.code == 0 && checked.errorText.isEmpty, "\(page): \(checked.errorText)")
            }
        }
    }
}
