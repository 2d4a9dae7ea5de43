import Linux
import TestSupport
import Testing

/// A Debian root file system with the work that distributions' own tools do: users, owners, setuid, package scripts.
@Suite struct DebianTests {
    @Test(arguments: TestUser.available)
    func accountsOwnersAndSetuidProgramsWork(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("import", try Fixtures.path("debian.tar", of: .debian), "debian")
            func shell(_ script: String) throws -> String {
                let result = try sandbox.apus("run", "--rm", "--network", "none", "debian", "bash", "-ec", script)
                #expect(result.code == 0, "\(script): \(result)")
                return result.text
            }
            #expect(
                try shell("useradd -m someone && su someone -c 'id -un; touch ~/f; stat -c %U ~/f'")
                    == "someone\nsomeone\n")
            #expect(try shell("stat -c '%a %u' /usr/bin/passwd; stat -c '%a %g' /usr/bin/chage") == "4755 0\n2755 42\n")
            // su is setuid: it raises an ordinary user of the container, when the password is right.
            #expect(
                try shell(
                    "echo root:secret | chpasswd; useradd -m other; su other -c \"echo secret | su -c 'id -u' 2>/dev/null\""
                )
                    == "0\n")
            #expect(
                try shell("touch /a; chown nobody:nogroup /a; stat -c %U:%G /a")
                    == "nobody:nogroup\n")
            #expect(
                try shell("ln /etc/passwd /p && stat -c %h /p; truncate -s 1G /s && stat -c '%s %b' /s")
                    == "2\n1073741824 0\n")
            // What package scripts do.
            #expect(
                try shell(
                    "dpkg-query -W -f '${Status}' bash; DEBIAN_FRONTEND=noninteractive dpkg --configure -a; dpkg-divert --add --rename --divert /bin/ls.x /bin/ls >/dev/null; ls.x -d /"
                ).hasSuffix("/\n"))
        }
    }

    @Test(arguments: TestUser.available)
    func deviceNodesCannotBeMadeOrDoNotOpen(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("import", try Fixtures.path("debian.tar", of: .debian), "debian")
            // /dev/fuse, which no container has by default.
            let script = "mknod /n c 10 229 && dd if=/n of=/dev/null count=1"
            let result = try sandbox.apus("run", "--rm", "--network", "none", "debian", "sh", "-c", script)
            #expect(result.code == 1, "\(result)")
            #expect(result.errorText.contains("Operation not permitted"))
            // As root too: without a guard, CAP_MKNOD would open the host's disks (Docs/decisions.md).
            #expect(result.errorText.contains(user == .root && Guard.isThere ? "failed to open '/n'" : "mknod: /n"))
        }
    }
}
