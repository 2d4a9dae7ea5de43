import Linux
import TestSupport
import Testing

/// Images whose later layers do not describe the directories above their files, as bazel, ko and jib write them.
@Suite struct LayeredImageTests {
    /// What the merged tree shows of directories, of a file of the base with a link in the topmost layer, and of one
    /// between.
    private static let expected = """
        1777 0 0 1500000000 /a
        750 3 4 1500000001 /a/b
        755 0 0 1600000000 /bin
        640 5 0 1600000000 2 /a/b/below
        640 5 0 1600000000 2 /a/b/link
        644 0 0 1600000000 2 /bin/again
        below
        1
        """

    private func expectTree(_ sandbox: Sandbox, _ name: String) throws {
        let script = """
            stat -c '%a %u %g %Y %n' /a /a/b /bin
            stat -c '%a %u %g %Y %h %n' /a/b/below /a/b/link /bin/again
            cat /a/b/link; cat /bin/again
            """
        let shown = try sandbox.output("run", "--rm", "--network", "none", name, "sh", "-c", script)
        #expect(shown.trimmed == Self.expected)
    }

    private func make(_ sandbox: Sandbox, _ flag: String = "--layers=10") throws -> String {
        let archive = "\(sandbox.path)/work/layered.tar"
        try sandbox.tool("/usr/bin/python3", "\(Executable.repository)/Tests/Harness/layered_image.py", archive, flag)
        return archive
    }

    /// Nothing but layers, each with the note of its size.
    private func expectNothingLeft(_ sandbox: Sandbox, count: Int) throws {
        let names = try Files.list("\(sandbox.store)/layers")
        #expect(names.filter { !$0.hasPrefix("sha256-") && !$0.hasPrefix(".size.") }.isEmpty, "\(names)")
        #expect(names.filter { $0.hasPrefix("sha256-") }.count == count)
    }

    @Test(arguments: TestUser.available, ["--layers=10", "--parents"])
    func aPullUnpacksEachLayerOnceAndLeavesNothing(_ user: TestUser, _ flag: String) throws {
        try RegistryServer.with { registry throws in
            try withSandbox(user) { sandbox throws in
                let name = try registry.push("docker-archive:\(make(sandbox, flag))", as: "layered:latest")
                // An ordinary user's newuidmap cannot be traced.
                let trace = "\(sandbox.path)/work/trace"
                let wrapper = [
                    "/usr/bin/strace", "-f", "-qq", "-e", "trace=execve,chroot", "-e", "signal=none", "-o", trace,
                ]
                let result = try sandbox.apus(behind: user == .root ? wrapper : [], ["pull", name])
                #expect(result.code == 0, "\(result)")
                if user == .root {
                    let calls = try Files.readText(trace)
                    // The base has nothing below it. A link alone leads into another layer where parents are described.
                    let settled = flag == "--parents" ? 1 : 9
                    #expect(calls.occurrences(of: "\"settle-layer\"") == settled)
                    // Into each layer and out again; to settle one is a process's last work.
                    #expect(calls.occurrences(of: "chroot(") == 2 * 10 + settled)
                    let workers = calls.occurrences(of: "\"unpack-layers\"")
                    #expect(workers >= 1 && workers < 10, "a worker takes one layer after the other")
                }
                try expectNothingLeft(sandbox, count: 10)
                try expectTree(sandbox, name)
            }
        }
    }

    @Test(arguments: TestUser.available)
    func loadingGivesTheSame(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("load", "-i", make(sandbox))
            try expectNothingLeft(sandbox, count: 10)
            try expectTree(sandbox, "layered")
        }
    }

    /// They hold layers while they wait for each other's.
    @Test func pullsOfOneImageAtTheSameTimeAllSucceed() throws {
        try RegistryServer.with { registry throws in
            try withSandbox(TestUser.available[0]) { sandbox throws in
                let name = try registry.push("docker-archive:\(make(sandbox))", as: "layered:latest")
                let pulls = try (0..<4).map { _ in try sandbox.start(["pull", "-q", name], environment: []) }
                for pull in pulls {
                    pull.closeInput()
                    let result = try pull.wait(seconds: 120)
                    #expect(result.code == 0, "\(result)")
                }
                try expectNothingLeft(sandbox, count: 10)
                try expectTree(sandbox, name)
            }
        }
    }

    /// Loads an image `name` of layers that are told by words: `DIR:MODE:USER`, a directory; `PATH=TEXT`, a file whose
    /// directories have no entries; `NAME>TARGET`, a hard link; `base`, busybox with the usual directories; nothing.
    private func load(_ sandbox: Sandbox, _ name: String, _ layers: [String]) throws {
        let archive = "\(sandbox.path)/work/\(name).tar"
        try sandbox.tool(
            "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/told_image.py", archive, name,
            layers.joined(separator: ";"))
        let result = try sandbox.apus(["load", "-i", archive])
        #expect(result.code == 0, "\(result)")
    }

    private func shown(_ sandbox: Sandbox, _ name: String, _ script: String) throws -> String {
        try sandbox.output("run", "--rm", "--network", "none", name, "sh", "-c", script).trimmed
    }

    @Test(arguments: TestUser.available)
    func aLayerOnTwoBasesTakesFromEachWhatItDoesNotSay(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let layer = "app/x=x app/y>app/base"
            let script = "stat -c '%a %u' /app; cat /app/y"
            try load(sandbox, "one", ["base", "app:700:0 app/base=one", layer])
            try load(sandbox, "two", ["base", "app:1777:7 app/base=two", layer])
            for _ in 0..<2 {
                #expect(try shown(sandbox, "one", script) == "700 0\none")
                #expect(try shown(sandbox, "two", script) == "1777 7\ntwo")
                // What the other had is gone, and nothing else.
                #expect(try sandbox.apus(["system", "prune", "--force"]).code == 0)
            }
            #expect(try sandbox.apus(["rmi", "one"]).code == 0)
            #expect(try shown(sandbox, "two", script) == "1777 7\ntwo")
            // The supervisors of those that have ended clean up behind their answers.
            try sandbox.eventually("a store in order") { try sandbox.apus(["system", "check"]).code == 0 }
            let names = try Files.list("\(sandbox.store)/layers").filter { $0.hasPrefix("sha256-") }
            #expect(names.count == 3)
        }
    }

    @Test(
        arguments: TestUser.available,
        [
            (["base", "", ""], "ok"), (["base", "", "d:755:0 d/x=x", ""], "ok x"),
            (["base", "d:755:0 d/x=x", "d/.wh.x=", "d:755:0 d/x=x"], "ok x"), (["base", "base"], "ok"),
            (["base", "d/x=x", "d/.wh.x=", "d/x=x"], "ok x"),
        ])
    func aLayerMayComeMoreThanOnce(_ user: TestUser, _ image: (layers: [String], shown: String)) throws {
        try withSandbox(user) { sandbox throws in
            try load(sandbox, "again", image.layers)
            let text = try shown(sandbox, "again", "echo ok; ls /d 2>/dev/null; true")
            #expect(text.split(separator: "\n").joined(separator: " ") == image.shown)
            let inspection = try sandbox.output("image", "inspect", "--format", "{{len .RootFS.Layers}}", "again")
            #expect(inspection.trimmed == "\(image.layers.count)")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    fileprivate func occurrences(of text: String) -> Int {
        var count = 0
        let mine = Array(utf8)
        let wanted = Array(text.utf8)
        var index = 0
        while index + wanted.count <= mine.count {
            if mine[index..<(index + wanted.count)].elementsEqual(wanted) { count += 1 }
            index += 1
        }
        return count
    }
}
