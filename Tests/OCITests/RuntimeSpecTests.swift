import Bytes
import JSON
import OCI
import Testing

@Suite struct RuntimeSpecTests {
    private func parse(_ text: String) throws -> JSONTree { try JSONTree.parse(Array(text.utf8)) }

    @Test func aSpecificationIsReadAsJSONDecoderReadsIt() throws {
        let text = """
            {"ociVersion": "1.2.0", "unknown": {"x": [1]}, "root": {"path": "rootfs", "readonly": true},
             "process": {"user": {"uid": 1, "gid": 2, "additionalGids": [3]}, "cwd": "/", "args": ["sh"],
              "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}]},
             "hooks": {"poststop": [{"path": "/bin/true", "timeout": 3}]},
             "linux": {"namespaces": [{"type": "pid"}, {"type": "time", "path": "/x"}],
              "timeOffsets": {"boottime": {"secs": -5}}, "sysctl": {"net.ipv4.ip_forward": "1"}}}
            """
        let spec: RuntimeSpec = try parse(text).decode(name: "config.json")
        #expect(spec.process?.rlimits?.first?.hard == .max)
        #expect(spec.process?.user.additionalGids == [3])
        #expect(spec.linux?.namespaces?.map(\.type) == [.pid, .time])
        #expect(spec.linux?.timeOffsets?["boottime"]?.secs == -5)
        #expect(spec.hooks?.poststop?.first?.timeout == 3)
        #expect(spec.root?.readonly == true && spec.hostname == nil)
    }

    @Test(arguments: [
        (#"{"ociVersion": 1}"#, "ociVersion"), (#"{}"#, "ociVersion"),
        (#"{"ociVersion": "1.0.0", "process": {"user": {"uid": -1, "gid": 0}, "cwd": "/"}}"#, "process.user.uid"),
        (#"{"ociVersion": "1.0.0", "linux": {"namespaces": [{"type": "nosuch"}]}}"#, "nosuch"),
        (#"{"ociVersion": "1.0.0", "mounts": [{"destination": "/", "options": ["ro", 3]}]}"#, "mounts[0].options[1]"),
    ])
    func aMistakeIsNamedByItsPlace(_ text: String, _ place: String) throws {
        let tree = try parse(text)
        let error = #expect(throws: JSONError.self) { _ = try tree.decode(RuntimeSpec.self, name: "config.json") }
        #expect(error?.description.contains(place) == true && error?.description.hasPrefix("config.json: ") == true)
    }
}
