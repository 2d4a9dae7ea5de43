import Bytes
import Glibc
import Linux
import OCI
import TestSupport
import Testing

/// What the command finds itself as: its user, capabilities, limits, descriptors, names.
@Suite(.enabled(if: geteuid() == 0, "starts containers as root")) struct ProcessTests {
    private func status(_ container: inout Container) throws -> [String: String] {
        let result = try container.shell("cat /proc/self/status")
        var fields: [String: String] = [:]
        for line in result.lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1].drop { $0 == "\t" || $0 == " " }) }
        }
        return fields
    }

    @Test(arguments: Container.Privilege.allCases)
    func rootHasExactlyTheCapabilitiesOfTheSpecification(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            let fields = try status(&container)
            for name in ["CapPrm", "CapEff", "CapBnd"] { #expect(fields[name] == "00000000a80425fb", "\(name)") }
            // CVE-2022-24769
            for name in ["CapInh", "CapAmb"] { #expect(fields[name] == "0000000000000000", "\(name)") }
            #expect(fields["NoNewPrivs"] == "0")
            #expect(fields["Seccomp"] == "0")
        }
    }

    @Test func anotherUserHasNoneButAmbientOnes() throws {
        try Container.with(.root) { container throws in
            container.spec.process!.user = .init(uid: 1000, gid: 1000, additionalGids: [50, 60])
            container.spec.process!.noNewPrivileges = true
            var fields = try status(&container)
            #expect(fields["CapEff"] == "0000000000000000")
            #expect(fields["CapPrm"] == "0000000000000000")
            #expect(fields["Uid"] == "1000\t1000\t1000\t1000")
            #expect(fields["Groups"]?.contains("50 60") == true)
            #expect(fields["NoNewPrivs"] == "1")
            container.spec.process!.capabilities!.inheritable = ["CAP_NET_BIND_SERVICE"]
            container.spec.process!.capabilities!.ambient = ["CAP_NET_BIND_SERVICE"]
            fields = try status(&container)
            #expect(fields["CapEff"] == "0000000000000400")
            #expect(fields["CapAmb"] == "0000000000000400")
        }
    }

    // mov: allow all but mkdir(2) and mkdirat(2), which fail with EXDEV, a number that nothing else gives here.
    private static func filter() -> [UInt8] {
        func instruction(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ value: UInt32) -> [UInt8] {
            [UInt8(code & 0xff), UInt8(code >> 8), yes, no] + (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) }
        }
        #if arch(x86_64)
            let numbers: [UInt32] = [83, 258]
        #else
            let numbers: [UInt32] = [34, 34]
        #endif
        return instruction(0x20, 0, 0, 0) + instruction(0x15, 2, 0, numbers[0]) + instruction(0x15, 1, 0, numbers[1])
            + instruction(0x06, 0, 0, 0x7fff_0000) + instruction(0x06, 0, 0, 0x0005_0000 | UInt32(EXDEV))
    }

    @Test(arguments: [false, true], Container.Privilege.allCases)
    func aFilterIsInForceWithAndWithoutNewPrivileges(_ noNewPrivileges: Bool, _ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            try Files.write(Self.filter(), to: container.folder + "/filter")
            container.options += ["--seccomp", container.folder + "/filter"]
            container.spec.process!.noNewPrivileges = noNewPrivileges
            let result = try container.shell("mkdir /tmp/x; grep Seccomp: /proc/self/status")
            #expect(result.errorText.contains("Invalid cross-device link"), "\(result)")
            #expect(result.text == "Seccomp:\t2\n")
        }
    }

    @Test func nothingIsInheritedButWhatIsAskedFor() throws {
        try Container.with(.root) { container throws in
            // The shell's own list: 3 is the directory that ls reads.
            #expect(try container.shell("ls /proc/self/fd").lines == ["0", "1", "2", "3"])
            container.options += ["--preserve", "0", "--preserve", "2"]
            #expect(try container.shell("ls /proc/self/fd").lines == ["0", "1", "2", "3", "4", "5"])
        }
    }

    /// CVE-2024-21626: a working directory through a descriptor that leads outside.
    @Test func aWorkingDirectoryOutsideOfTheRootIsRefused() throws {
        try Container.with(.root, "pwd") { container throws in
            for number in 3..<12 {
                container.spec.process!.cwd = "/proc/self/fd/\(number)"
                #expect(try container.run().code != 0)
            }
        }
        // The guard by itself: a descriptor that the caller passes on purpose.
        try Container.with(.root, "pwd") { container throws in
            container.spec.process!.cwd = "/proc/self/fd/3"
            container.options += ["--preserve-directory", "/etc"]
            let result = try container.run()
            #expect(result.errorText.contains("outside of the container's root"), "\(result)")
            #expect(result.code == 125)
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func theTerminalHasItsSizeAtTheFirstInstruction(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            container.options.append("--tty")
            container.spec.process!.terminal = true
            container.spec.process!.consoleSize = .init(height: 41, width: 133)
            let result = try container.shell("stty size; tty; test -c /dev/console && echo console; ps -o pid,tty,comm")
            #expect(result.lines.first == "41 133\r", "\(result)")
            #expect(result.lines.contains("/dev/pts/0\r"))
            #expect(result.lines.contains("console\r"))
        }
    }

    @Test func theTerminalIsTheControllingOne() throws {
        try Container.with(.root) { container throws in
            container.options.append("--tty")
            let result = try container.shell("echo typed >/dev/tty; stat -c %u:%g /dev/pts/0")
            #expect(result.lines == ["typed\r", "0:5\r"], "\(result)")
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func namesParametersAndLimitsAreTheSpecifications(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            container.spec.hostname = "some-name"
            container.spec.domainname = "some.domain"
            container.spec.linux!.sysctl = ["net.ipv4.ip_unprivileged_port_start": "7", "kernel.msgmax": "4096"]
            container.spec.process!.rlimits = [.init(type: "RLIMIT_NOFILE", soft: 33, hard: 44)]
            container.spec.process!.oomScoreAdj = 300
            container.spec.process!.user.umask = 0o027
            let result = try container.shell(
                """
                hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start
                cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj; ulimit -n; ulimit -Hn; umask
                """)
            #expect(
                result.lines == ["some-name", "some.domain", "7", "4096", "300", "33", "44", "0027"], "\(result)")
        }
    }

    @Test func aParameterOfTheWholeMachineIsRefused() throws {
        try Container.with(.root, "true") { container throws in
            container.spec.linux!.sysctl = ["vm.swappiness": "1"]
            #expect(try container.run().errorText.contains("vm.swappiness: it belongs to the whole machine"))
            container.spec.linux!.sysctl = ["net.core.somaxconn": "1"]
            container.spec.linux!.namespaces!.removeAll { $0.type == .network }
            #expect(try container.run().errorText.contains("has the host's namespace for it"))
        }
    }

    @Test func signalsOfTheCallerAreNotTheContainers() throws {
        try Container.with(.root) { container throws in
            let fields = try status(&container)
            #expect(fields["SigBlk"] == "0000000000000000")
            // SIGPIPE, which the launching process ignores.
            #expect(UInt64(fields["SigIgn"] ?? "", radix: 16).map { $0 & 1 << 12 } == 0)
        }
    }

    @Test func loopbackIsUpInANewNetworkNamespace() throws {
        try Container.with(.root) { container throws in
            #expect(try container.shell("ip -o addr show lo").text.contains("127.0.0.1/8"))
        }
    }
}
