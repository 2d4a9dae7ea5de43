import Glibc
import Linux
import TestSupport
import Testing

/// Numbers at their extremes, in whatever takes one: a sentence or an effect, and never the end of a process by a signal.
@Suite struct NumbersTests {
    private static let extremes: [Int64] = [
        .min, .min + 1, -9_223_372_036_854_775, -4_611_686_018_427_387_904, -2_147_483_649, -1, 0, 1, 65_535, 65_536,
        2_147_483_648, 4_294_967_296, 9_223_372_036_854_775, 4_611_686_018_427_387_904, .max - 1, .max,
    ]
    private static let texts = extremes.map { String($0) } + ["9223372036854775808", "18446744073709551616", "1e400"]

    private func expectNoCrash(_ result: ProgramResult, _ words: [String]) {
        #expect(result.code < 128 || result.code == 255, "\(words.joined(separator: " ")): \(result)")
        #expect(!result.errorText.contains("without a word"), "\(words.joined(separator: " ")): \(result)")
    }

    /// The flags of a verb that take a number, by what its help says of them.
    private func numericFlags(_ sandbox: Sandbox, _ verb: [String]) throws -> [(name: String, kind: String)] {
        let kinds = ["int", "uint", "uint16", "bytes", "duration", "decimal"]
        return try sandbox.apus(verb + ["--help"]).lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(where: { $0.hasPrefix("--") }), place <= 1, place + 1 < words.count,
                kinds.contains(String(words[place + 1]))
            else { return nil }
            return (String(words[place]), String(words[place + 1]))
        }
    }

    private func values(_ kind: String) -> [String] {
        kind == "duration" ? Self.texts.map { $0 + "s" } + ["9223372036854775807ns", "2562047h47m16s"] : Self.texts
    }

    @Test func everyNumericFlagOfACreatedContainer() throws {
        let user = try #require(TestUser.available.last)
        try withBusybox(user) { sandbox throws in
            let flags = try numericFlags(sandbox, ["create"])
            #expect(flags.count >= 20)
            for (name, kind) in flags {
                for value in values(kind) {
                    let create = ["create", "--name", "cc", "--network", "none", "\(name)=\(value)", "busybox", "true"]
                    let created = try sandbox.apus(create)
                    expectNoCrash(created, create)
                    guard created.code == 0 else { continue }
                    // What it means is found out later, some of it by the supervisor.
                    for words in [["start", "-a", "cc"], ["inspect", "cc"], ["rm", "-f", "cc"]] {
                        let result = try sandbox.apus(words, seconds: 20)
                        #expect(!result.errorText.contains("without a word"), "\(create): \(result)")
                        #expect(result.code < 128 || result.code == 255, "\(create), \(words): \(result)")
                    }
                }
            }
        }
    }

    @Test func everyNumericFlagOfOtherVerbs() throws {
        let user = try #require(TestUser.available.last)
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "echo", "line")
            for verb in [["update"], ["oci", "update"]] {
                for (name, kind) in try numericFlags(sandbox, verb) {
                    for value in values(kind) {
                        let words = verb + ["\(name)=\(value)", "cc"]
                        expectNoCrash(try sandbox.apus(words), words)
                    }
                }
            }
            for value in Self.texts {
                for words in [
                    ["logs", "--tail", value, "cc"], ["logs", "--since", value, "--until", value, "cc"],
                    ["logs", "-f", "--until", value, "cc"], ["ps", "--last", value], ["stop", "-t", value, "cc"],
                    ["restart", "-t", value, "no-such"], ["events", "--since", value, "--until", "1"],
                    ["kill", "-s", value, "cc"], ["port", "cc", value], ["pull", "127.0.0.1:\(value)/x"],
                    ["ps", "--filter", "exited=\(value)"], ["run", "--pull", "never", "-p", "\(value):\(value)", "x"],
                    ["run", "--rm", "--network", "none", "-u", value, "busybox", "true"],
                    ["run", "--rm", "--network", "none", "--ulimit", "nofile=\(value)", "busybox", "true"],
                ] {
                    expectNoCrash(try sandbox.apus(words), words)
                }
            }
            try sandbox.output("rm", "-f", "cc")
        }
    }

    @Test func aRunningContainerIsStoppedWithAnyTime() throws {
        let user = try #require(TestUser.available.last)
        try withBusybox(user) { sandbox throws in
            for value in Self.texts where !value.hasPrefix("-") && value != "0" {
                let run = [
                    "run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                    "trap 'exit 4' TERM; touch /ready; while :; do sleep 0.02; done",
                ]
                #expect(try sandbox.apus(run).code == 0)
                try sandbox.eventually("the trap") {
                    (try? sandbox.apus("exec", "cc", "test", "-e", "/ready").code) == 0
                }
                let stop = try sandbox.apus(["stop", "-t", value, "cc"])
                expectNoCrash(stop, ["stop", "-t", value])
                if stop.code == 0 { #expect(try sandbox.inspect("cc", ".State.ExitCode") == "4", "\(value)") }
                try sandbox.output("rm", "-f", "cc")
            }
        }
    }
}
