import ContainerSpec

extension ContainerInspection {
    /// `.State.Health`.
    struct Health: Encodable {
        let health: ContainerHealth

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Status", health.status.rawValue)
            try members.put("FailingStreak", health.failingStreak)
            try members.put("Log", health.log.map { Entry(result: $0) })
        }
    }

    private struct Entry: Encodable {
        let result: ContainerHealth.Result

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Start", result.start)
            try members.put("End", result.end)
            try members.put("ExitCode", result.exitCode)
            try members.put("Output", result.output)
        }
    }
}
