import Bytes
import Testing

@testable import Dockerfile

@Suite struct ReaderTests {
    private func instructions(_ text: String) throws -> [Instruction] {
        try Dockerfile(Array(("FROM scratch\n" + text).utf8)).stages[0].instructions
    }

    @Test func instructionsHaveTheirLinesAndText() throws {
        let file = try Dockerfile(Array("FROM scratch\nRUN a \\\n  # c\n\n  b\nCOPY <<-E /x\n\ty\n\tE\n".utf8))
        let instructions = file.stages[0].instructions
        #expect(instructions.map(\.lines) == [LineRange(2, 5), LineRange(6, 8)])
        #expect(instructions[0].source == "RUN a   b")
        #expect(file.emptyContinuations == [LineRange(5, 5)])
        #expect(instructions[1].heredocs.map(\.text) == [Array("y\n".utf8)])
    }

    @Test func heredocsAreProgramsOrStandBehindThem() throws {
        let text =
            "RUN <<-E\n\ta\n\tE\nRUN <<X\n#!/bin/env x\nb\nX\nRUN cat <<'A' <<B\n$x\nA\ny\nB\nRUN [\"<<E\"]\nRUN \"<<E\"\n"
        let programs = try instructions(text).map { instruction -> RunInstruction.Program? in
            guard case .run(let run) = instruction.action else { return nil }
            return run.program
        }
        #expect(
            programs == [
                .shell("a\n"), .script(name: "X", content: Array("#!/bin/env x\nb\n".utf8)),
                .shell("cat <<'A' <<B\n$x\nA\ny\nB"), .exec(["<<E"]), .shell("\"<<E\""),
            ])
    }

    @Test func heredocsBecomeFilesThatAreExpandedOrNot() throws {
        let text = "COPY a <<E <<-\"F\" /x\n$x 'q' \\$y\nE\n\t$x\n\tF\n"
        guard case .copy(let copy) = try #require(instructions(text).first).action else { return #expect(Bool(false)) }
        #expect(copy.sources == ["a"])
        #expect(copy.files.map(\.name) == ["E", "F"])
        #expect(copy.files.map(\.isExpanded) == [true, false])
        var scope = StageScope(
            environment: ["x=1"], try GlobalScope(Dockerfile(Array("FROM a".utf8)), BuildArguments()), escape: 92)
        guard case .copy(let expanded) = try scope.apply(instructions(text)[0]).action else {
            return #expect(Bool(false))
        }
        #expect(expanded.files.map(\.content) == [Array("1 'q' $y\n".utf8), Array("$x\n".utf8)])
    }

    @Test func whatIsNoUTF8BecomesAReplacement() throws {
        let file = try Dockerfile(Array("# \u{e9}\nFROM scratch\nENV a=".utf8) + [0xe9, 10])
        #expect(file.stages[0].instructions[0].action == .env([KeyValue(key: "a", value: "\u{fffd}", isLegacy: false)]))
    }

    @Test func triggersAreReadAgain() throws {
        guard case .onbuild(let text) = try instructions("ONBUILD COPY <<E /x\na\nE\n")[0].action else {
            return #expect(Bool(false))
        }
        guard case .copy(let copy) = try Dockerfile.trigger(text, of: LineRange(7, 7)).action else {
            return #expect(Bool(false))
        }
        #expect(copy.files.map(\.content) == [Array("a\n".utf8)])
        for text in ["FROM x", "RUN a\nRUN b", "ONBUILD RUN a", "MAINTAINER a", ""] {
            #expect(throws: DockerfileError.self) { try Dockerfile.trigger(text, of: LineRange(7, 7)) }
        }
    }

    @Test func errorsShowTheLinesThatAreMeant() throws {
        let source = try SourceText(Array("FROM scratch\nENV a=b\nRUNN x \\\n y\nCMD a\n".utf8))
        let error = #expect(throws: DockerfileError.self) { try Dockerfile(source) }
        #expect(
            error?.report(source: source, name: "Dockerfile") == """
                Dockerfile:3
                --------------------
                   2 |     ENV a=b
                   3 | >>> RUNN x \\
                   4 | >>>  y
                   5 |     CMD a
                --------------------
                dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)
                """)
    }

    @Test func mountsHaveAllTheirKeys() throws {
        let text =
            "type=cache,id=$i,target=/c,source=s,from=x,sharing=locked,mode=0750,uid=1,gid=2,ro"
        var variables = Variables()
        variables["i"] = "name"
        let mount = try RunMount(text, variables, escape: 92)
        #expect(mount.kind == .cache && mount.id == "name" && mount.target == "/c" && mount.source == "s")
        #expect(mount.from == "x" && mount.sharing == .locked && mount.mode == 0o750 && mount.isReadOnly)
        #expect(mount.user == 1 && mount.group == 2 && mount.used.map(\.text) == ["i"])
        let secret = try RunMount("type=secret,id=a,env=TOKEN,required", variables, escape: 92)
        #expect(secret.variable == "TOKEN" && secret.isRequired && secret.target == nil)
        #expect(try RunMount("type=tmpfs,dst=/t,size=1.5m", variables, escape: 92).size == 1_572_864)
        #expect(try !RunMount("type=tmpfs,dst=/t", variables, escape: 92).isReadOnly)
        #expect(try RunMount("dst=/t,\"source=a,b\"", variables, escape: 92).source == "a,b")
    }

    @Test func boundsHold() throws {
        let long = String(repeating: "x", count: SourceText.lineLimit - 6)
        let fits = try Dockerfile(Array("FROM scratch\nENV a=\(long.dropLast())\n".utf8))
        #expect(fits.stages.count == 1)
        #expect(throws: DockerfileError.self) { try Dockerfile(Array("FROM scratch\nENV a=\(long)x\n".utf8)) }
        var variables = Variables()
        variables["a"] = String(repeating: "x", count: Expansion.sizeLimit / 2 + 1)
        #expect(throws: ExpansionError.self) { try Expansion("$a$a", variables) }
        let deep = String(repeating: "${u:-", count: 100_000)
        #expect(throws: ExpansionError.self) { try Expansion(deep, variables) }
        #expect(throws: ExpansionError.self) { try Expansion(String(repeating: "\"${u:-", count: 100_000), variables) }
    }

    @Test func variablesThatDoubleAreRefused() throws {
        let first = String(repeating: "x", count: 60_000)
        let lines = (1...30).map { "a\($0)=$a\($0 - 1)$a\($0 - 1)" }
        for keyword in ["ARG", "ENV"] {
            let text = "\(keyword) a0=\(first)\n" + lines.map { "\(keyword) \($0)\n" }.joined()
            let file = try Dockerfile(Array(("FROM scratch\n" + text).utf8))
            let report = Linter(file).run()
            #expect(report.failure?.lines == [LineRange(7, 7)])
        }
        let global = (["a0=\(first)"] + lines).map { "ARG \($0)\n" }.joined() + "FROM scratch\n"
        let file = try Dockerfile(Array(global.utf8))
        #expect(throws: DockerfileError.self) { try GlobalScope(file, BuildArguments()) }
        var variables = Variables(entries: ["a=bc", "d"])
        #expect(variables.size == 4)
        variables["a"] = nil
        #expect(variables.size == 1 && variables.entries == ["d="])
    }

    @Test func anInstructionThatGrowsIsRefused() throws {
        var variables = Variables()
        variables["a"] = "xxxxx"
        for text in ["LABEL a=$a b=$a\n", "COPY $a $a /\n", "EXPOSE $a $a\n", "COPY <<E /x\n$a$a\nE\n"] {
            var expanded = ExpandedInstruction(try instructions(text)[0])
            expanded.sizeLimit = 9
            #expect(throws: ExpansionError.self) { try expanded.expand(variables, 92) }
        }
    }

    @Test func aMillionLinesAreRead() throws {
        // Comments, a continuation and a here-document, of which each line is looked at.
        var bytes = Array("FROM scratch\n".utf8)
        for _ in 0..<400_000 { bytes += [35, 10] }
        bytes += Array("RUN a \\\n".utf8)
        for _ in 0..<200_000 { bytes += Array("b \\\n".utf8) }
        bytes += Array("c <<E\n".utf8)
        for _ in 0..<400_000 { bytes += [100, 10] }
        bytes += Array("E\n".utf8)
        let instruction = try Dockerfile(bytes).stages[0].instructions[0]
        #expect(instruction.lines == LineRange(400_002, 1_000_004))
        #expect(instruction.heredocs[0].content.count == 800_000)
    }
}
