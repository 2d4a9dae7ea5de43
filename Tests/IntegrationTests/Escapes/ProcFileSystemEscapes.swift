import Linux
import TestSupport
import Testing

/// Attempts to put something else where a runtime or the kernel expects /proc or /sys.
@Suite struct ProcFileSystemEscapes {
    /// CVE-2019-16884: a volume over /proc takes what the runtime writes for the security module.
    @Test(arguments: TestUser.available)
    func aVolumeCannotStandForProc(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let fake = "\(sandbox.path)/work/fake"
            try sandbox.tool("/bin/sh", "-c", "mkdir -p \"$0/self/attr\" && : >\"$0/self/attr/exec\"", fake)
            for flags in [["-v", "\(fake):/proc"], ["-v", "\(fake):/proc/"], ["--tmpfs", "/proc"]] {
                let result = try sandbox.run(flags, "true")
                #expect(result.code == 125, "\(flags): \(result)")
                #expect(result.errorText.contains("/proc"))
            }
            // A bind below it, where the kernel takes orders.
            let below = try sandbox.run(["-v", "\(fake):/proc/self/attr"], "true")
            #expect(below.code == 125, "\(below)")

            // Without the guard the write lands in the attacker's file.
            let control =
                "mount --bind \"$0\" /proc && echo unconfined >/proc/self/attr/exec && cat /proc/self/attr/exec"
            #expect(try sandbox.standIn(control, fake) == "unconfined")
        }
    }

    /// CVE-2019-19921, CVE-2023-27561: /proc or /sys of the image is a link, so that the real one lands elsewhere and the
    /// masks fall beside it.
    @Test(arguments: TestUser.available)
    func linksCannotMoveProcOrSys(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            for name in ["proc", "sys"] {
                let root = try sandbox.rootDirectory(
                    "root-\(name)", "rm -rf \(name) && mkdir -p evil/kernel && ln -s /evil \(name)")
                let result = try sandbox.runRoot(root, [], "ls", "/evil")
                #expect(result.code == 125, "\(result)")
                #expect(result.errorText.contains("it is no directory"), "\(result)")
            }
            // Without the guard the file system lands where the link leads.
            let root = "\(sandbox.path)/work/root-proc"
            let control =
                "mkdir -p \"$0/real\" && mount -t proc proc \"$0$(readlink \"$0/proc\")\" && ls \"$0/evil/self/status\""
            #expect(try sandbox.standIn(control, root) == "\(root)/evil/self/status")
        }
    }

    /// CVE-2023-28642: the same together with a volume at the link's target.
    @Test(arguments: TestUser.available)
    func aLinkAndAVolumeCannotReplaceProc(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let volume = try sandbox.outside()
            let root = try sandbox.rootDirectory("root", "rm -rf proc && mkdir evil && ln -s /evil proc")
            let result = try sandbox.runRoot(root, ["-v", "\(volume):/evil"], "cat", "/proc/secret")
            #expect(result.code == 125, "\(result)")
            #expect(!result.text.contains("of-the-host"))
            // The volume alone is harmless and works: it is the link that is refused.
            let honest = try sandbox.rootDirectory("honest", "mkdir -p evil")
            #expect(
                try sandbox.runRoot(honest, ["-v", "\(volume):/evil"], "cat", "/evil/secret").text == "of-the-host\n")
            // Without the guard: the volume is what the container and its runtime take for /proc.
            let control = "mount --bind \"$1\" \"$0/evil\" && chroot \"$0\" /bin/cat /proc/secret"
            #expect(try sandbox.standIn(control, root, volume) == "of-the-host")
        }
    }

    /// CVE-2025-52881: what is written below /proc goes somewhere else, because a part of it is covered.
    @Test(arguments: TestUser.available)
    func kernelParametersAreWrittenToARealProcAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let fake = "\(sandbox.path)/work/fake"
            try sandbox.tool("/bin/sh", "-c", "mkdir -p \"$0/net/ipv4\" && echo old >\"$0/net/ipv4/ip_forward\"", fake)
            let sysctl = ["--sysctl", "net.ipv4.ip_forward=1"]
            for flags in [
                ["-v", "\(fake):/proc/sys"], ["-v", "\(fake)/net/ipv4/ip_forward:/proc/sys/net/ipv4/ip_forward"],
            ] {
                let result = try sandbox.run(sysctl + flags, "true")
                #expect(result.code == 125, "\(result)")
                #expect(try Files.readText("\(fake)/net/ipv4/ip_forward") == "old\n")
            }
            // Honestly it works.
            #expect(try sandbox.shell(sysctl, "cat /proc/sys/net/ipv4/ip_forward") == "1")
            // Without the guard the attacker's file takes the value.
            let control =
                "mount --bind \"$0\" /proc/sys && echo 1 >/proc/sys/net/ipv4/ip_forward && cat \"$0/net/ipv4/ip_forward\""
            #expect(try sandbox.standIn(control, fake) == "1")
        }
    }

    /// CVE-2025-31133: masks are binds of /dev/null, and the image makes /dev/null a link to something else.
    @Test(arguments: TestUser.available)
    func masksAreTheHostsNullDevice(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let dev = "\(sandbox.path)/work/dev"
            let target = try sandbox.outside() + "/secret"
            try sandbox.tool("/bin/sh", "-c", "mkdir \"$0\" && ln -s /leak \"$0/null\"", dev)
            let result = try sandbox.run(
                ["-v", "\(dev):/dev", "-v", "\(target):/leak"], "sh", "-c",
                "cat /proc/kcore /proc/keys /proc/timer_list; stat -c '%t:%T' /proc/keys")
            // Refused, or masked by the true device: never what the link leads to.
            #expect(!result.text.contains("of-the-host"), "\(result)")
            #expect(result.code == 125 || result.text == "1:3\n", "\(result)")

            // Without the guard: the bind follows the link, and what is masked shows the attacker's file.
            let control = "mount --bind \"$0\" /proc/timer_list && cat /proc/timer_list"
            try sandbox.tool("/bin/ln", "-sfn", target, "\(dev)/link")
            #expect(try sandbox.standIn(control, "\(dev)/link") == "of-the-host")
        }
    }

    /// CVE-2025-52565: /dev/console is bound over whatever a link of the image's names.
    @Test(arguments: TestUser.available)
    func theConsoleIsBoundOverNoLink(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let dev = "\(sandbox.path)/work/dev"
            for (name, target) in [("console", "/proc/sys/kernel/domainname"), ("pts/ptmx", "/etc/passwd")] {
                try sandbox.tool(
                    "/bin/sh", "-c", "rm -rf \"$0\" && mkdir -p \"$0/pts\" && ln -s \"$2\" \"$0/$1\"", dev, name, target
                )
                let script = "grep -c ' \(target) ' /proc/self/mountinfo; echo end"
                let result = try sandbox.apus(
                    "run", "--rm", "--network", "none", "-t", "-v", "\(dev):/dev", "busybox", "sh", "-c", script)
                #expect(result.code == 125 || result.text.contains("0\r\nend"), "\(result)")
            }
            // Without the guard: mount(8) follows the link.
            let place = "\(dev)/console"
            let target = try sandbox.outside() + "/secret"
            try sandbox.tool("/bin/ln", "-sfn", target, place)
            let control = "mount --bind /dev/null \"$0\" && grep -c \" $1 \" /proc/self/mountinfo"
            #expect(try sandbox.standIn(control, place, target) == "1")
        }
    }
}
