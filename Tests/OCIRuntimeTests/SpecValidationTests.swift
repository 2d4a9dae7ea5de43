import Bytes
import JSON
import OCI
import Testing

@testable import OCIRuntime

/// What is refused before anything is made.
@Suite struct SpecValidationTests {
    private func spec(_ change: (inout RuntimeSpec) -> Void) -> RuntimeSpec {
        var spec = RuntimeSpec()
        spec.root = .init(path: "rootfs")
        spec.process = .init(args: ["sh"])
        spec.linux = .init()
        spec.linux!.namespaces = [.init(.mount), .init(.uts)]
        change(&spec)
        return spec
    }

    @Test(arguments: ["1.0.0", "1.2.0", "1.0.2-dev", "1.99.1+x"]) func allOfTheFirstVersionAreTaken(_ version: String)
        throws
    {
        try SpecValidation(spec { $0.ociVersion = version }).check()
    }

    @Test(arguments: ["", "1", "1.0", "2.0.0", "0.9.0", "v1.0.0", "1.0.x"]) func otherVersionsAreRefused(
        _ version: String
    ) {
        #expect(throws: OCIError.self) { try SpecValidation(spec { $0.ociVersion = version }).check() }
    }

    @Test func whatCannotBeHonouredIsRefusedWithItsName() throws {
        func refusal(_ change: (inout RuntimeSpec) -> Void) -> String {
            do throws(OCIError) {
                try SpecValidation(spec(change)).check()
                return ""
            } catch { return error.description }
        }
        #expect(refusal { $0.root = nil }.contains("root.path"))
        #expect(refusal { $0.process!.args = [] }.contains("process.args"))
        #expect(refusal { $0.process!.cwd = "x" }.contains("process.cwd"))
        let badMode = #""memoryPolicy": {"mode": "MPOL_NOSUCH"}"#
        let badFlag = #""memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NOSUCH"]}"#
        let badNodes = #""memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-"}"#
        for member in [#""intelRdt": {}"#, badMode, badFlag, badNodes] {
            let tree = try JSONTree.parse(Array("{\(member)}".utf8))
            let linux: RuntimeSpec.Linux = try tree.decode(name: "linux")
            #expect(refusal { $0.linux = linux }.contains(member.split(separator: "\"")[0]))
        }
        #expect(refusal { $0.linux!.maskedPaths = ["proc/kcore"] }.contains("proc/kcore"))
        #expect(refusal { $0.linux!.timeOffsets = ["monotonic": .init(secs: 1)] }.contains("timeOffsets"))
        #expect(refusal { $0.linux!.uidMappings = [.init(containerID: 0, hostID: 0, size: 1)] }.contains("uidMappings"))
        #expect(
            refusal {
                $0.hostname = "x"
                $0.linux!.namespaces = [.init(.mount)]
            }.contains("UTS"))
        #expect(
            refusal {
                var hook = RuntimeSpec.Hook(path: "/bin/true")
                hook.timeout = 0
                $0.hooks = .init()
                $0.hooks!.poststart = [hook]
            }.contains("time-out"))
        #expect(
            refusal {
                $0.hooks = .init()
                $0.hooks!.prestart = [.init(path: "true")]
            }.contains("absolute"))
    }

    private func configuration(_ linux: String) throws -> Configuration {
        try Configuration(
            Array(#"{"ociVersion": "1.2.0", "root": {"path": "/"}, "Linux": {\#(linux)}}"#.utf8), name: "config.json")
    }

    @Test func namesInAnotherLetterCaseAreTheSame() throws {
        let spec = try configuration(
            #""CGroupsPath": "/x", "resources": {"hugepagelimits": [{"pagesize": "2MB", "LIMIT": 5}], "PIDS": {"Limit": 7}}"#
        ).spec
        #expect(spec.linux?.cgroupsPath == "/x" && spec.linux?.resources?.pids?.limit == 7)
        #expect(spec.linux?.resources?.hugepageLimits?.first?.pageSize == "2MB")
    }

    @Test(arguments: ["seccomp", "Seccomp", "SECCOMP"])
    func aFilterIsNeverPassedOver(_ name: String) throws {
        let filter =
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_ERRNO"}]}"#
        #expect(try configuration("\"\(name)\": \(filter)").filter() != nil)
        #expect(try configuration("\"\(name)\": null").filter() == nil)
        for wrong in [
            "\"\(name)\": \"x\"", "\"\(name)\": [\(filter)]", "\"\(name)\": \(filter), \"secComp\": \(filter)",
        ] {
            let error = #expect(throws: OCIError.self) { _ = try configuration(wrong) }
            #expect(error?.description.contains("linux.seccomp") == true, "\(wrong): \(error.debugDescription)")
        }
    }
}
