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

    @Test func featuresNameWhatThereIs() throws {
        let features = OCIRuntime.features()
        #expect(features["ociVersionMax"]?.string == "1.2.0" && features["hooks"]?.array?.count == 6)
        #expect(features["linux"]?["capabilities"]?.array?.contains(.string("CAP_SYS_ADMIN")) == true)
        #expect(features["mountOptions"]?.array?.contains(.string("rro")) == true)
    }

    @Test func variablesOfAnExecTakeThePlaceOfTheContainers() {
        #expect(ExecProcess.merge(["A=1", "AB=2", "C=3"], ["A=9", "D="]) == ["AB=2", "C=3", "A=9", "D="])
    }
}
