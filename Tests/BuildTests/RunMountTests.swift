@testable import Build
import Images
import Bytes
@testable import Dockerfile
import Errors
import Glibc
import Linux
import Store
import Synchronization
import TestSupport
import Testing

/// `RUN --mount`, each type with its keys.
struct RunMountTests {
    private func context(_ bench: RunBench, _ name: String = "context", ignoring: String? = nil) throws -> FileSource {
        let folder = try bench.folder(name)
        for directory in ["kept", "gone", "mixed", "mixed/deep"] {
            try Files.makeDirectory("\(folder)/\(directory)", mode: 0o755)
        }
        for file in ["file", "kept/a", "gone/b", "mixed/deep/c", "mixed/deep/d", "mixed/e", "x.log"] {
            try Files.write(Array("of \(file)\n".utf8), to: "\(folder)/\(file)", mode: 0o644)
        }
        try check("symlink") { symlink("/etc/passwd", "\(folder)/out") }
        try check("symlink") { symlink("../../../..", "\(folder)/up") }
        let ignored = try ignoring.map { try IgnoreMatcher(Array($0.utf8)) }
        return .context(ContextTree(directory: folder, ignored: ignored))
    }

    // MARK: bind

    @Test func aContextIsMountedReadOnlyAndLeavesNothing() throws {
        try RunBench.with { (bench) throws in
            let ran = try bench.run(
                "cat /a/b/file; touch /a/b/new; rm /a/b/file; cat /c; true",
                ["target=/a/b", "target=/c,source=kept/a"],
                [try context(bench), .context(ContextTree(directory: "\(bench.path)/context", ignored: nil))])
            #expect(ran.text.hasPrefix("of file\n"))
            #expect(ran.text.contains("/a/b/new: Read-only file system"))
            #expect(ran.text.contains("of kept/a\n"))
            #expect(!ran.has("a") && !ran.has("c"))
            #expect(Files.exists("\(bench.path)/context/file"))
        }
    }

    @Test func whatTheContextIgnoresIsNotThere() throws {
        try RunBench.with { (bench) throws in
            let source = try context(bench, ignoring: "gone\nmixed\n*.log\n!mixed/deep/d\n")
            for flags in ["", ",rw"] {
                let ran = try bench.run("cd /a; find . | sort; cat mixed/deep/d", ["target=/a\(flags)"], [source])
                #expect(
                    ran.text
                        == ".\n./file\n./kept\n./kept/a\n./mixed\n./mixed/deep\n./mixed/deep/d\n./out\n./up\nof mixed/deep/d\n"
                )
            }
            var part = RunBench.Step("true")
            part.mounts = ["target=/a,source=gone/b"]
            part.sources = [source]
            #expect(try bench.failure(part).error.message == "failed to compute cache key: \"/gone/b\": not found")
        }
    }

    @Test func whatIsWrittenToAWritableBindIsThrownAway() throws {
        try RunBench.with { (bench) throws in
            let source = try context(bench)
            let ran = try bench.run(
                "echo new > /a/file; rm /a/kept/a; cat /a/file; ls /a/kept", ["target=/a,rw"], [source])
            #expect(ran.text == "new\n")
            #expect(try bench.run("cat /a/file; ls /a/kept", ["target=/a"], [source]).text == "of file\na\n")
            let base = try bench.run("rm -r /a/bin; echo x > /a/x; ls /a", ["target=/a,rw"], [.layers([bench.base])])
            #expect(base.text.contains("x\n") && !base.text.contains("bin\n"))
            #expect(Files.exists("\(bench.base)/bin/busybox"))
        }
    }

    @Test func noSourceLeadsOutOfWhatItIsIn() throws {
        try RunBench.with { (bench) throws in
            let source = try context(bench)
            for path in ["out", "../../../../etc/passwd", "up/etc/passwd", "missing"] {
                var step = RunBench.Step("cat /t")
                step.mounts = ["target=/t,source=\(path)"]
                step.sources = [source]
                let failed = try bench.failure(step)
                #expect(failed.error.message.hasPrefix("failed to compute cache key: "), "\(path): \(failed)")
                #expect(failed.error.message.hasSuffix(": not found"), "\(path): \(failed)")
            }
            // Below the context's own root they lead where they say.
            let ran = try bench.run("ls /t", ["target=/t,source=up/kept"], [source])
            #expect(ran.text == "a\n")
            // Of a stage: a link that its commands have made.
            let evil = try bench.folder("evil")
            try check("symlink") { symlink("/", "\(evil)/root") }
            try check("symlink") { symlink("/proc/1/root", "\(evil)/proc") }
            let inside = try bench.run("ls /t", ["target=/t,source=root"], [.layers([evil])])
            #expect(inside.text.split(separator: "\n").sorted() == ["proc", "root"])
            var proc = RunBench.Step("ls /t")
            proc.mounts = ["target=/t,source=proc"]
            proc.sources = [.layers([evil])]
            #expect(try bench.failure(proc).error.message.hasSuffix(": not found"))
        }
    }

    @Test func aTargetThatALinkLeadsAwayStaysInside() throws {
        try RunBench.with { (bench) throws in
            let top = try bench.folder("top")
            let outside = try bench.folder("outside")
            try check("symlink") { symlink(outside, "\(top)/link") }
            try check("symlink") { symlink("../../../../../..\(outside)", "\(top)/relative") }
            var step = RunBench.Step("cat /link/x/y/s /relative/x/y/s")
            step.lowers = [bench.base, top]
            step.mounts = ["type=secret,id=s,target=/link/x/y/s", "type=secret,id=s,target=/relative/x/y/s"]
            step.request.secrets["s"] = .value(Array("tops".utf8))
            #expect(try bench.run(step).text.hasPrefix("tops"))
            #expect(try Files.list(outside).isEmpty)
        }
    }

    // MARK: stubs

    @Test func onlyWhatIsStillEmptyOfTheTargetsIsTakenAway() throws {
        try RunBench.with { (bench) throws in
            let ran = try bench.run(
                "touch /q/own; ls -d /x/y /q/r/s",
                ["type=cache,target=/x/y", "type=cache,target=/q/r/s", "type=tmpfs,target=/tmp"])
            #expect(ran.text == "/q/r/s\n/x/y\n")
            #expect(!ran.has("x"))
            #expect(ran.has("q/own") && !ran.has("q/r"))
            #expect(Files.exists("\(bench.base)/tmp"))
            #expect(!ran.has("tmp"))
        }
    }

    // MARK: cache

    @Test func aCacheStaysAndIsNeverInTheLayer() throws {
        try RunBench.with { (bench) throws in
            let first = try bench.run("echo one > /c/f; ls -lnd /c | cut -c1-10", ["type=cache,target=/c"])
            #expect(first.text == "drwxr-xr-x\n")
            #expect(!first.has("c"))
            #expect(try bench.run("cat /d/f", ["type=cache,target=/d,id=/c"]).text == "one\n")
            // Also after a failure.
            _ = try? bench.run("echo two > /c/f; false", ["type=cache,target=/c"])
            #expect(try bench.run("cat /c/f", ["type=cache,target=/c"]).text == "two\n")
            #expect(try bench.run("ls /c", ["type=cache,target=/c,id=other"]).text == "")
            #expect(
                try bench.run("touch /c/f 2>&1 || true", ["type=cache,target=/c,ro"]).text.contains("Read-only"))
        }
    }

    @Test func aCacheIsWhoseItWasAskedToBe() throws {
        try RunBench.with { (bench) throws in
            let mount = "type=cache,target=/c,uid=5,gid=6,mode=0750"
            let isMany = UserModes.hasManyIDs
            #expect(
                try bench.run("stat -c '%u:%g %a' /c; touch /c/x", [mount]).text == "\(isMany ? "5:6" : "0:0") 750\n")
            // Another than without, as with BuildKit.
            #expect(try bench.run("stat -c '%u:%g %a' /c; ls /c", ["type=cache,target=/c"]).text == "0:0 755\n")
            #expect(try bench.run("ls /c", [mount]).text == "x\n")
        }
    }

    @Test func aCacheBeginsWithWhatItIsFrom() throws {
        try RunBench.with { (bench) throws in
            let mount = "type=cache,target=/c,from=base,source=bin"
            let base = FileSource.layers([bench.base])
            #expect(try bench.run("ls /c | grep -x busybox; touch /c/mine", [mount], [base]).text == "busybox\n")
            #expect(try bench.run("ls /c | grep -x mine", [mount], [base]).text == "mine\n")
            #expect(!Files.exists("\(bench.base)/bin/mine"))
        }
    }

    @Test func noLinkInACacheLeadsOutOfIt() throws {
        try RunBench.with { (bench) throws in
            try bench.run(
                "mkdir /c/real; ln -s /etc /c/abs; ln -s ../../../.. /c/up; ln -s /real /c/in; touch /c/real/f",
                ["type=cache,target=/c,id=k"])
            #expect(try bench.run("ls /t", ["type=cache,target=/t,id=k,source=in"]).text == "f\n")
            #expect(
                try bench.run("ls /t", ["type=cache,target=/t,id=k,source=up"]).text.split(separator: "\n").sorted()
                    == ["abs", "in", "real", "up"])
            var step = RunBench.Step("ls /t")
            step.mounts = ["type=cache,target=/t,id=k,source=abs"]
            #expect(
                try bench.failure(step).error.message
                    == #"process "/bin/sh -c ls /t" did not complete successfully: open /abs: no such file or directory"#
            )
        }
    }

    /// What a step finds in its cache `mount` while another has `held`, and has put `who` there.
    private func beside(_ bench: RunBench, _ held: String, _ mount: String) throws -> String {
        let go = try bench.folder("go.\(randomHex(bytes: 4))")
        let signal = "signal.\(randomHex(bytes: 4))"
        let holder = try begin {
            var step = RunBench.Step("echo held > /c/who; touch /s/ready; while [ ! -e /go/now ]; do sleep 0.02; done")
            step.mounts = [held, "type=cache,target=/s,id=\(signal)", "target=/go"]
            step.sources = [nil, nil, .context(ContextTree(directory: go, ignored: nil))]
            _ = try bench.run(step)
        }
        let ready = "\(bench.paths.cache)/build-mounts/\(CacheKey(id: signal).name)/0/content/ready"
        let deadline = MonotonicTime.now().adding(seconds: 60)
        while !Files.exists(ready), !deadline.isPast { usleep(10_000) }
        defer {
            try? Files.write([], to: "\(go)/now", mode: 0o644)
            _ = try? holder.wait()
        }
        return try bench.run("ls /c", [mount]).text
    }

    @Test func aSharedCacheIsOneForAll() throws {
        try RunBench.with { (bench) throws in
            #expect(try beside(bench, "type=cache,target=/c", "type=cache,target=/c,sharing=shared") == "who\n")
        }
    }

    @Test func aPrivateCacheIsAnotherWhileSomebodyHasIt() throws {
        try RunBench.with { (bench) throws in
            #expect(
                try beside(bench, "type=cache,target=/c,sharing=private", "type=cache,target=/c,sharing=private") == "")
            #expect(
                try beside(
                    bench, "type=cache,target=/c,id=l,sharing=locked", "type=cache,target=/c,id=l,sharing=private")
                    == "")
            #expect(try bench.run("cat /c/who", ["type=cache,target=/c,sharing=private"]).text == "held\n")
        }
    }

    @Test func aLockedCacheIsWaitedForUntilTheBuildIsCancelled() throws {
        try RunBench.with { (bench) throws in
            let caches = CacheMounts(bench.paths, executable: Executable.path)
            let key = CacheKey(id: "k")
            let held = try caches.acquire(key, .locked, bench.tools.cancellation)
            let cancellation = try Cancellation()
            let waiter = try begin { try caches.acquire(key, .locked, cancellation) }
            cancellation.cancel()
            #expect(throws: EngineError.self) { _ = try waiter.wait() }
            let next = try begin { try caches.acquire(key, .locked, bench.tools.cancellation) }
            close(held.lock)
            let got = try next.wait()
            #expect(got.directory == held.directory)
            close(got.lock)
        }
    }

    @Test func cachesAreListedAndThoseInUseStay() throws {
        try RunBench.with { (bench) throws in
            try bench.run("head -c 100000 /dev/zero > /c/f", ["type=cache,target=/c,uid=7"])
            let caches = CacheMounts(bench.paths, executable: Executable.path)
            let held = try caches.acquire(CacheKey(id: "held"), .shared, bench.tools.cancellation)
            let list = try caches.list().sorted { $0.id < $1.id }
            #expect(list.map(\.id) == ["/c", "held"])
            #expect(list.map(\.isInUse) == [false, true])
            #expect(list[0].size >= 100_000)
            let (removed, bytes) = try caches.remove(list)
            #expect(removed.map(\.id) == ["/c"])
            #expect(bytes >= 100_000)
            close(held.lock)
            #expect(try caches.remove(try caches.list()).removed.map(\.id) == ["held"])
            #expect(try Files.list("\(bench.paths.cache)/build-mounts").isEmpty)
            #expect(try bench.run("ls /c", ["type=cache,target=/c,uid=7"]).text == "")
        }
    }

    // MARK: memory and secrets

    @Test func aFileSystemInMemoryHasItsSize() throws {
        try RunBench.with { (bench) throws in
            let ran = try bench.run(
                "grep ' /t ' /proc/mounts; head -c 100000 /dev/zero > /t/f; wc -c < /t/f; cp /bin/busybox /u/busybox; /u/busybox echo runs",
                ["type=tmpfs,target=/t,size=64k", "type=tmpfs,target=/u"])
            #expect(ran.text.contains("size=64k"))
            #expect(ran.text.contains("65536\n"))
            #expect(ran.text.contains("runs\n"))
            #expect(!ran.has("t"))
        }
    }

    @Test func aSecretIsSeenByTheCommandAloneAndNeverOnTheDisk() throws {
        try RunBench.with { (bench) throws in
            let value = "secret-\(randomHex(bytes: 12))"
            var step = RunBench.Step(
                """
                cat /run/secrets/s; stat -c ' %u:%g %a' /run/secrets/s; cat /other; stat -c ' %u:%g %a' /other; echo $V;
                grep ' /other ' /proc/mounts | cut -d' ' -f3; echo x > /other || true
                """)
            step.mounts = [
                "type=secret,id=s", "type=secret,id=s,target=/other,uid=3,gid=4,mode=0440", "type=secret,id=s,env=V",
                "type=secret,id=none",
            ]
            step.request.secrets["s"] = .value(Array(value.utf8))
            let found = Mutex<[String]>([])
            let ran = try bench.run(
                step,
                started: {
                    // While it runs: no file of the store has it, and no process's arguments.
                    found.withLock { $0 = (try? Self.places(of: value, below: bench.path)) ?? ["unread"] }
                })
            let owner = UserModes.hasManyIDs ? "3:4" : "0:0"
            #expect(
                ran.text.hasPrefix("\(value) 0:0 400\n\(value) \(owner) 440\n\(value)\ntmpfs\n"), "\(ran.text)")
            #expect(ran.text.contains("/other: Read-only file system"))
            #expect(found.withLock { $0 } == [])
            #expect(try Self.places(of: value, below: bench.path) == [])
            #expect(!ran.has("run") && !ran.has("other"))
        }
    }

    private static func places(of value: String, below path: String) throws -> [String] {
        let search = Spawn(
            "/bin/sh",
            [
                "-c", "grep -rlsaF \"$V\" \"$1\"; for f in /proc/[0-9]*/cmdline; do grep -lsaF \"$V\" $f; done; true",
                "sh", path,
            ],
            environment: ["PATH=/usr/bin:/bin", "V=\(value)"])
        return try RunningProgram(search).wait().lines
    }

    @Test func aSecretThatIsRequiredAndMissingIsBuildKitsSentence() throws {
        try RunBench.with { (bench) throws in
            var step = RunBench.Step("true")
            step.mounts = ["type=secret,id=zz,required=true"]
            #expect(try bench.failure(step).error.message == "secret zz: not found")
            step.mounts = ["type=ssh,required"]
            #expect(try bench.failure(step).error.message == "unset ssh forward key default")
            step.mounts = ["type=secret,id=f"]
            step.request.secrets["f"] = .file("\(bench.path)/nothing")
            #expect(try bench.failure(step).error.message.contains("\(bench.path)/nothing"))
        }
    }

    // MARK: agents

    @Test(.enabled(if: SSHTools.areThere, "ssh-agent is not installed"))
    func anAgentIsAskedAndNeverChanged() throws {
        try RunBench.with { (bench) throws in
            let keys = try bench.folder("keys")
            let key = "\(keys)/id"
            try SSHTools.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "the key", "-f", key])
            var step = RunBench.Step(
                """
                export LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu
                echo $SSH_AUTH_SOCK; stat -c '%a' $SSH_AUTH_SOCK; ssh-add -l; ssh-add -D; ssh-add -l
                """)
            step.environment = ["PATH=/bin:/usr/bin"]
            step.mounts = ["type=ssh,mode=0640", "target=/usr", "target=/lib64,source=lib64", "target=/lib,source=lib"]
            let host = FileSource.context(ContextTree(directory: "/usr", ignored: nil))
            step.sources = [nil, host, host, host]
            step.request.agents["default"] = .keys([key])
            let ran = try bench.run(step)
            #expect(ran.text.hasPrefix("/run/buildkit/ssh_agent.0\n640\n256 SHA256:"), "\(ran.text)")
            #expect(ran.text.components(of: "the key (ED25519)") == 2, "\(ran.text)")
            #expect(!ran.has("run"))
        }
    }
}

/// What the caller of these tests can be.
enum UserModes {
    static let hasManyIDs = getuid() == 0 || (try? Files.readText("/etc/subuid"))?.isEmpty == false
}

enum SSHTools {
    static let areThere = Files.exists("/usr/bin/ssh-agent") && Files.exists("/usr/bin/ssh-keygen")

    static func run(_ program: String, _ arguments: [String]) throws {
        let result = try RunningProgram(
            Spawn("/usr/bin/\(program)", arguments, environment: ["PATH=/usr/bin:/bin"])
        ).wait()
        guard result.code == 0 else { throw TestFailure("\(program): \(result)") }
    }
}

extension String {
    /// How often `part` is in it.
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
