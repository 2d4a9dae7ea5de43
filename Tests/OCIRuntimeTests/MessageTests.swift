import JSON
import Linux
import OCI
import Testing

@testable import OCIRuntime

/// What callers take apart.
@Suite struct MessageTests {
    private let moment = Timestamp(seconds: 0)

    @Test func messagesHaveTheFormOfLogrus() throws {
        let json = RuntimeLog.line(.error, "exec: \"x\": failed\n", .json, moment)
        let tree = try JSONTree.parse(Array(json.utf8))
        #expect(tree["level"]?.string == "error" && tree["msg"]?.string == "exec: \"x\": failed\n")
        #expect(tree["time"]?.string == "1970-01-01T00:00:00.000000000Z" && !json.contains("\n"))
        #expect(
            RuntimeLog.line(.warning, "a \"b\"", .text, moment)
                == #"time="1970-01-01T00:00:00.000000000Z" level=warning msg="a \"b\"""#)
    }

    @Test func theTemplateIsAConfigurationThatIsTaken() throws {
        for rootless in [false, true] {
            let spec: RuntimeSpec = try SpecTemplate.document(rootless: rootless).decode(name: "template")
            try SpecValidation(spec).check()
            #expect(spec.linux?.namespaces?.contains { $0.type == .user } == rootless)
        }
    }

    @Test func whatGoLeavesOutIsZero() throws {
        func process(_ text: String) throws -> RuntimeSpec.Process {
            try JSONTree.parse(Array(text.utf8)).decode(name: "process")
        }
        #expect(try process(#"{"cwd": "/"}"#).user == RuntimeSpec.User())
        #expect(try process(#"{"cwd": "/", "user": {"uid": 7}}"#).user == RuntimeSpec.User(uid: 7))
        #expect(throws: (any Error).self) { try process(#"{"cwd": "/", "user": {"uid": "7"}}"#) }
        let resources: RuntimeSpec.Resources = try JSONTree.parse(Array(#"{"pids": {}}"#.utf8)).decode(name: "r")
        #expect(resources.pids?.limit == 0)
    }

    @Test func aVariableHasItsLastValue() {
        #expect(ExecProcess.merge([], ["A=1", "B=2", "A=3", "B", "AB=4"]) == ["A=3", "B", "AB=4"])
    }

    @Test func featuresNameWhatThereIs() throws {
        let features = OCIRuntime.features()
        #expect(features["ociVersionMax"]?.string == "1.3.0" && features["hooks"]?.array?.count == 6)
        #expect(features["linux"]?["capabilities"]?.array?.contains(.string("CAP_SYS_ADMIN")) == true)
        #expect(features["mountOptions"]?.array?.contains(.string("rro")) == true)
    }

    @Test func variablesOfAnExecTakeThePlaceOfTheContainers() {
        #expect(ExecProcess.merge(["A=1", "AB=2", "C=3"], ["A=9", "D="]) == ["AB=2", "C=3", "A=9", "D="])
    }
}
