import Testing

@testable import Supervision

@Suite struct HealthMonitorTests {
    @Test(
        arguments: [
            (1, "1ms"), (999, "999ms"), (1_000, "1s"), (1_500, "1.5s"), (1_050, "1.05s"), (30_000, "30s"),
            (60_000, "1m0s"), (90_000, "1m30s"), (3_600_000, "1h0m0s"), (3_661_001, "1h1m1.001s"),
        ] as [(Int64, String)])
    func timesAreWrittenAsGoDoes(_ milliseconds: Int64, _ text: String) {
        #expect(HealthMonitor.text(milliseconds: milliseconds) == text)
    }
}
