import Linux
import TestSupport
import Testing

/// Configurations as tools write them that read them back with Go's `encoding/json`, which forgives much.
@Suite struct OddConfigurationTests {
    private static let standard =
        #""architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": %LAYERS}"#

    private static func with(_ config: String, _ rest: String = standard) -> String {
        #"{"config": {"Env": ["PATH=/bin"], "Cmd": ["echo", "ok"]\#(config)}, \#(rest)}"#
    }

    static let odd = [
        with(#", "ExposedPorts": {"80/tcp": null}, "Volumes": null, "Labels": {"a": null}"#),
        with(#", "Entrypoint": null, "OnBuild": null, "Shell": null, "StopTimeout": null"#),
        with(
            #", "Healthcheck": {"Test": ["NONE"], "Interval": null}, "Memory": 1e300, "CpuShares": 12345678901234567890"#
        ),
        with(#", "Labels": {"a": "x\u0000y", "a": "z"}"#),
        with("", #""rootfs": {"diff_ids": %LAYERS}"#),
        with("", #""os": "", "architecture": null, "rootfs": {"type": "", "diff_ids": %LAYERS}, "history": [null]"#),
        with("", standard + #", "author": "\ud800x", "created": null, "comment": "Andr\xe9""#),
        with("", #""os": "windows", "architecture": "386", "# + standard),
        with("", standard + #", "history": [{"created_by": "x", "empty_layer": true}], "x": [[[{}]]]"#) + "\n\n",
        #"{"Config": {"env": ["PATH=/bin"], "cmd": ["echo", "ok"]}, "OS": "linux", "rootFS": {"DIFF_IDS": %LAYERS}}"#,
        #"{"config": {"Env": ["PATH=/bin"], "Entrypoint": "/bin/echo", "Cmd": ["ok"]}, \#(standard)}"#,
        #"{"config": {"Cmd": ["echo", "no"]}, "config": {"Env": ["PATH=/bin"], "Cmd": ["echo", "ok"]}, \#(standard)}"#,
        #"{"config": {"Env": ["PATH=/bin"]}, "config": {"Cmd": ["echo", "ok"]}, "config": null, \#(standard)}"#,
        "\\xef\\xbb\\xbf" + with(""),
    ]

    @Test(arguments: TestUser.available)
    func whatGoReadsIsRead(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            for (number, config) in Self.odd.enumerated() {
                let name = "localhost/odd\(number)"
                let archive = "\(sandbox.path)/work/odd.tar"
                try sandbox.tool(
                    "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/told_image.py", archive, name, "base",
                    config)
                let loaded = try sandbox.apus("load", "-q", "-i", archive)
                #expect(loaded.code == 0, "\(config): \(loaded)")
                let result = try sandbox.apus("run", "--rm", "--network", "none", name)
                #expect(result.text == "ok\n", "\(config): \(result)")
                let inspected = try sandbox.apus("inspect", "--format", "{{.Os}}/{{.Architecture}}", name)
                #expect(inspected.text == "linux/amd64\n", "\(config): \(inspected)")
            }
        }
    }

    @Test(arguments: [
        (#"{"config": {"Labels": {"a": 1}}, \#(standard)}"#, "config.Labels.a is not a text"),
        (#"{"config": {"Cmd": 3}, \#(standard)}"#, "config.Cmd is not a list"),
        (#"{"config": {}, "rootfs": {"diff_ids": ["sha256:0"]}}"#, "rootfs.diff_ids[0] is wrong"),
        (#"{"config": {}"#, "it ends too early"),
    ])
    func whatIsOfAnotherTypeIsNamed(_ config: String, _ sentence: String) throws {
        try withSandbox(.available[0]) { sandbox throws in
            let archive = "\(sandbox.path)/work/odd.tar"
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/told_image.py", archive, "odd", "a=b",
                config)
            let result = try sandbox.apus("load", "-i", archive)
            #expect(result.code == 1 && result.errorText.contains(sentence), "\(result)")
        }
    }
}
