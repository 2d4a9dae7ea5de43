import Glibc
import Linux
import TestSupport
import Testing

/// `run` begins a container's directories and its network namespace before it has read what it is asked for (`Beginning`).
@Suite struct BeginningTests {
    @Test(arguments: TestUser.available)
    func whatIsNotTakenLeavesNothing(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // Somebody whose user namespace can be joined: without one nothing is begun.
            let other = try sandbox.detached("other", "sleep 1000")
            let wrong: [([String], CInt)] = [
                (["--help"], 0),
                ([], 1),
                (["--nope", "busybox", "true"], 125),
                (["--memory", "much", "busybox", "true"], 125),
                (["--pull", "never", "nosuch", "true"], 125),
                (["--name", "other", "busybox", "true"], 125),
                (["--network", "nosuch", "busybox", "true"], 125),
                (["--rootfs", "/nosuch", "true"], 127),
                (["--rm", "busybox", "/nosuch"], 127),
            ]
            for (words, code) in wrong {
                let result = try sandbox.apus(["run"] + words)
                #expect(result.code == code, "\(words): \(result)")
            }
            // These want something else than what was begun.
            for words in [["--read-only"], ["--network", "host"]] + (user == .root ? [] : [["--userns", "keep-id"]]) {
                let result = try sandbox.apus(["run", "--rm"] + words + ["busybox", "true"])
                #expect(result.code == 0, "\(words): \(result)")
            }
            for folder in ["\(sandbox.store)/containers", "\(sandbox.runState)/containers"] {
                try sandbox.eventually("nothing but the other container in \(folder)") {
                    try Files.list(folder) == [other]
                }
            }
            try sandbox.output("rm", "-f", "other")
        }
    }

    @Test(arguments: TestUser.available)
    func theNamespaceIsTheOneThatWasAskedFor(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let link = ["busybox", "sh", "-c", "readlink /proc/self/ns/net"]
            try sandbox.detached("other", "sleep 1000")
            func namespace(_ words: [String], _ rest: [String] = []) throws -> String {
                let result = try sandbox.apus(["run", "--rm"] + words + link + rest)
                #expect(result.code == 0, "\(words): \(result)")
                return result.text
            }
            let host = try Files.readLink("/proc/self/ns/net") + "\n"
            let others = try sandbox.output("exec", "other", "readlink", "/proc/self/ns/net") + "\n"
            for words in [["--network", "host"], ["--net=host"], ["--network=host"], ["--network", "name=host"]] {
                #expect(try namespace(words) == host, "\(words)")
            }
            for words in [["--network", "container:other"], ["--net=container:other"]] {
                #expect(try namespace(words) == others, "\(words)")
            }
            // Words of the command are none of the flags'.
            for (words, rest) in [
                (["--network", "none"], []), (["--network", "none", "-e", "A=host"], []),
                ([], ["host"]),
            ] {
                let own = try namespace(words, rest)
                #expect(own.hasPrefix("net:[") && own != host && own != others, "\(words) \(rest): \(own)")
            }
            try sandbox.output("rm", "-f", "other")
        }
    }
}
