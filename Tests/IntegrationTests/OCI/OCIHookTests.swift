import Linux
import TestSupport
import Testing

/// The six hooks: when they run, where, and what they get.
@Suite struct OCIHookTests {
    private func hook(_ folder: String, _ script: String, _ extra: String = "") -> String {
        "{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \(OCIBundle.quoted("cd \(folder); " + script))]\(extra)}"
    }

    @Test(arguments: TestUser.available) func hooksRunInTheirOrderWithTheState(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            let folder = "\(bundle.sandbox.path)/work"
            let kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
            let hooks = kinds.map { kind in
                "\"\(kind)\": ["
                    + hook(folder, "cat >\(kind).json; echo \(kind) $(readlink /proc/self/ns/pid) >>order") + "]"
            }
            // In the container's root, which is the bundle's.
            let inside =
                "\"startContainer\": [{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \"cat >/startContainer.json\"]}]"
            try bundle.configure(
                "test -s /startContainer.json && echo hooked",
                members: "\"hooks\": {\((hooks + [inside]).joined(separator: ","))},")
            try bundle.create("c")
            func names() -> [String] {
                bundle.text("order").split(separator: "\n").map { String($0.split(separator: " ")[0]) }
            }
            #expect(names() == ["prestart", "createRuntime", "createContainer"])
            #expect(!Files.exists("\(bundle.path)/rootfs/startContainer.json"))
            try bundle.must("start", "c")
            #expect(names().last == "poststart")
            try bundle.wait("its end") { try bundle.status("c") == "stopped" }
            try bundle.must("delete", "c")
            #expect(names() == kinds)
            let states = [
                ("prestart", "creating"), ("createRuntime", "creating"), ("createContainer", "creating"),
                ("poststart", "running"), ("poststop", "stopped"), ("bundle/rootfs/startContainer", "created"),
            ]
            for (kind, status) in states {
                let state = bundle.text("\(kind).json")
                #expect(state.contains("\"status\":\"\(status)\""), "\(kind): \(state)")
                #expect(state.contains("\"id\":\"c\"") && state.contains("\"bundle\":\"\(bundle.path)\""))
            }
            // Those of the container have its namespaces, and its number of the process.
            #expect(bundle.text("createContainer.json").contains("\"pid\":1,"))
            #expect(!bundle.text("prestart.json").contains("\"pid\":1,"))
            let spaces = bundle.text("order").split(separator: "\n").map { $0.split(separator: " ")[1] }
            #expect(spaces[0] == spaces[1] && spaces[2] != spaces[0] && spaces[3] == spaces[0])
        }
    }

    @Test(arguments: TestUser.available, ["prestart", "createRuntime", "createContainer"])
    func aHookThatFailsStopsTheCreation(_ user: TestUser, _ kind: String) throws {
        try withBundle(user) { bundle in
            let folder = "\(bundle.sandbox.path)/work"
            for (script, words) in [
                ("echo because >&2; exit 3", "exit status 3: because"), ("exec sleep 1000", "within 1 s"),
            ] {
                try bundle.configure(
                    "true",
                    members: "\"hooks\": {\"\(kind)\": [\(hook(folder, script, ", \"timeout\": 1"))], "
                        + "\"poststop\": [\(hook(folder, "echo x >>poststop"))]},")
                let result = try bundle.oci("create", "--bundle", bundle.path, "c")
                #expect(result.code == 1 && result.errorText.contains(words), "\(result)")
                #expect(try bundle.oci("state", "c").code == 1)
            }
            #expect(bundle.text("poststop") == "x\nx\n")
        }
    }

    @Test(arguments: TestUser.available) func aHookAfterTheStartThatFailsIsToldAndNoMore(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            let folder = "\(bundle.sandbox.path)/work"
            try bundle.configure("exit 4", members: "\"hooks\": {\"poststart\": [\(hook(folder, "exit 1"))]},")
            let result = try bundle.oci("run", "--bundle", bundle.path, "c")
            #expect(result.code == 4 && result.errorText.contains("poststart"), "\(result)")
        }
    }
}
