package import Linux

/// What is known of a container's health: a state machine without input, output or clock.
package struct ContainerHealth: Hashable, Sendable {
    /// Docker's words.
    package enum Status: String, Sendable, WireCodable { case starting, healthy, unhealthy }

    /// One check.
    package struct Result: Hashable, Sendable {
        /// RFC 3339, UTC.
        package var start: String
        package var end: String
        /// -1 for a check that could not be run, or took too long.
        package var exitCode: Int32
        package var output: String

        package init(start: String, end: String, exitCode: Int32, output: String) {
            self.start = start
            self.end = end
            self.exitCode = exitCode
            self.output = output
        }
    }

    /// How many results are kept.
    static let logLength = 5

    package private(set) var status = Status.starting
    /// How many checks have failed in a row.
    package private(set) var failingStreak = 0
    /// The last results, the oldest first.
    package private(set) var log: [Result] = []

    package init() {}

    /// The container has been started, again perhaps: its health is open, and the log goes on.
    package mutating func restart() {
        status = .starting
        failingStreak = 0
    }

    /// Nobody checks any more. Docker calls that unhealthy.
    package mutating func end() { status = .unhealthy }

    /// Takes the result of a check that began `age` milliseconds after the container's start. True where the status is
    /// another one now.
    package mutating func take(_ result: Result, age: Int64, _ check: HealthCheck) -> Bool {
        let before = status
        log.append(result)
        if log.count > Self.logLength { log.removeFirst(log.count - Self.logLength) }
        if result.exitCode == 0 {
            failingStreak = 0
            status = .healthy
        } else if status != .starting || age >= check.startPeriod {
            failingStreak += 1
            if failingStreak >= check.retries { status = .unhealthy }
        }
        return status != before
    }

    /// The milliseconds until the next check, for a container that was started `age` milliseconds ago.
    package func interval(age: Int64, _ check: HealthCheck) -> Int64 {
        status == .starting && age < check.startPeriod ? check.startInterval : check.interval
    }
}

extension ContainerHealth.Result: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(start)
        encoder.write(end)
        encoder.write(exitCode)
        encoder.write(output)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        start = try decoder.read()
        end = try decoder.read()
        exitCode = try decoder.read()
        output = try decoder.read()
    }
}

extension ContainerHealth: WireCodable {
    /// Rises with every change of the form.
    private static let version: UInt16 = 1

    package func encode(to encoder: inout WireEncoder) {
        encoder.write(Self.version)
        encoder.write(status)
        encoder.write(failingStreak)
        encoder.write(log)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard try decoder.read(UInt16.self) == Self.version else { throw .invalidValue("version") }
        status = try decoder.read()
        failingStreak = try decoder.read()
        log = try decoder.read()
    }
}

/// Where a container's health is written down: a file of its run directory, which does not outlive the boot.
package struct HealthFile: Sendable {
    private let path: String

    package init(runDirectory: String) { path = runDirectory + "/health" }

    /// What was last written; nil where nothing was, or it cannot be read.
    package func read() -> ContainerHealth? {
        guard let bytes = try? Files.read(path, limit: 1 << 20) else { return nil }
        var decoder = WireDecoder(bytes)
        guard let health = try? decoder.read(ContainerHealth.self), (try? decoder.finish()) != nil else { return nil }
        return health
    }

    /// Replaces what was written. A file that cannot be written concerns those alone who look for it.
    package func write(_ health: ContainerHealth) {
        var encoder = WireEncoder()
        encoder.write(health)
        try? Files.replace(path, with: encoder.bytes, mode: 0o600, durable: false)
    }
}
