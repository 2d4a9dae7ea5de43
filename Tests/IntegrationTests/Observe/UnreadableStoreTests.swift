import Glibc
import Linux
import TestSupport
import Testing

/// What removes things, where something cannot be read.
@Suite struct UnreadableStoreTests {
    @Test(arguments: TestUser.available)
    func aPruneWithTooFewDescriptorsRemovesNothingThatIsInUse(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            try sandbox.output("run", "-d", "--name", "runs", "--network", "none", "busybox", "sleep", "1000")
            try sandbox.output("create", "--name", "waits", "busybox", "true")
            let layers = try Files.list(sandbox.store + "/layers").filter { $0.hasPrefix("sha256") }.sorted()
            let names = try Files.list(sandbox.store + "/names").filter { $0.first != "." }.sorted()
            var refusals = 0
            for limit in 3...14 {
                for words in [["system", "prune", "-f"], ["container", "prune", "-f"], ["system", "prune", "-af"]] {
                    // A container that does not run is what prune is for; this one is not asked for.
                    let filter = ["--filter", "label=none"]
                    let program = try RunningProgram(
                        sandbox.spawn(
                            "/bin/sh",
                            ["-c", "ulimit -n \(limit); exec \"$@\"", "sh", Executable.path] + words + filter))
                    program.closeInput()
                    if try program.wait().code != 0 { refusals += 1 }
                    let left = try Files.list(sandbox.store + "/layers").filter { $0.hasPrefix("sha256") }.sorted()
                    #expect(left == layers, "\(words) with \(limit) descriptors")
                    let kept = try Files.list(sandbox.store + "/names").filter { $0.first != "." }.sorted()
                    #expect(kept == names, "\(words) with \(limit) descriptors")
                }
            }
            #expect(refusals > 0)
            #expect(try sandbox.output("ps", "--format", "{{.Names}}") == "runs")
            #expect(try sandbox.output("images", "-q") != "")
            try sandbox.output("rm", "-f", "runs", "waits")
        }
    }

    @Test(arguments: TestUser.available)
    func aDirectoryThatCannotBeReadToItsEndIsNotTakenForAnEmptyOne(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            try sandbox.output("create", "--name", "waits", "busybox", "true")
            let wrapper = try sandbox.refusing([.init(.getdents64, EIO)])
            for words in [["ps", "-a"], ["system", "prune", "-f"], ["system", "check"]] {
                let result = try sandbox.apus(behind: wrapper, words)
                #expect(result.code != 0 && result.errorText.contains("readdir /"), "\(words): \(result)")
            }
            #expect(try sandbox.output("ps", "-aq") != "")
            try sandbox.output("rm", "waits")
        }
    }
}
