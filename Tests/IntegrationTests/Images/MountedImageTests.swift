import Glibc
import Linux
import TestSupport
import Testing

/// `image mount` and `image unmount`: as root in a mount namespace of the test's own, as an ordinary user below `unshare`.
@Suite struct MountedImageTests {
    private func script(_ sandbox: Sandbox, _ user: TestUser, _ script: String) throws -> ProgramResult {
        let text = "apus='\(Executable.path)'; set -u\n" + script
        return user == .root
            ? try sandbox.tool("unshare", "--mount", "bash", "-c", text)
            : try sandbox.apus("unshare", "bash", "-c", text)
    }

    @Test(arguments: TestUser.available)
    func anImageIsMountedReadOnlyListedAndUnmounted(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // A second layer, which takes something of the first away.
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", "echo new >/new; rm /bin/ls")
            try sandbox.output("commit", "cc", "changed")
            try sandbox.output("rm", "cc")
            let result = try script(
                sandbox, user,
                """
                one=$("$apus" image mount busybox); two=$("$apus" image mount changed)
                test -e "$one/bin/busybox" && test -e "$one/bin/ls" && test ! -e "$two/bin/ls" && cat "$two/new"
                for place in "$one" "$two"; do touch "$place/x" 2>/dev/null && echo written; done
                test "$("$apus" image mount changed)" = "$two" && echo again
                "$apus" image mount | sort | sed "s#$one#ONE#; s#$two#TWO#"
                "$apus" image mount --format json | python3 -c 'import json,sys; print(sorted(i["Repositories"][0] for i in json.load(sys.stdin)))'
                "$apus" rmi changed; echo "rmi $?"; "$apus" image prune -af | tail -1
                "$apus" image unmount busybox | wc -c; "$apus" image umount busybox; echo "again $?"
                "$apus" image umount -f busybox; echo "forced $?"
                "$apus" image unmount --all | wc -l; "$apus" image mount; ls "$(dirname "$two")"
                "$apus" image mount nothing; echo "nothing $?"
                """)
            #expect(
                result.text == """
                    new
                    again
                    busybox:latest ONE
                    changed:latest TWO
                    ['busybox:latest', 'changed:latest']
                    rmi 1
                    Total reclaimed space: 0B
                    65
                    again 125
                    forced 0
                    1
                    nothing 125

                    """, "\(result)")
            #expect(
                result.errorText.contains("is mounted at") && result.errorText.contains("is not mounted"), "\(result)")
            // Unmounted, or out of sight with its namespace.
            try sandbox.output("rmi", "changed")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func outsideOfTheNamespaceItSaysHow() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let result = try sandbox.apus("image", "mount", "busybox")
            #expect(result.code == 125 && result.errorText.contains("apus unshare"), "\(result)")
            #expect(try sandbox.apus("image", "mount").code == 0)
        }
    }
}
