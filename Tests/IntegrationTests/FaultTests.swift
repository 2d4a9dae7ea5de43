import Glibc
import Linux
import TestSupport
import Testing

/// A sample of `make test-faults`, which has its own words on what it does (Tests/Faults).
@Suite struct FaultTests {
    @Test(.enabled(if: TestUser.ordinary.isAvailable, "there is no user apus-test: run Tests/Harness/prepare-machine"))
    func commandsThatAreKilledOrFindNoSpaceLeaveNothingThatNeedsRepair() throws {
        let harness = Spawn(
            "/usr/bin/python3",
            ["\(Executable.repository)/Tests/Faults/faults.py", "--apus", Executable.path, "--sample", "10"],
            environment: [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LANG=C.UTF-8",
            ])
        let program = try RunningProgram(harness)
        program.closeInput()
        let result = try program.wait(seconds: 300)
        #expect(result.code == 0, "\(result.text)\(result.errorText)")
    }
}
