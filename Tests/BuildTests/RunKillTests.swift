import Bytes
import Glibc
import Linux
import Store
import TestSupport
import Testing

/// What is left of a command when the build's process is killed.
struct RunKillTests {
    private static let command = "APUS_TEST_RUN_COMMAND"

    /// Runs one step; where another test has started this process for it, with that one's command, which does not end.
    @Test func aStepIsRunInThisProcess() throws {
        try RunBench.with { (bench) throws in
            let text = getenv(Self.command).map { String(cString: $0) } ?? "true"
            try bench.run(
                RunBench.Step(text),
                started: {
                    let line = Array("\nbench \(bench.path) runs it\n".utf8)
                    _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
                })
        }
    }

    @Test func aKilledProcessLeavesNoCommandAndNoDirectory() throws {
        let other = try RunningProgram(
            Spawn(
                "/proc/self/exe",
                ["--testing-library", "swift-testing", "--filter", "BuildTests.RunKillTests/aStepIsRunInThisProcess"],
                environment: [
                    "PATH=/usr/bin:/bin", "APUS_FIXTURES=\(try Files.split(Fixtures.busyboxTar).parent)",
                    "APUS_BINARY=\(Executable.path)", "\(Self.command)=trap '' TERM INT HUP; while :; do sleep 1; done",
                ]))
        try other.waitForOutput(" runs it\n")
        other.send(SIGKILL)
        let lines = try other.wait().lines
        let line = try #require(lines.first { $0.hasPrefix("bench ") })
        let path = String(line.split(separator: " ")[1])
        defer { RunBench.remove(path) }
        #expect(leftovers(of: path, waitingSeconds: 30).isEmpty)
        let paths = StorePaths(data: "\(path)/data", run: "\(path)/run")
        let prune = try RunningProgram(
            Spawn(
                Executable.path, ["--root", paths.data, "--runroot", paths.run, "system", "prune", "-f"],
                environment: ["PATH=/usr/bin:/bin", "HOME=\(path)", "APUS_LINGER=0"]))
        prune.closeInput()
        #expect(try prune.wait().code == 0)
        #expect(try Files.list(paths.containers) == [])
        #expect(try Files.list(paths.runningContainers) == [])
    }
}
