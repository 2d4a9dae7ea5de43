package import OCI

/// A check of a container's health, with everything that was left open filled in by Docker's defaults.
package struct HealthCheck: Hashable, Sendable {
    /// The program that is run in the container, and its arguments.
    package let command: [String]
    /// All times are in milliseconds. From the end of a check to the next.
    package let interval: Int64
    /// The longest that one check may take.
    package let timeout: Int64
    /// From the container's start, the time in which a check that fails does not count, unless one has succeeded.
    package let startPeriod: Int64
    /// As `interval`, while the container is starting and the start period goes on.
    package let startInterval: Int64
    /// How many checks have to fail in a row.
    package let retries: Int

    /// nil where `configuration` asks for no check. `shell` is what takes a command line, "/bin/sh -c" for nil.
    package init?(_ configuration: Healthcheck?, shell: [String]?) {
        guard let configuration, let test = configuration.test, let kind = test.first, test.count > 1 else {
            return nil
        }
        switch kind {
        case "CMD": command = Array(test.dropFirst())
        case "CMD-SHELL": command = (shell.flatMap { $0.isEmpty ? nil : $0 } ?? ["/bin/sh", "-c"]) + test.dropFirst()
        default: return nil
        }
        func milliseconds(_ nanoseconds: Int64?, otherwise standard: Int64) -> Int64 {
            guard let nanoseconds, nanoseconds > 0 else { return standard }
            return max(1, nanoseconds / 1_000_000)
        }
        interval = milliseconds(configuration.interval, otherwise: 30_000)
        timeout = milliseconds(configuration.timeout, otherwise: 30_000)
        startPeriod = milliseconds(configuration.startPeriod, otherwise: 0)
        startInterval = milliseconds(configuration.startInterval, otherwise: 5_000)
        retries = configuration.retries.flatMap { $0 > 0 ? $0 : nil } ?? 3
    }
}

extension RunOptions {
    /// The check that the user asks for over that of the image: each part that is left open is the image's.
    package func healthcheck(over image: ContainerConfig) -> Healthcheck? {
        if noHealthcheck {
            var none = Healthcheck()
            none.test = ["NONE"]
            return none
        }
        guard var check = healthcheck else { return image.healthcheck }
        guard let base = image.healthcheck else { return check }
        check.test = check.test ?? base.test
        check.interval = check.interval ?? base.interval
        check.timeout = check.timeout ?? base.timeout
        check.startPeriod = check.startPeriod ?? base.startPeriod
        check.startInterval = check.startInterval ?? base.startInterval
        check.retries = check.retries ?? base.retries
        return check
    }
}
