import TestSupport
import Testing

/// The flags of `run` as a user types them: each of Docker's is there, and what cannot be honoured is refused before
/// anything is looked for or made.
@Suite struct RunFlagsTests {
    /// The flags of `docker run` 28.2.2.
    private static let docker = """
        add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile \
        cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus \
        cpuset-mems detach detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps \
        device-write-iops disable-content-trust dns dns-option dns-search domainname entrypoint env env-file expose \
        gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period \
        health-timeout hostname init interactive io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label \
        label-file link link-local-ip log-driver log-opt mac-address memory memory-reservation memory-swap \
        memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable oom-score-adj pid \
        pids-limit platform privileged publish publish-all pull quiet read-only restart rm runtime security-opt \
        shm-size sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit use-api-socket user userns uts volume \
        volume-driver volumes-from workdir
        """

    private func run(_ sandbox: Sandbox, _ arguments: [String]) throws -> ProgramResult {
        try sandbox.apus(["run"] + arguments)
    }

    // Help leaves out what is refused, so each is tried: without its value, or without an image, nothing is run.
    @Test func everyFlagOfDockersIsThere() throws {
        try withSandbox(try #require(TestUser.available.first)) { sandbox throws in
            for name in Self.docker.split(separator: " ") {
                let result = try run(sandbox, ["--\(name)"])
                #expect(result.code != 0 && !result.errorText.contains("unknown flag"), "--\(name)")
            }
            #expect(try run(sandbox, ["--no-such-flag"]).errorText.contains("unknown flag"))
        }
    }

    @Test func whatCannotBeHonouredIsRefusedWithASentence() throws {
        let cases: [([String], String)] = [
            (["--memory-swappiness", "60"], "no swappiness of its own"), (["--kernel-memory", "64m"], "use --memory"),
            (["--cpu-rt-runtime", "1000"], "no limit of real-time"),
            (["--oom-kill-disable"], "cannot switch the killing"),
            (["--gpus", "all"], "GPUs"),
            (["--runtime", "runc"], "its own runtime"),
            (["--log-driver", "syslog"], "no container talks to a log server"),
            (["--userns", "private"], "maps of ids"), (["--pid", "container:x"], "cannot share a namespace yet"),
            (["--disable-content-trust=false"], "signs names"),
            (["--group-add", "keep-groups", "--group-add", "1"], "not allowed with any other"),
            (["--use-api-socket"], "no engine process"),
        ]
        try withSandbox(try #require(TestUser.available.first)) { sandbox throws in
            for (flags, words) in cases {
                let result = try run(sandbox, flags + ["no-such-image"])
                #expect(result.code == 125 && result.errorText.contains(words), "\(flags): \(result)")
                #expect(result.errorText.contains(flags[0].hasPrefix("--") ? flags[0].split(separator: "=")[0] : "-"))
            }
        }
    }

    @Test func wrongValuesAreSaidInDockersWords() throws {
        let cases: [([String], String)] = [
            (
                ["--name", "!"],
                "Invalid container name (!), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
            ),
            (["--ulimit", "nofile=20:10"], "ulimit soft limit must be less than or equal to hard limit: 20 > 10"),
            (["-e", "=x"], "invalid environment variable"),
            (["--env-file", "/nonexistent"], "open /nonexistent: no such file or directory"),
            (["-w", "relative"], "the working directory 'relative' is invalid, it needs to be an absolute path"),
            (["--cap-add", "nope"], "invalid CapAdd: unknown capability: \"CAP_NOPE\""),
            (["--stop-signal", "nope"], "invalid signal: nope"),
            (["--oom-score-adj", "2000"], "range for oom score adj is [-1000, 1000]"),
            (["-a", "nope"], "valid streams are"), (["--device-read-bps", "foo"], "bad format: foo"),
            (["--device-write-iops", "/dev/sda:10mb"], "invalid rate for device: /dev/sda:10mb"),
            (["--blkio-weight-device", "/dev/sda:5"], "invalid weight for device: /dev/sda:5"),
            (["--memory-swappiness", "101"], "Valid memory swappiness range is 0-100"),
            (["--dns", "nope"], "not correctly formatted"), (["--dns-search", "a..b"], "not a valid domain"),
            (["--pull", "sometimes"], "always, missing and never"), (["--shm-size", "nope"], "invalid argument"),
            (["--network", "none", "--network", "host"], "cannot attach both user-defined and non-user-defined"),
            (["--network", "n", "--network", "n"], "network \"n\" is specified multiple times"),
            (["--network-alias", "x"], "only supported for user-defined networks"),
            (["--mac-address", "zz"], "zz is not a valid mac address"),
            (["-p", "zz"], "invalid containerPort: zz"),
            (
                ["--network", "name=n,ip=10.0.0.1", "--ip", "10.0.0.2"],
                "cannot specify both --ip and per-network IPv4 address"
            ),
            (["--isolation", "hyperv"], "invalid isolation (hyperv): linux only supports 'default'"),
            (["--bogus"], "unknown flag: --bogus"),
            (["--security-opt", "bogus"], "Invalid --security-opt: \"bogus\""),
        ]
        try withSandbox(try #require(TestUser.available.first)) { sandbox throws in
            for (flags, words) in cases {
                let result = try run(sandbox, flags + ["no-such-image"])
                #expect(result.code == 125 && result.errorText.contains(words), "\(flags): \(result)")
            }
            // Docker's client finds these out when it attaches.
            let keys = try run(sandbox, ["--detach-keys", "ctrl-5", "no-such-image"])
            #expect(keys.code == 1 && keys.errorText.contains("Invalid escape keys (ctrl-5) provided"))
        }
    }

    @Test func valuesThatAskForNothingAreTaken() throws {
        try withSandbox(try #require(TestUser.available.first)) { sandbox throws in
            let flags = [
                "--memory", "0", "--memory-swap", "-1", "--cpus", "0.0", "--pids-limit", "-1", "--publish-all=false",
                "--restart", "no", "--isolation", "default", "--disable-content-trust", "--blkio-weight", "0",
            ]
            let result = try run(sandbox, flags + ["--pull", "never", "no-such-image"])
            #expect(result.code == 125 && result.errorText.contains("no-such-image"), "\(result)")
            #expect(!result.errorText.contains("refused"))
        }
    }
}
