import Glibc
import Linux
import TestSupport
import Testing

/// Real cgroups, made by a process with one thread in a directory that is delegated to its user.
@Suite(.enabled(if: DelegatedCgroup.obstacle == nil, "\(DelegatedCgroup.obstacle ?? "")"))
struct KernelTests {
    private func probe(_ user: TestUser, _ body: ((String...) throws -> ProgramResult) throws -> Void) throws {
        try withDelegatedCgroup(user, busybox: false) { sandbox, cgroup in
            // The clone may lie where the ordinary user cannot read.
            let program = "\(sandbox.path)/CgroupProbe"
            let source = "\(Executable.repository)/.build/debug/CgroupProbe"
            let copied = try RunningProgram(Spawn("/usr/bin/install", ["-m", "755", source, program])).wait()
            #expect(copied.code == 0)
            try body { (arguments: String...) in try cgroup.run(program, arguments) }
        }
    }

    @Test(arguments: TestUser.available)
    func aDelegatedDirectoryIsFound(_ user: TestUser) throws {
        try probe(user) { run in
            let lines = try run("detect").text.split(separator: "\n")
            #expect(lines.contains("hierarchy=v2") && lines.contains("writable=true"), "\(lines)")
            #expect(lines.contains { $0.hasPrefix("own=/sys/fs/cgroup/") && $0.hasSuffix("/engine") }, "\(lines)")
        }
    }

    @Test(arguments: TestUser.available)
    func processesAreFrozenThawedAndKilled(_ user: TestUser) throws {
        try probe(user) { run in
            let result = try run("life")
            #expect(
                result.text == """
                    populated=true frozen=false
                    frozen=true
                    frozen=false
                    status=137
                    populated=false processes=[]
                    left=false

                    """, "\(result)")
        }
    }

    @Test(arguments: TestUser.available)
    func theCommandIsInItAndItGoes(_ user: TestUser) throws {
        try probe(user) { run in
            let result = try run("run", "--name", "apus-x", "--", "sh", "-c", "grep ^0:: /proc/self/cgroup; exit 3")
            let lines = result.text.split(separator: "\n")
            #expect(lines.first?.hasSuffix("/apus-x") == true && lines.contains("status=3"), "\(result)")
            #expect(
                lines.contains("left=false") && lines.contains { $0.hasPrefix("cpu=") && $0 != "cpu=" }, "\(result)")
            let below = try run("run", "--directory", "pod/x", "--", "cat", "/proc/self/cgroup")
            #expect(below.text.contains("/engine/pod/x\n"), "\(below)")
            #expect(try run("run", "--directory", "pod", "--", "true").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func whatCannotBeDoneIsSaid(_ user: TestUser) throws {
        try probe(user) { run in
            #expect(try run("run", "--parent", "a.slice", "--", "true").errorText.contains("no systemd answers here"))
            #expect(
                try run("run", "--directory", "../x", "--", "true").errorText.contains("no path of a control group"))
            #expect(try run("run", "nosuch.max=1", "--", "true").errorText.contains("a file of no controller"))
            if user == .ordinary {
                let outside = try run("run", "--directory", "/apus-outside/y", "--", "true")
                #expect(outside.code == 1 && outside.errorText.contains("is not ours"), "\(outside)")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func whatAKilledSupervisorLeftIsSwept(_ user: TestUser) throws {
        try probe(user) { run in
            let container = "apus-" + String(repeating: "e", count: 64)
            let administrators = "apus-ci"
            // The probe dies before it can clean up.
            func leave(_ name: String) throws -> String {
                let text = try run("run", "--name", name, "--", "sh", "-c", "kill -9 $PPID; echo {}").text
                return String(text.dropLast())
            }
            func left() throws -> [Bool] {
                let listing = try run("run", "--name", "apus-look", "--", "sh", "-c", "cd {}/.. && ls -d */").text
                return [container, administrators].map { listing.contains("\($0)/\n") }
            }
            _ = try leave(container)
            let path = try leave(administrators)
            #expect(try left() == [true, true])
            let sweep = try run("sweep")
            #expect(sweep.code == 0, "\(sweep)")
            #expect(try left() == [false, true])
            for _ in 1...2 {
                let end = try run("end", path)
                #expect(end.code == 0, "\(end)")
            }
            #expect(try left() == [false, false])
        }
    }

    @Test(arguments: TestUser.available)
    func whatWasMadeFarBelowIsCountedAndEndedToo(_ user: TestUser) throws {
        try probe(user) { run in
            let script = """
                d={}; i=0; while [ $i -lt 60 ]; do d=$d/c; mkdir $d || exit 7; i=$((i + 1)); done
                sleep 1000 < /dev/null > /dev/null 2>&1 & echo $! > $d/cgroup.procs; kill -9 $PPID; echo {}; sleep 1
                """
            let path = String(try run("run", "--name", "apus-deep", "--", "sh", "-c", script).text.dropLast())
            #expect(path.hasSuffix("/apus-deep"))
            #expect(try run("processes", path).text == "1\n")
            let end = try run("end", path)
            #expect(end.code == 0, "\(end)")
            #expect(!Files.exists(path))
        }
    }
}
