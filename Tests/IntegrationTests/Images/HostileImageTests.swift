import Glibc
import Linux
import TestSupport
import Testing

/// Archives that lie or attack: a clear error, nothing outside the layer touched, nothing half stored.
@Suite struct HostileImageTests {
    /// Attacks that Tests/Harness/hostile_tars.py makes, each as the name of its archive.
    private static let attacks = [
        "dotdot", "dotdot-deep", "through-symlink", "through-absolute-symlink", "hardlink-out",
        "hardlink-through-symlink",
        "whiteout-dotdot", "whiteout-root", "truncated", "not-a-tar", "corrupt-gzip",
    ]

    @Test(arguments: TestUser.available, attacks)
    func anAttackIsRefusedOrContained(_ user: TestUser, _ attack: String) throws {
        try withSandbox(user) { sandbox throws in
            let folder = "\(sandbox.path)/work/tars"
            let outside = "\(sandbox.path)/work/outside"
            try sandbox.tool("/bin/mkdir", folder, outside)
            try sandbox.write("untouched", to: "outside/file")
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/hostile_tars.py", folder, outside)
            let before = try snapshot(sandbox, leavingOut: "tars")
            let result = try sandbox.apus("import", "\(folder)/\(attack).tar", "attack")
            if result.code == 0 {
                // Contained: the name was taken as one below the root.
                #expect(!["truncated", "not-a-tar", "corrupt-gzip"].contains(attack))
                try sandbox.output("rmi", "attack")
            } else {
                #expect(result.code == 1, "\(result)")
                #expect(result.errorText.split(separator: "\n").count == 1, "\(result)")
            }
            #expect(try Files.readText("\(outside)/file") == "untouched")
            #expect(try Files.list(outside) == ["file"])
            #expect(try snapshot(sandbox, leavingOut: "tars") == before)
            #expect(try sandbox.output("images", "-q").isEmpty)
            #expect(try Files.list("\(sandbox.store)/layers").filter { !$0.hasPrefix(".") }.isEmpty)
            // And the store still works.
            try sandbox.importBusybox()
            #expect(try sandbox.run([], "true").code == 0)
        }
    }

    /// Every path of the sandbox outside the store.
    private func snapshot(_ sandbox: Sandbox, leavingOut name: String) throws -> [String] {
        let found = try sandbox.tool("/usr/bin/find", "\(sandbox.path)/work", "\(sandbox.path)/home")
        return found.lines.filter { !$0.hasPrefix("\(sandbox.path)/work/\(name)") }.sorted()
    }

    @Test(arguments: TestUser.available, ["digest", "size", "config", "manifest", "missing"])
    func aLayoutThatLiesIsRefused(_ user: TestUser, _ lie: String) throws {
        try withSandbox(user) { sandbox throws in
            let layout = "\(sandbox.path)/work/layout"
            try sandbox.tool("/bin/cp", "-r", try Fixtures.path("busybox.oci", of: .busybox), layout)
            let archive = "\(sandbox.path)/work/lie.tar"
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/lying_layout.py", layout, lie, archive)
            let result = try sandbox.apus("load", "-i", archive)
            #expect(result.code == 1, "\(result)")
            #expect(result.errorText.split(separator: "\n").count == 1, "\(result)")
            #expect(try sandbox.output("images", "-q").isEmpty)
            #expect(try Files.list("\(sandbox.store)/layers").filter { !$0.hasPrefix(".") }.isEmpty)
        }
    }
}
