import Glibc
import Linux
import TestSupport
import Testing

/// The root file system and what is mounted in it.
@Suite struct MountTests {
    @Test(arguments: TestUser.available)
    func aBindMountIsTheHostsDirectory(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write("from the host", to: "file")
            let volume = ["-v", "\(sandbox.path)/work:/mnt/deep"]
            #expect(try sandbox.shell(volume, "cat /mnt/deep/file; echo back >/mnt/deep/new") == "from the host")
            #expect(try Files.readText("\(sandbox.path)/work/new") == "back\n")
            // The container's root is the user outside.
            #expect(try Files.status("\(sandbox.path)/work/new").raw.st_uid == user.entry?.uid)
        }
    }

    @Test(arguments: TestUser.available)
    func readOnlyBindsRefuseWrites(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let work = "\(sandbox.path)/work"
            for flags in [["-v", "\(work):/m:ro"], ["--mount", "type=bind,source=\(work),target=/m,readonly"]] {
                let result = try sandbox.run(flags, "touch", "/m/file")
                #expect(result.code == 1)
                #expect(result.errorText.contains("Read-only file system"))
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aFileCanBeBound(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let file = try sandbox.write("bound\n", to: "file")
            #expect(try sandbox.shell(["-v", "\(file):/etc/bound/file:ro"], "cat /etc/bound/file") == "bound")
        }
    }

    @Test(arguments: TestUser.available)
    func volumeMakesAMissingDirectoryAndMountDoesNot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let missing = "\(sandbox.path)/work/made"
            #expect(try sandbox.run(["-v", "\(missing):/m"], "touch", "/m/x").code == 0)
            #expect(Files.exists("\(missing)/x"))
            let other = "\(sandbox.path)/work/other"
            #expect(try sandbox.run(["--mount", "type=bind,src=\(other),dst=/m"], "true").code == 125)
            #expect(!Files.exists(other))
        }
    }

    @Test(arguments: TestUser.available)
    func temporaryFileSystemsHaveTheirSizeAndMode(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "stat -f -c %T /t; df -k /t | tail -1 | awk '{print $2}'; stat -c %a /t"
            #expect(try sandbox.shell(["--tmpfs", "/t:size=1m,mode=1770"], script) == "tmpfs\n1024\n1770")
            #expect(
                try sandbox.shell(["--mount", "type=tmpfs,target=/t,tmpfs-size=2m,tmpfs-mode=700"], script)
                    == "tmpfs\n2048\n700")
            #expect(try sandbox.shell(["--shm-size", "3m"], "df -k /dev/shm | tail -1 | awk '{print $2}'") == "3072")
            #expect(try sandbox.shell([], "df -k /dev/shm | tail -1 | awk '{print $2}'") == "65536")
        }
    }

    @Test(arguments: TestUser.available)
    func aReadOnlyRootRefusesWritesAndItsTemporaryFileSystemsDoNot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script =
                "touch /x 2>/dev/null || echo root; touch /etc/x 2>/dev/null || echo etc; touch /tmp/x /dev/shm/x && echo ok"
            #expect(try sandbox.shell(["--read-only", "--tmpfs", "/tmp"], script) == "root\netc\nok")
        }
    }

    /// It is looked up before anything is mounted, and the working directory is made below.
    @Test(arguments: TestUser.available)
    func theImagesUserIsFoundUnderATemporaryFileSystem(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for _ in 0..<5 {
                let flags = ["--tmpfs", "/etc", "-u", "user", "-w", "/etc/new"]
                let script = "id -u; pwd; test -e /etc/passwd || echo gone"
                #expect(try sandbox.shell(flags, script) == "1000\n/etc/new\ngone")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func changesStayInTheirContainer(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell([], "rm /etc/passwd; echo x >/new; ls /etc").contains("group"))
            #expect(try sandbox.shell([], "ls /etc/passwd; ls /new 2>/dev/null || echo gone") == "/etc/passwd\ngone")
        }
    }

    @Test(arguments: TestUser.available)
    func deviceNodesAreDockersAndDeviceAddsOne(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let list = try sandbox.shell([], "cd /dev; ls -1 | sort | tr '\\n' ' '")
            #expect(
                list.split(separator: " ").sorted()
                    == [
                        "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
                        "stdout",
                        "tty", "urandom", "zero",
                    ])
            #expect(try sandbox.shell([], "echo gone >/dev/null; head -c 3 /dev/zero | wc -c") == "3")
            #expect(try sandbox.run(["--device", "/dev/fuse"], "test", "-c", "/dev/fuse").code == 0)
            #expect(try sandbox.run(["--device", "/dev/fuse:/dev/other"], "test", "-c", "/dev/other").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func aRootDirectoryOfTheCallersIsUsedAsItIs(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let root = "\(sandbox.path)/work/root"
            try sandbox.tool("/bin/sh", "-c", "mkdir \"$0\" && tar -xf \"$1\" -C \"$0\"", root, try Fixtures.busyboxTar)
            let result = try sandbox.apus(
                "run", "--rm", "--network", "none", "--rootfs", root, "sh", "-c", "echo in >/made; cat /etc/passwd")
            #expect(result.code == 0, "\(result)")
            #expect(result.text.contains("root:x:0:0"))
            #expect(try Files.readText("\(root)/made") == "in\n")
        }
    }

    @Test(arguments: TestUser.available)
    func nameFilesAreTheContainersOwn(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let hosts = try sandbox.shell(["--add-host", "somewhere:10.1.2.3"], "cat /etc/hosts")
            #expect(hosts.contains("127.0.0.1\tlocalhost"))
            #expect(hosts.contains("10.1.2.3\tsomewhere"))
            let resolver = try sandbox.shell(
                ["--dns", "192.0.2.1", "--dns-search", "example.org"], "cat /etc/resolv.conf")
            #expect(resolver.contains("nameserver 192.0.2.1"))
            #expect(resolver.contains("search example.org"))
        }
    }
}
