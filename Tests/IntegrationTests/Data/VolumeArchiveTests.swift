import Glibc
import Linux
import TestSupport
import Testing

/// `volume export` and `volume import`.
@Suite struct VolumeArchiveTests {
    private static let content = """
        cd /v; chown 70:71 .; chmod 700 .; mkdir d; echo hi >d/f; ln d/f h; ln -s /etc l; chown 5:6 h; chmod 4755 h; mkfifo p
        touch -d '2001-02-03 04:05:06' d/f; mknod whiteout c 0 0
        """
    private static let look = "cd /v; find . -exec stat -c '%n %A %u:%g %h %s %t %Y' {} + | sort; cat d/f; readlink l"

    @Test(arguments: TestUser.inThreeModes)
    func aVolumeComesBackWhole(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            _ = try sandbox.shell(["-v", "one:/v"], Self.content)
            try sandbox.output("volume", "export", "-o", "a.tar", "one")
            let listing = try sandbox.tool("tar", "--numeric-owner", "-tvf", "a.tar").text
            #expect(listing.contains("70/71") && listing.contains("-rwsr-xr-x 5/6"), "\(listing)")
            let before = try sandbox.shell(["-v", "one:/v"], Self.look)
            #expect(before.contains("./d/f -rwsr-xr-x \(user == .single ? "0:0" : "5:6") 2 3"), "\(before)")
            // To a new one, to one that has other files, and by a stream that is compressed.
            try sandbox.output("volume", "create", "two")
            try sandbox.output("volume", "import", "two", "a.tar")
            _ = try sandbox.shell(["-v", "three:/v"], "mkdir /v/d; echo old >/v/d/f; echo old >/v/h")
            try sandbox.tool("gzip", "-k", "a.tar")
            let archive = try Files.read("\(sandbox.path)/work/a.tar.gz")
            let piped = try sandbox.apus("volume", "import", "three", "-", input: archive)
            #expect(piped.code == 0 && piped.text.isEmpty, "\(piped)")
            for name in ["two", "three"] {
                #expect(try sandbox.shell(["-v", "\(name):/v"], Self.look) == before, "\(name)")
                // The same files, the same bytes.
                try sandbox.output("volume", "export", "-o", "\(name).tar", name)
                try sandbox.tool("cmp", "a.tar", "\(name).tar")
            }
            try sandbox.eventuallyInOrder()
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func nothingLeadsOutOfTheVolume(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let work = "\(sandbox.path)/work"
            try sandbox.tool(
                "bash", "-ec",
                """
                mkdir a b b/out; ln -s '\(work)' a/out; echo stolen >b/out/x; tar -cf links.tar -C a out; tar -rf links.tar -C b out/x
                echo up >up; tar -cPf up.tar --transform 's,^,../../,' up; ln up hard; tar -cPf hard.tar --transform 's,^up,../../up,' up hard
                """)
            try sandbox.output("volume", "create", "vv")
            for name in ["links.tar", "up.tar", "hard.tar"] { _ = try sandbox.apus("volume", "import", "vv", name) }
            #expect(!Files.exists("\(work)/x"))
            #expect(!Files.exists("\(sandbox.store)/volumes/up") && !Files.exists("\(sandbox.store)/up"))
            let up = try sandbox.apus("volume", "import", "vv", "up.tar")
            #expect(up.code == 1 && up.errorText.contains("is outside of"), "\(up)")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func containersMayUseItMeanwhile(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--network", "none", "-v", "vv:/v", "busybox", "sh", "-c",
                "i=0; while :; do i=$((i+1)); echo $i >/v/n; mv /v/n /v/m; done")
            try sandbox.tool("bash", "-ec", "echo in >in; tar -cf in.tar in")
            try sandbox.output("volume", "import", "vv", "in.tar")
            #expect(try sandbox.output("exec", id, "cat", "/v/in") == "in")
            for _ in 0..<5 {
                try sandbox.output("volume", "export", "-o", "out.tar", "vv")
                #expect(try sandbox.tool("tar", "-tf", "out.tar").lines.contains("in"))
            }
            try sandbox.output("rm", "-f", id)
            // What is being written is not removed.
            let importing = try sandbox.start(["volume", "import", "vv", "-"])
            let record = "\(sandbox.store)/volumes/vv/record"
            try sandbox.eventually("the import's lock") {
                try sandbox.tool("bash", "-c", "flock -n '\(record)' true || echo held").text == "held\n"
            }
            let refused = try sandbox.apus("volume", "rm", "vv")
            #expect(
                refused.code == 1
                    && refused.errorText.contains("volume is in use: it is being exported or imported"), "\(refused)")
            importing.closeInput()
            _ = try importing.wait(seconds: 60)
            try sandbox.output("volume", "rm", "vv")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func whatCannotBeDoneIsRefused(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("volume", "create", "vv")
            #expect(try sandbox.apus("volume", "exists", "vv").code == 0)
            #expect(try sandbox.apus("volume", "exists", "nope").code == 1)
            try sandbox.output("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "mem")
            try sandbox.write("no archive", to: "junk")
            for (words, message) in [
                (["export", "nope"], "get nope: no such volume"),
                (["import", "nope", "junk"], "get nope: no such volume"),
                (["export", "mem"], "that only its containers mount"),
                (["import", "vv", "junk"], "does not begin with a header"),
                (["import", "vv", "none.tar"], "open none.tar: no such file or directory"),
                (["export", "-o", "/dev/full", "vv"], "no space left on device"),
                (["export", "-o", "/", "vv"], "cannot write to a directory"),
            ] {
                let result = try sandbox.apus(["volume"] + words)
                #expect(result.code != 0 && result.errorText.contains(message), "\(words): \(result)")
            }
        }
    }
}
