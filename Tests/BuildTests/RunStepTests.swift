@testable import Build
import Store
import Images
import Bytes
import ContainerSpec
@testable import Dockerfile
import Errors
import Glibc
import Linux
import Store
import Synchronization
import TestSupport
import Testing

/// What a RUN finds, and how it ends; as BuildKit 0.2x answered.
struct RunStepTests {
    @Test func aShellFindsWhatBuildKitGivesIt() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step(
                "hostname; env; id -u; id -g; cat; echo bad >&2; grep NoNewPrivs /proc/self/status; pwd; [ -t 0 ] || echo no terminal"
            )
            step.environment = ["A=b c", "PATH=/bin"]
            step.workingDirectory = "/w/x"
            let ran = try bench.run(step)
            let lines = ran.text.split(separator: "\n").map(String.init)
            #expect(lines.first == "buildkitsandbox")
            #expect(lines.contains("A=b c"))
            #expect(lines.contains("PATH=/bin"))
            #expect(lines.contains("HOME=/root"))
            #expect(lines.contains("/w/x"))
            #expect(lines.contains("no terminal"))
            #expect(!lines.contains { $0.hasPrefix("HOSTNAME=") || $0.hasPrefix("TERM=") })
            #expect(lines.filter { $0 == "0" }.count == 2)
            #expect(ran.errorText == "bad\n")
            #expect(ran.has("w/x"))
        }
    }

    @Test func whatIsWrittenIsInTheScratchAndNothingElseIs() throws {
        try RunBench.with { (bench) throws in
            let ran = try bench.run(
                "echo hi > /new; rm /bin/ls; echo name > /etc/hostname; echo x >> /etc/hosts; echo x >> /etc/resolv.conf; true"
            )
            #expect(ran.text.contains("/etc/hosts: Read-only file system"))
            #expect(ran.text.contains("/etc/resolv.conf: Read-only file system"))
            #expect(ran.has("new"))
            #expect(ran.has("etc/hostname"))
            for path in ["etc/hosts", "etc/resolv.conf", "dev", "proc", "sys"] { #expect(!ran.has(path), "\(path)") }
            #expect(!Files.exists("\(bench.base)/new"))
        }
    }

    @Test func aCommandThatFailsIsQuotedWithItsCode() throws {
        try RunBench.with { (bench) throws in
            let failed = try bench.failure(RunBench.Step("echo \"a\"\nexit 7"))
            #expect(
                failed.error.message
                    == #"process "/bin/sh -c echo \"a\"\nexit 7" did not complete successfully: exit code: 7"#)
            #expect(failed.error.kind == .start(exitCode: 7))
            #expect(failed.text == "a\n")
            var exec = RunBench.Step("")
            exec.program = .exec(["/nowhere", "x"])
            let missing = try bench.failure(exec)
            #expect(missing.error.message == #"process "/nowhere x" did not complete successfully: exit code: 1"#)
            #expect(missing.text.contains("/nowhere"))
            var user = RunBench.Step("id")
            user.user = "nobodyhere"
            #expect(
                try bench.failure(user).error.message
                    == #"process "/bin/sh -c id" did not complete successfully: unable to find user nobodyhere: no matching entries in passwd file"#
            )
            let killed = try bench.failure(RunBench.Step("sh -c 'kill -9 $$'; exit $?"))
            #expect(killed.error.kind == .start(exitCode: 137))
        }
    }

    @Test func aScriptIsExecutedByItselfAndIsNotInTheLayer() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step("")
            step.program = .script(name: "EOF", content: Array("#!/bin/sh\necho $0; ls -l $0 | cut -c1-10\n".utf8))
            let ran = try bench.run(step)
            #expect(ran.text == "/dev/pipes/EOF\n-rwxr-xr-x\n")
            #expect(!ran.has("dev"))
        }
    }

    @Test func theStartIsToldOnceWhateverHappens() throws {
        try RunBench.with { (bench) throws in
            let count = Mutex(0)
            for text in ["true", "false"] {
                _ = try? bench.run(RunBench.Step(text), started: { count.withLock { $0 += 1 } })
            }
            var missing = RunBench.Step("true")
            missing.mounts = ["type=secret,id=none,required"]
            _ = try? bench.run(missing, started: { count.withLock { $0 += 1 } })
            #expect(count.withLock { $0 } == 3)
        }
    }

    @Test func lowersMayGetOtherNamesOnceItRuns() throws {
        try RunBench.with { (bench) throws in
            let top = try bench.folder("top")
            try Files.write(Array("of top".utf8), to: "\(top)/mine", mode: 0o644)
            let go = try bench.folder("go")
            var step = RunBench.Step("while [ ! -e /go/now ]; do sleep 0.02; done; cat /mine; cat /bin/busybox | wc -c")
            step.lowers = [bench.base, top]
            step.mounts = ["target=/go"]
            step.sources = [.context(ContextTree(directory: go, ignored: nil))]
            let ran = try bench.run(
                step,
                started: {
                    rename(top, top + ".moved")
                    try? Files.write([], to: "\(go)/now", mode: 0o644)
                })
            #expect(ran.text.hasPrefix("of top"))
        }
    }

    @Test func withoutLayersThereIsARootFileSystemAllTheSame() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step("")
            step.program = .exec(["/b/busybox", "touch", "/made"])
            step.lowers = []
            step.mounts = ["target=/b,source=/bin"]
            step.sources = [.layers([bench.base])]
            let ran = try bench.run(step)
            #expect(ran.has("made"))
            #expect(!ran.has("b"))
        }
    }

    @Test func twoRunAtOnceAndBothHaveTheirOwnFiles() throws {
        try RunBench.with { (bench) throws in
            let calls = try (0..<2).map { number in
                try begin {
                    var step = RunBench.Step(
                        "touch /m/\(number) /own\(number); while [ ! -e /m/\(1 - number) ]; do sleep 0.02; done; ls / | grep own"
                    )
                    step.mounts = ["type=cache,target=/m"]
                    return try bench.run(step).text
                }
            }
            #expect(try calls.map { try $0.wait() as String } == ["own0\n", "own1\n"])
        }
    }

    @Test func aCancelledOneIsGoneAndSaysSo() throws {
        try RunBench.with { (bench) throws in
            let cancellation = try Cancellation()
            let tools = bench.tools(nil, cancellation)
            do {
                try bench.run(RunBench.Step("trap '' TERM INT; sleep 1000"), tools, started: { cancellation.cancel() })
                Issue.record("it was not cancelled")
            } catch let failed as RunFailed {
                #expect(failed.error.kind == .cancelled)
                #expect(failed.error.message == "context canceled")
            }
            // Before it begins, too.
            #expect(try bench.failure(RunBench.Step("true"), tools).error.kind == .cancelled)
        }
    }

    @Test func noCommandAndNoEventKnowsOfIt() throws {
        try RunBench.with { (bench) throws in
            let seen = Mutex("")
            try bench.run(
                RunBench.Step("sleep 0.2"),
                started: {
                    let apus = Spawn(
                        Executable.path, ["ps", "-a", "-q"],
                        environment: [
                            "PATH=/usr/bin:/bin", "APUS_ROOT=\(bench.paths.data)", "APUS_RUN=\(bench.paths.run)",
                        ])
                    let text = (try? RunningProgram(apus).wait())?.description ?? "not run"
                    seen.withLock { $0 = text }
                })
            #expect(seen.withLock { $0 } == "exit 0\n--- stdout\n\n--- stderr\n")
            #expect(!Files.exists("\(bench.paths.data)/events.log"))
        }
    }

    @Test func theRequestSaysWhatContainersGet() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step("ulimit -n; grep ' /dev/shm ' /proc/mounts; cat /etc/hosts; ls /sys/class/net")
            step.request.container.limits = [try Ulimit("nofile=123:124")]
            step.request.container.sharedMemory = 1 << 20
            step.request.container.hosts = [try HostEntry("db:192.0.2.7")]
            let ran = try bench.run(step)
            #expect(ran.text.hasPrefix("123\n"))
            #expect(ran.text.contains("size=1024k"))
            #expect(ran.text.contains("192.0.2.7\tdb\n"))
            #expect(ran.text.hasSuffix("\nlo\n"))
        }
    }

    @Test func withoutAWordTheNetworkIsThatOfEveryContainer() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step("ls /sys/class/net; hostname")
            step.network = .default
            let lines = try bench.run(step).text.split(separator: "\n").map(String.init)
            #expect(lines.contains("lo") && lines.count == 3 && lines.last == "buildkitsandbox", "\(lines)")
            step.network = .host
            #expect(try bench.run(step).text.hasSuffix("buildkitsandbox\n"))
            // What the build says for all of them.
            step.network = .default
            step.request.container.network = .none
            #expect(try bench.run(step).text == "lo\nbuildkitsandbox\n")
        }
    }

    @Test func whatThereIsNoSupportForIsRefused() throws {
        try RunBench.with { (bench) throws in
            var step = try bench.step(RunBench.Step("true"))
            let instruction = RunInstruction(
                program: .shell("true"), command: .shell("true"), mounts: [], network: .none, security: .insecure,
                devices: [])
            step = RunStep(
                instruction: instruction, mounts: [], sources: [], shell: step.shell, environment: [],
                workingDirectory: "/", user: "", request: step.request)
            do {
                try step.execute(on: [bench.base], in: try bench.folder("s"), bench.tools) { (_, _) in }
                Issue.record("it ran")
            } catch let error as EngineError {
                #expect(error.kind == .unsupported && error.message.contains("--security=insecure"))
            }
        }
    }

    @Test(arguments: [StorageDriver.overlay, .copy, .fuseOverlay].filter(StorageDrivers.work))
    func eachStorageDriverGivesTheSame(_ driver: StorageDriver) throws {
        try RunBench.with { (bench) throws in
            let folder = try bench.folder("context")
            for name in ["shown", "hidden"] { try Files.write(Array(name.utf8), to: "\(folder)/\(name)", mode: 0o644) }
            var step = RunBench.Step(
                "echo hi > /new; rm /bin/ls; echo x > /c/shown; echo /c/*; echo /r/*; cat /r/shown; touch /x/y/z; cat /from/bin/busybox | wc -c"
            )
            step.mounts = [
                "type=cache,target=/x/y", "target=/c,rw", "target=/r", "target=/from,from=base",
            ]
            let context = FileSource.context(
                ContextTree(directory: folder, ignored: try IgnoreMatcher(Array("hidden\n".utf8))))
            step.sources = [nil, context, context, .layers([bench.base])]
            let ran = try bench.run(step, bench.tools(driver))
            #expect(ran.text.hasPrefix("/c/shown\n/r/shown\nshown"), "\(ran.text)")
            #expect(ran.has("new"))
            for path in ["x", "c", "r", "from"] { #expect(!ran.has(path), "\(path)") }
            #expect(Files.exists("\(ran.scratch)/\(driver.directory)"))
            #expect(try Files.readText("\(folder)/shown") == "shown")
        }
    }
}

/// Which storage drivers work here.
enum StorageDrivers {
    static func work(_ driver: StorageDriver) -> Bool {
        driver != .fuseOverlay || Files.exists("/usr/bin/fuse-overlayfs") && access("/dev/fuse", R_OK | W_OK) == 0
    }
}
