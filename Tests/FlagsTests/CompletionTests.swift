import Flags
import Testing

private let run = CommandSyntax(
    summary: "Run a container", usage: ["[OPTIONS] IMAGE [COMMAND] [ARG...]"],
    flags: [
        Flag("interactive", "i", .bool, "Keep standard input open"),
        Flag("env", "e", .list, "Set a variable.\nMore about it"),
        Flag("env-file", nil, .list, "Read variables"),
        Flag("secret", nil, .bool, "", isHidden: true),
        Flag("gpus", nil, .string, "", refused: "there are none"),
    ],
    arguments: .atLeast(1), isInterspersed: false, completion: .images)

@Suite struct CompletionTests {
    @Test func flagsAreOfferedByTheirBeginning() {
        #expect(run.completion(["--e"]) == .flags(["--env": "Set a variable.", "--env-file": "Read variables"]))
        #expect(run.completion(["-i", "--help"]) == .flags(["--help": "Print this help"]))
        guard case .flags(let all) = run.completion(["-"]) else {
            Issue.record("flags are wanted after a dash")
            return
        }
        #expect(all.keys.sorted() == ["--env", "--env-file", "--help", "--interactive"])
    }

    @Test(arguments: [["-e", ""], ["--env", "X"], ["-ie", ""], ["--env=X"]])
    func aFlagsValueIsNoPositional(words: [String]) {
        #expect(run.completion(words) == .value(of: "env"))
    }

    @Test(arguments: [[""], ["-i", "de"], ["-eX=y", ""], ["--env=X", ""], ["-ie", "X", ""], ["--", ""]])
    func imagesAreOfferedWhereTheImageStands(words: [String]) {
        #expect(run.completion(words) == .positional(.images))
    }

    @Test func whatFollowsTheImageIsTheContainersCommand() {
        #expect(run.completion(["debian", "--e"]) == .positional(.none))
    }

    @Test(arguments: CompletionScript.shells)
    func scriptsAreThere(shell: String) {
        #expect(CompletionScript.text(shell: shell, program: "apus")?.contains("__complete") == true)
    }

    @Test func bashCompletesImageNamesWithColons() throws {
        // Bash breaks words at colons: what is offered must fit the part behind the last of them.
        let script = try #require(CompletionScript.text(shell: "bash", program: "peer"))
        let stub = "peer() { printf 'debian:latest\\thelp\\ndebian:testing\\thelp\\n'; }"
        func replies(_ line: String, _ words: String, _ index: Int) -> String {
            let setup = "COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(\(words)); COMP_CWORD=\(index)"
            return output(of: ["bash", "-c", "\(script)\n\(stub)\n\(setup)\n_peer; printf '%s ' \"${COMPREPLY[@]}\""])
        }
        #expect(replies("peer run debian:t", "peer run debian : t", 4) == "testing ")
        #expect(replies("peer run debian:", "peer run debian :", 3) == "latest testing ")
        #expect(replies("peer run de", "peer run de", 2) == "debian:latest debian:testing ")
        #expect(replies("peer run ", "peer run ''", 2) == "debian:latest debian:testing ")
    }

    @Test func manualPagesHaveEveryShownFlagAndTheReasonsForRefusals() {
        let page = ManualPage(path: "apus run", syntax: run, names: ["apus container run", "apus run"], version: "1")
            .text
        #expect(page.hasPrefix(".TH \"APUS\\-RUN\" 1"))
        #expect(page.contains("\\fB\\-e\\fR, \\fB\\-\\-env\\fR=\\fIlist\\fR\nSet a variable.\n.br\nMore about it"))
        #expect(page.contains(".SH REFUSED OPTIONS") && page.contains("there are none"))
        #expect(!page.contains("secret"))
    }
}
