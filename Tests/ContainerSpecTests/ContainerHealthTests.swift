import Linux
import OCI
import Testing

@testable import ContainerSpec

@Suite struct ContainerHealthTests {
    private func check(_ change: (inout Healthcheck) -> Void = { _ in }) throws -> HealthCheck {
        var configuration = Healthcheck()
        configuration.test = ["CMD", "check"]
        change(&configuration)
        return try #require(HealthCheck(configuration, shell: nil))
    }

    private func result(_ code: Int32) -> ContainerHealth.Result {
        .init(start: "", end: "", exitCode: code, output: "")
    }

    @Test func dockersDefaultsFillWhatIsOpen() throws {
        let check = try check { $0.interval = 0 }
        #expect(check.interval == 30_000 && check.timeout == 30_000 && check.startPeriod == 0)
        #expect(check.startInterval == 5_000 && check.retries == 3)
        #expect(try self.check { $0.timeout = 1_500_000_000 }.timeout == 1_500)
    }

    @Test(
        arguments: [
            (["CMD", "a", "b"], nil, ["a", "b"]), (["CMD-SHELL", "a | b"], nil, ["/bin/sh", "-c", "a | b"]),
            (["CMD-SHELL", "x"], ["/bin/bash", "-lc"], ["/bin/bash", "-lc", "x"]), (["NONE"], nil, nil), ([], nil, nil),
            (["CMD"], nil, nil), (["BOGUS", "x"], nil, nil),
        ] as [([String], [String]?, [String]?)])
    func theTestSaysWhatIsRun(_ test: [String], _ shell: [String]?, _ command: [String]?) {
        var configuration = Healthcheck()
        configuration.test = test
        #expect(HealthCheck(configuration, shell: shell)?.command == command)
        #expect(HealthCheck(nil, shell: shell) == nil)
    }

    @Test func whatTheUserLeavesOpenIsTheImages() {
        var image = ContainerConfig()
        image.healthcheck = Healthcheck()
        image.healthcheck?.test = ["CMD", "image"]
        image.healthcheck?.retries = 7
        var options = RunOptions(image: "x")
        #expect(options.healthcheck(over: image) == image.healthcheck)
        options.healthcheck = Healthcheck()
        options.healthcheck?.interval = 5
        #expect(options.healthcheck(over: image)?.test == ["CMD", "image"])
        #expect(options.healthcheck(over: image)?.interval == 5)
        #expect(options.healthcheck(over: image)?.retries == 7)
        options.noHealthcheck = true
        #expect(options.healthcheck(over: image)?.test == ["NONE"])
        #expect(options.healthcheck(over: ContainerConfig())?.test == ["NONE"])
    }

    @Test func asManyFailuresInARowAsAreAllowedMakeItUnhealthy() throws {
        let check = try check { $0.retries = 2 }
        var health = ContainerHealth()
        let change1 = health.take(result(1), age: 0, check)
        #expect(!change1)
        #expect(health.status == .starting && health.failingStreak == 1)
        let change2 = health.take(result(-1), age: 0, check)
        #expect(change2)
        #expect(health.status == .unhealthy && health.failingStreak == 2)
        let change3 = health.take(result(0), age: 0, check)
        #expect(change3)
        #expect(health.status == .healthy && health.failingStreak == 0)
        let change4 = health.take(result(1), age: 0, check)
        #expect(!change4)
        #expect(health.status == .healthy && health.failingStreak == 1)
        let change5 = health.take(result(0), age: 0, check)
        #expect(!change5)
        #expect(health.failingStreak == 0)
    }

    @Test func failuresInTheStartPeriodCountOnceItHasBeenHealthy() throws {
        let check = try check { configuration in
            configuration.retries = 1
            configuration.startPeriod = 10_000_000_000
        }
        var health = ContainerHealth()
        let change6 = health.take(result(1), age: 9_999, check)
        #expect(!change6)
        #expect(health.status == .starting && health.failingStreak == 0)
        #expect(health.interval(age: 9_999, check) == 5_000)
        #expect(health.interval(age: 10_000, check) == 30_000)
        let change7 = health.take(result(0), age: 9_999, check)
        #expect(change7)
        #expect(health.interval(age: 9_999, check) == 30_000)
        let change8 = health.take(result(1), age: 9_999, check)
        #expect(change8)
        #expect(health.status == .unhealthy)

        var late = ContainerHealth()
        let change9 = late.take(result(1), age: 10_000, check)
        #expect(change9)
        #expect(late.status == .unhealthy)
    }

    @Test func theLastFiveResultsAreKept() throws {
        let check = try check()
        var health = ContainerHealth()
        for code in 1...7 { _ = health.take(result(Int32(code)), age: 0, check) }
        #expect(health.log.map(\.exitCode) == [3, 4, 5, 6, 7])
        health.restart()
        #expect(health.status == .starting && health.failingStreak == 0 && health.log.count == 5)
        health.end()
        #expect(health.status == .unhealthy)
    }

    @Test func itIsReadAsItWasWritten() throws {
        let check = try check()
        var health = ContainerHealth()
        _ = health.take(.init(start: "s", end: "e", exitCode: -1, output: "ä\n"), age: 0, check)
        let folder = "/tmp/apus-health-\(randomHex(bytes: 8))"
        try Files.makeDirectory(folder)
        defer { try? Files.removeTree(folder) }
        let file = HealthFile(runDirectory: folder)
        #expect(file.read() == nil)
        file.write(health)
        #expect(file.read() == health)
        try Files.write("rubbish".utf8, to: folder + "/health")
        #expect(file.read() == nil)
    }
}
