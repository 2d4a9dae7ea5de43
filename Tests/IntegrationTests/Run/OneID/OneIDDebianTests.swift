import Glibc
import Linux
import TestSupport
import Testing

/// What distributions' own tools do, where there is one id.
@Suite(.enabled(if: OneIDMachine.isAvailable, "only root can hide /etc/subuid"))
struct OneIDDebianTests {
    /// A package of files that belong to several users, with a script that makes one more, as many services' do.
    private func package(_ machine: OneIDMachine) throws -> String {
        let folder = "\(machine.sandbox.path)/work/package"
        let script = """
            set -e; mkdir -p \(folder)/p/DEBIAN \(folder)/p/usr/lib/svc \(folder)/p/var/lib/svc; cd \(folder)/p
            printf 'Package: svc\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' >DEBIAN/control
            printf '#!/bin/sh\\nset -e\\nadduser --system --group --home /var/lib/svc svc >/dev/null 2>&1 || useradd -r -d /var/lib/svc svc\\nchown -R svc: /var/lib/svc\\n' >DEBIAN/postinst
            chmod 755 DEBIAN/postinst; echo a >usr/lib/svc/mail; echo b >usr/lib/svc/setid; echo c >var/lib/svc/state
            chown -R 0:0 .; chown 8:8 usr/lib/svc/mail; chown 0:42 usr/lib/svc/setid; chmod 2755 usr/lib/svc/setid
            dpkg-deb -b . ../svc.deb >/dev/null; chmod 755 ..; chmod 644 ../svc.deb
            """
        let program = try RunningProgram(
            Spawn("/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]))
        program.closeInput()
        let result = try program.wait(seconds: 60)
        guard result.code == 0 else { throw TestFailure("the package: \(result)") }
        return "\(folder)/svc.deb"
    }

    @Test func accountsAndOwnersWork() throws {
        try OneIDMachine.with { machine throws in
            try machine.output("import", try Fixtures.path("debian.tar", of: .debian), "debian")
            try machine.make(
                "cc",
                """
                echo x >/one; chown 5:6 /one; chown 7 /one; chgrp 8 /one
                useradd -m someone; install -d -o someone -g games /srv/d; install -o someone -m 600 /etc/hosts /srv/d/f
                chown -R --from=0 someone:games /srv; cp -a /srv /copy; tar -C / -cf - srv | tar -C /mnt -xf -
                test "$(su someone -c 'id -un')" = someone
                test "$(runuser -u someone -- id -u)" = 1000
                test "$(setpriv --reuid someone --regid games --init-groups id -u)" = 1000
                test "$(setpriv --reuid 33 --regid 34 --groups 5,60 id -G)" = "34 5 60"
                test "$(setpriv --reuid 33 --regid 34 --clear-groups perl -e 'print "$< $> $("')" = "33 33 34"
                perl -e '$) = "7 8 9"; $( = 7; $> = 6; $< = 6; die unless "$< $> $)" eq "6 6 7 8 9"; $< = 0; die if $< == 0'
                setpriv --reuid someone --regid games --init-groups perl -e \
                  '@s = stat "/srv/d"; die "@s" unless $s[4] == $> && $s[5] == 60 && $s[2] == 040755 && $s[7] > 0'
                perl -e '@s = stat "/srv/d"; die "@s" unless $s[4] == 0'
                groupadd more; usermod -aG more someone; test "$(su someone -c 'id -Gn')" = "someone more"
                passwd -l someone >/dev/null; userdel someone
                """, image: "debian")
            let owners = try machine.exported("cc")
            #expect(owners["one"] == "7/8 -rw-r--r--")
            #expect(
                owners["srv/d/"] == "1000/60 drwxr-xr-x" && owners["srv/d/f"] == "1000/60 -rw-------",
                "\(owners["srv/d/"] ?? "")")
            // As the image has them: unpacked with one id, and written again.
            #expect(owners["usr/bin/chage"] == "0/42 -rwxr-sr-x" && owners["var/mail/"] == "0/8 drwxrwsr-x")
        }
    }

    @Test func packagesAreInstalled() throws {
        try OneIDMachine.with { machine throws in
            try machine.output("import", try Fixtures.path("debian.tar", of: .debian), "debian")
            let package = try package(machine)
            try machine.output(
                "run", "--network", "none", "--name", "cc", "-v", "\(package):/tmp/svc.deb:ro", "debian", "sh", "-ec",
                """
                dpkg -i /tmp/svc.deb >/dev/null; dpkg --verify svc
                dpkg-query -W -f '${Status}\\n' svc | grep -q 'install ok installed'; su svc -s /bin/sh -c 'test "$(id -un)" = svc'
                dpkg -P svc >/dev/null 2>&1
                apt-get -y -q install /tmp/svc.deb >/dev/null
                """)
            let owners = try machine.exported("cc")
            #expect(owners["usr/lib/svc/mail"] == "8/8 -rw-r--r--", "\(owners["usr/lib/svc/mail"] ?? "none")")
            #expect(owners["usr/lib/svc/setid"] == "0/42 -rwxr-sr-x")
            let state = try #require(owners["var/lib/svc/state"])
            #expect(!state.hasPrefix("0/"), "\(state)")
        }
    }
}
