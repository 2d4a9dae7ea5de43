import Bytes
import Glibc
import Linux
import OCI
import Testing

@testable import Cgroups

/// Limits that are taken back, on plain files in the place of a control group's.
@Suite struct FormerSettingsTests {
    private func with(_ files: [String: String], _ body: (borrowing Cgroup) throws -> Void) throws {
        let path = "/tmp/apus-cgroup-files.\(randomHex(bytes: 6))"
        try Files.makeDirectory(path)
        defer { try? Files.removeTree(path) }
        for (name, text) in files { try Files.write(Array(text.utf8), to: "\(path)/\(name)") }
        try body(Cgroup(path: path, directory: try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)))
    }

    private var resources: RuntimeSpec.Resources {
        var resources = RuntimeSpec.Resources()
        resources.pids = .init(limit: 123)
        // Written last.
        resources.unified = ["cpu.weight": "20"]
        return resources
    }

    // All values are of one length: a file of the kernel's is replaced by a write, this is not.
    private let before = ["cgroup.controllers": "cpu pids\n", "pids.max": "max\n"]

    @Test func aRefusedLimitTakesThoseBeforeItAlong() throws {
        // There is no cpu.weight to write to.
        try with(before) { cgroup throws in
            do throws(CgroupError) {
                try cgroup.apply(resources)
                Issue.record("not refused")
            } catch { #expect(error.description.contains("cpu.weight")) }
            #expect(cgroup.text("pids.max") == "max\n")
        }
    }

    @Test func limitsAreTakenBackInAll() throws {
        try with(before.merging(["cpu.weight": "10\n"]) { $1 }) { cgroup throws in
            let former = try cgroup.apply(resources)
            #expect(cgroup.text("pids.max") == "123\n" && cgroup.text("cpu.weight") == "20\n")
            cgroup.restore(former)
            #expect(cgroup.text("pids.max") == "max\n" && cgroup.text("cpu.weight") == "10\n")
        }
    }
}
