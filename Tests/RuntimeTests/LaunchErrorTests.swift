import Linux
import Testing

@testable import Runtime

@Suite struct LaunchErrorTests {
    @Test(arguments: [
        (LaunchError.Step.executable, Errno.noEntry, 127 as Int32), (.executable, .notDirectory, 127),
        (.executable, .access, 126),
        (.executable, .isDirectory, 126), (.executable, .noExec, 255), (.workingDirectory, .noEntry, 127),
        (.workingDirectory, .notDirectory, 126), (.workingDirectory, .access, 126),
        (.workingDirectory, .notPermitted, 125), (.mounts, .noEntry, 125),
        (.credentials, .access, 125),
    ])
    func exitCodesAreDockers(_ step: LaunchError.Step, _ errno: Errno, _ code: Int32) {
        #expect(LaunchError(step, SystemError("call", nil, errno)).exitCode == code)
    }

    @Test func withoutASentenceOfItsOwnItNamesObjectCauseAndCall() {
        let error = LaunchError(.sysctl, SystemError("write", "/proc/sys/x", .invalid), about: "net.x")
        #expect(error.description == "cannot set the kernel parameter net.x: invalid argument (write)")
    }
}
