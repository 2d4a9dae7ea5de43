import Glibc
import Linux
import TestSupport
import Testing

/// `system doctor` on this machine, and on what is made of it.
@Suite struct DoctorTests {
    private func verdict(_ result: ProgramResult, _ name: String) -> String? {
        result.lines.first { $0.hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
    }

    private let format = "{{range .Checks}}{{.Name}}:{{.Verdict}}\n{{end}}can run:{{.CanRun}}"

    @Test(arguments: TestUser.available)
    func aMachineThatRunsContainersSaysSo(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try #require(try sandbox.run([], "true").code == 0)
            let text = try sandbox.apus("system", "doctor")
            #expect(text.code == 0 && text.text.hasSuffix("Containers can be run.\n"), "\(text)")
            let result = try sandbox.apus("system", "doctor", "--format", format)
            #expect(verdict(result, "can run") == "true" && verdict(result, "mounts") == "works", "\(result)")
            #expect(verdict(result, "overlay") == "works" && verdict(result, "proc") == "works", "\(result)")
            let json = try sandbox.output("system", "doctor", "--format", "json")
            #expect(json.hasPrefix("{\"CanRun\":true,\"Checks\":[{\"Name\":\"store\","), "\(json)")
            #expect(try !Files.list(sandbox.store).contains { $0.hasPrefix(".doctor") })
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can take things away"))
    func whatIsTakenAwayIsFound() throws {
        try withSandbox(.ordinary) { sandbox throws in
            func doctor(_ wrapper: [String]) throws -> ProgramResult {
                try sandbox.apus(behind: wrapper, ["system", "doctor", "--format", format])
            }
            let single = try doctor(sandbox.withoutSubordinateIDs)
            #expect(single.code == 0 && verdict(single, "subordinate ids") == "limited", "\(single)")
            let unshare = try doctor(sandbox.refusing([.init(.unshare, EPERM)]))
            #expect(unshare.code == 1 && verdict(unshare, "user namespaces") == "broken", "\(unshare)")
            let trees = try doctor(sandbox.refusing([.init(.moveMount, ENOSYS)]))
            #expect(trees.code == 0 && verdict(trees, "mount interface") == "limited", "\(trees)")
            let mount = try doctor(sandbox.refusing([.init(.mount, EPERM)]))
            #expect(mount.code == 1 && verdict(mount, "mounts") == "broken", "\(mount)")
            let overlay = try doctor(sandbox.refusing([.init(.fsopen, EPERM), .init(.mount, EPERM, flags: 4)]))
            #expect(overlay.code == 0 && verdict(overlay, "overlay") == "limited", "\(overlay)")
            let tunnel = try doctor([
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs none /dev/net && exec \"$@\"", "sh",
            ])
            #expect(tunnel.code == 0 && verdict(tunnel, "way out of networks") == "limited", "\(tunnel)")
            let privileges = try doctor(["/usr/bin/setpriv", "--no-new-privs"])
            #expect(privileges.code == 1 && verdict(privileges, "subordinate ids") == "broken", "\(privileges)")
            let masked = try doctor([
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount --bind /dev/null /proc/keys && exec \"$@\"",
                "sh",
            ])
            #expect(verdict(masked, "proc") == "limited", "\(masked)")
        }
    }
}
