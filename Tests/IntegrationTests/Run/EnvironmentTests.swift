import Linux
import TestSupport
import Testing

/// The environment, directory, names and limits that the command starts with.
@Suite struct EnvironmentTests {
    @Test(arguments: TestUser.available)
    func itIsDockersAndNothingOfTheCallersLeaksIn(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.apus(
                "run", "--rm", "--network", "none", "busybox", "env", environment: ["SECRET=leaked"])
            let names = result.lines.map { $0.prefix { $0 != "=" } }
            #expect(names.sorted() == ["HOME", "HOSTNAME", "PATH"])
            #expect(result.lines.contains("HOME=/root"))
            #expect(result.lines.contains("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"))
        }
    }

    @Test(arguments: TestUser.available)
    func flagsAndFilesAddToIt(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let file = try sandbox.write("# comment\nFROM_FILE=a b=c\nOVERRIDDEN=file\nINHERITED\n", to: "env")
            let result = try sandbox.apus(
                [
                    "run", "--rm", "--network", "none", "--env-file", file, "-e", "OVERRIDDEN=flag", "-e", "EMPTY=",
                    "-e", "TAKEN", "-e", "UNSET", "busybox", "env",
                ], environment: ["INHERITED=from caller", "TAKEN=too"])
            #expect(result.lines.contains("FROM_FILE=a b=c"))
            #expect(result.lines.contains("OVERRIDDEN=flag"))
            #expect(result.lines.contains("INHERITED=from caller"))
            #expect(result.lines.contains("EMPTY="))
            #expect(result.lines.contains("TAKEN=too"))
            #expect(!result.lines.contains { $0.hasPrefix("UNSET") })
        }
    }

    @Test(arguments: TestUser.available)
    func theHostnameIsTheShortIdOrTheFlags(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let file = "\(sandbox.path)/work/id"
            let name = try sandbox.shell(["--cidfile", file], "hostname; cat /etc/hostname; echo $HOSTNAME")
            let id = try Files.readText(file)
            #expect(id.utf8.count == 64)
            #expect(name.split(separator: "\n").map(String.init) == Array(repeating: String(id.prefix(12)), count: 3))
            let given = try sandbox.shell(
                ["-h", "given.example"], "hostname; cat /etc/hostname; grep given /etc/hosts")
            #expect(given.hasPrefix("given.example\ngiven.example\n"))
        }
    }

    @Test(arguments: TestUser.available)
    func theWorkingDirectoryIsMadeWhereItIsMissing(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell([], "pwd") == "/")
            #expect(try sandbox.shell(["-w", "/new/deep"], "pwd; ls -ld . | cut -c1-10") == "/new/deep\ndrwxr-xr-x")
        }
    }

    @Test(arguments: TestUser.available)
    func usersAreResolvedInTheImagesOwnFiles(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let ids = "echo $(id -u):$(id -g) $(id -G) $HOME"
            #expect(try sandbox.shell(["-u", "user"], ids) == "1000:1000 1000 50 /home")
            #expect(try sandbox.shell(["-u", "1000"], ids) == "1000:1000 1000 50 /home")
            #expect(try sandbox.shell(["-u", "user:staff"], ids) == "1000:50 50 /home")
            #expect(try sandbox.shell(["-u", "1000:7"], ids) == "1000:7 7 /home")
            #expect(try sandbox.shell(["-u", "4321"], ids) == "4321:0 0 /")
            #expect(
                try sandbox.shell(["-u", "daemon", "--group-add", "staff", "--group-add", "77"], ids)
                    == "1:1 1 50 77 /tmp")
        }
    }

    @Test(arguments: TestUser.available)
    func limitsAndKernelParametersAreSet(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell(["--ulimit", "nofile=100:200"], "ulimit -Sn; ulimit -Hn") == "100\n200")
            #expect(try sandbox.shell(["--ulimit", "core=0"], "ulimit -c") == "0")
            let sysctl = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=10000"]
            #expect(
                try sandbox.shell(sysctl, "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax") == "1\n10000")
        }
    }

    @Test(arguments: TestUser.available)
    func entrypointAndCommandComeFromFlagsOverTheImage(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output(
                "import", "--change", #"ENTRYPOINT ["echo", "entry"]"#, "--change", #"CMD ["from", "image"]"#,
                try Fixtures.busyboxTar, "busybox")
            #expect(try sandbox.run([]).text == "entry from image\n")
            #expect(try sandbox.run([], "from", "flags").text == "entry from flags\n")
            #expect(try sandbox.run(["--entrypoint", "printf"], "%s-", "a", "b").text == "a-b-")
            // An entry point of the command line drops the image's command.
            #expect(try sandbox.run(["--entrypoint", "echo"]).text == "\n")
        }
    }
}
