import Addresses
import Errors
import Testing

@testable import ContainerSpec

/// What a parser says to a text: its value's description, or the sentence of its error.
private func outcome<T>(_ parse: () throws -> T) -> String {
    do { return "\(try parse())" } catch { return "error: \(error)" }
}

@Suite struct OptionParsingTests {
    @Test(
        arguments: [
            ("0", 0), ("512", 512), ("32b", 32), ("32B", 32), ("32k", 32768), ("32K", 32768), ("32kb", 32768),
            ("32KiB", 32768), ("64m", 64 << 20), ("1g", 1 << 30), ("2T", 2 << 40), ("1p", 1 << 50),
            ("1.5g", 3 << 29), ("0.5k", 512), ("32 kb", 32768), ("1e3", 1000),
        ] as [(String, Int64)])
    func sizesHaveBinaryUnits(_ text: String, _ bytes: Int64) throws { #expect(try ByteSize.parse(text) == bytes) }

    @Test(arguments: ["", "k", "-1", "-5m", "1z", "1kbb", "1.2.3", "9223372036854775807k", "0x10", ".", "1k ", "32Ki"])
    func wrongSizesAreRefused(_ text: String) {
        #expect(outcome { try ByteSize.parse(text) } == "error: invalid size: '\(text)'")
    }

    @Test func ulimitsHaveOneOrTwoValues() throws {
        let both = try Ulimit("nofile=1024:2048")
        #expect((both.name, both.soft, both.hard) == ("nofile", 1024, 2048))
        let one = try Ulimit("nproc=3")
        #expect((one.soft, one.hard) == (3, 3))
        let unlimited = try Ulimit("memlock=-1")
        #expect((unlimited.soft, unlimited.hard, unlimited.resource) == (.max, .max, "RLIMIT_MEMLOCK"))
        #expect(try Ulimit("core=0:-1").hard == .max)
    }

    @Test(arguments: [
        ("nofile", "invalid ulimit argument: nofile"),
        ("nofile=", "strconv.ParseInt: parsing \"\": invalid syntax"),
        ("as=1", "invalid ulimit type: as"),
        ("nofile=20:10", "ulimit soft limit must be less than or equal to hard limit: 20 > 10"),
        ("nofile=-1:10", "ulimit soft limit must be less than or equal to hard limit: -1 > 10"),
        ("nofile=1:2:3", "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"),
        ("nofile=asdf", "strconv.ParseInt: parsing \"asdf\": invalid syntax"),
        ("nofile=-2", "invalid ulimit value -2 of nofile: the least is -1"),
    ])
    func wrongUlimitsAreRefused(_ text: String, _ sentence: String) {
        #expect(outcome { try Ulimit(text) } == "error: \(sentence)")
    }

    @Test func devicesHaveAPlaceAndPermissions() throws {
        func parts(_ text: String) throws -> [String] {
            let device = try DeviceOption(text)
            return [device.pathOnHost, device.pathInContainer, device.permissions]
        }
        #expect(try parts("/dev/snd") == ["/dev/snd", "/dev/snd", "rwm"])
        #expect(try parts("/dev/snd:rw") == ["/dev/snd", "/dev/snd", "rw"])
        #expect(try parts("/dev/snd:/something") == ["/dev/snd", "/something", "rwm"])
        #expect(try parts("/dev/snd:/something:r") == ["/dev/snd", "/something", "r"])
    }

    @Test(arguments: [
        ("/dev/snd:rrw", "rrw is not an absolute path"),
        ("/dev/snd:/x:ro", "bad mode specified: ro"),
        ("/dev/snd:/x:", "bad mode specified: "),
        ("hostPath:tty", "hostPath is not an absolute path"),
        ("/a:/b:rw:m", "bad format for path: /a:/b:rw:m"),
    ])
    func wrongDevicesAreRefused(_ text: String, _ sentence: String) {
        #expect(outcome { try DeviceOption(text) } == "error: \(sentence)")
    }

    @Test func deviceCgroupRulesAreTypeNumbersAndPermissions() throws {
        let rule = try DeviceCgroupRule("c 189:* rmw")
        #expect((rule.type, rule.major, rule.minor, rule.permissions) == ("c", 189, nil, "rmw"))
        for text in ["c 7:128", "d 7:* rmw", "c *:7 rwx", "c 1 rwm", "", "c -1:0 r"] {
            #expect(outcome { try DeviceCgroupRule(text) } == "error: invalid device cgroup format '\(text)'")
        }
    }

    @Test func capabilitiesHaveTheirPrefixOrNot() throws {
        for text in ["net_admin", "NET_ADMIN", "cap_net_admin", "CAP_NET_ADMIN"] {
            #expect(try CapabilityName.normalized(text) == "CAP_NET_ADMIN")
        }
        #expect(try CapabilityName.normalized("all") == "ALL")
        #expect(
            outcome { try CapabilityName.normalized("NOPE") }
                == "error: invalid CapAdd: unknown capability: \"CAP_NOPE\"")
        #expect(CapabilityName.all.count == 41)
        #expect(CapabilityName.all[21] == "CAP_SYS_ADMIN" && CapabilityName.all[27] == "CAP_MKNOD")
    }

    @Test func capabilitiesAreAddedAndDroppedAsInDocker() throws {
        let all: UInt64 = (1 << 41) - 1
        func result(_ add: [String], _ drop: [String], privileged: Bool = false, _ available: UInt64? = nil) throws
            -> [String]
        {
            try CapabilityName.tweaked(add: add, drop: drop, privileged: privileged, available: available ?? all)
        }
        #expect(try result([], []) == CapabilityName.defaults)
        #expect(try result([], ["ALL"]) == [])
        #expect(try result(["CAP_CHOWN"], ["ALL"]) == ["CAP_CHOWN"])
        #expect(try result(["CAP_SYS_ADMIN", "CAP_CHOWN"], ["CAP_KILL"]).contains("CAP_KILL") == false)
        #expect(try result(["CAP_SYS_ADMIN", "CAP_CHOWN"], []).filter { $0 == "CAP_CHOWN" }.count == 1)
        #expect(try result(["ALL"], ["CAP_SYS_ADMIN"]).count == 40)
        #expect(try result(["CAP_KILL"], ["CAP_KILL"]).contains("CAP_KILL"))
        #expect(try result([], ["ALL"], privileged: true).count == 41)
        // A nested engine whose own root lacks something.
        #expect(try result(["ALL"], [], all & ~(1 << 21)).contains("CAP_SYS_ADMIN") == false)
        #expect(
            outcome { try result(["CAP_SYS_ADMIN"], [], all & ~(1 << 21)) }.hasPrefix(
                "error: cannot add the capability CAP_SYS_ADMIN"))
    }

    @Test(
        arguments: [
            ("15", 15), ("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("USR1", 10), ("RTMIN", 34), ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63), ("64", 64),
        ] as [(String, Int32)])
    func signalsHaveNamesAndNumbers(_ text: String, _ number: Int32) throws {
        #expect(try SignalName.number(text) == number)
    }

    @Test(arguments: ["", "0", "65", "-1", "TERMINATE", "SIG", "RTMIN+31", "RTMAX+1"])
    func wrongSignalsAreRefused(_ text: String) {
        #expect(outcome { try SignalName.number(text) } == "error: invalid signal: \(text)")
    }

    @Test func hostEntriesTakeBothSeparators() throws {
        func parts(_ text: String) throws -> [String] {
            let entry = try HostEntry(text)
            return [entry.name, entry.address]
        }
        #expect(try parts("myhost:192.168.0.1") == ["myhost", "192.168.0.1"])
        #expect(try parts("myhost=192.168.0.1") == ["myhost", "192.168.0.1"])
        #expect(try parts("thathost:10.0.2.1") == ["thathost", "10.0.2.1"])
        #expect(try parts("ipv6:2003:ab34:e::1") == ["ipv6", "2003:ab34:e::1"])
        #expect(try parts("ipv6:[2003:ab34:e::1]") == ["ipv6", "2003:ab34:e::1"])
        #expect(try parts("ipv6local=::1") == ["ipv6local", "::1"])
        #expect(try parts("host.docker.internal:host-gateway") == ["host.docker.internal", "host-gateway"])
        for text in [
            "myhost", ":1.2.3.4", "thathost-nosemicolon10.0.0.1", "x:", "x:1.2.3", "x:1.2.3.400", "a\nb:1.2.3.4",
        ] {
            #expect(outcome { try HostEntry(text) }.hasPrefix("error: "))
        }
    }

    @Test(arguments: [
        ("::", true), ("::1", true), ("fe80::1%eth0", true), ("1:2:3:4:5:6:7:8", true), ("::ffff:10.0.0.1", true),
        ("2001:db8::", true), ("1:2:3:4:5:6:7", false), ("1::2::3", false), ("1:2:3:4:5:6:7:8:9", false),
        (":1", false), ("1:", false), ("12345::", false), ("g::", false), ("10.0.0.1", false), ("", false),
        ("::1.2.3", false),
    ])
    func versionSixAddressesAreKnown(_ text: String, _ isAddress: Bool) { #expect(IPAddress.isV6(text) == isAddress) }

    @Test func sysctlsAreThoseOfNamespaces() throws {
        #expect(try Sysctl.parse("net.ipv4.ip_forward=1") == ("net.ipv4.ip_forward", "1"))
        #expect(try Sysctl.parse("kernel.sem=1 2 3 4") == ("kernel.sem", "1 2 3 4"))
        #expect(try Sysctl.parse("net/core/somaxconn=5") == ("net.core.somaxconn", "5"))
        #expect(try Sysctl.parse("fs.mqueue.msg_max=5").0 == "fs.mqueue.msg_max")
        for text in ["kernel.hostname=x", "vm.swappiness=1", "net.ipv4.ip_forward", "=1", "net./../kernel=1"] {
            #expect(outcome { try Sysctl.parse(text) }.hasPrefix("error: "), "\(text)")
        }
        #expect(throws: OptionError("sysctl 'net.x' is not allowed in the network namespace of the host")) {
            try Sysctl.check("net.x", network: .host, ipc: .private)
        }
        #expect(throws: OptionError("sysctl 'kernel.sem' is not allowed in the ipc namespace of the host")) {
            try Sysctl.check("kernel.sem", network: .none, ipc: .host)
        }
    }

    @Test func containerNamesAreDockers() throws {
        #expect(try ContainerName.validated("/web-1.a_b") == "web-1.a_b")
        for text in ["", "a", "-web", "web!", "wéb", "a/b", String(repeating: "a", count: 256)] {
            #expect(outcome { try ContainerName.validated(text) }.hasPrefix("error: Invalid container name"))
        }
    }

    @Test func searchDomainsHaveDockersForm() {
        for text in ["example.org", "example.org.", "a-1.b", "x"] { #expect(DomainName.isValid(text), "\(text)") }
        for text in ["", "a_b", "1.2", "-a", "a-", "a..b"] { #expect(!DomainName.isValid(text), "\(text)") }
    }

    @Test func exposedPortsMayBeRanges() throws {
        #expect(try ExposedPorts.parse("80") == ["80/tcp"])
        #expect(try ExposedPorts.parse("53/udp") == ["53/udp"])
        #expect(try ExposedPorts.parse("8000-8002/TCP") == ["8000/TCP", "8001/TCP", "8002/TCP"])
        #expect(try ExposedPorts.parse("1-2-3/xyz/udp") == ["1/xyz", "2/xyz"])
        #expect(try ExposedPorts.parse("80/") == ["80/tcp"])
        for text in ["", "a", "2-1", "/tcp", "80:80", "70000"] {
            #expect(outcome { try ExposedPorts.parse(text) }.hasPrefix("error: "))
        }
    }

    @Test func namespaceModesAreChecked() throws {
        #expect(try PIDMode(option: "host") == .host)
        #expect(try IPCMode(option: "none") == .none)
        #expect(try IPCMode(option: "") == .private)
        #expect(try UserNamespaceMode(option: "host") == .host)
        #expect(
            outcome { try PIDMode(option: "container:x") }
                == "error: --pid=container:x is refused: containers cannot share a namespace yet")
        #expect(outcome { try IPCMode(option: "bogus") } == "error: invalid IPC mode: bogus")
        #expect(try UserNamespaceMode(option: "keep-id:uid=1,gid=2") == .keepID(user: 1, group: 2))
        #expect(try UserNamespaceMode(option: "keep-id") == .keepID(user: nil, group: nil))
        #expect(try UserNamespaceMode(option: "auto:size=3000") == .auto(size: 3000))
        #expect(try UserNamespaceMode(option: "nomap") == .nomap)
        for text in ["keep-id", "keep-id:uid=1,gid=2", "auto", "auto:size=7", "nomap", "host", ""] {
            #expect(try UserNamespaceMode(option: text).option == text)
        }
        #expect(
            outcome { try UserNamespaceMode(option: "keep-id:size=9") }
                == "error: --userns=keep-id:size=9: unknown setting 'size' (there is uid, gid)")
        #expect(outcome { try UserNamespaceMode(option: "auto:size=0") }.contains("needs one id at least"))
        #expect(outcome { try UserNamespaceMode(option: "auto:size=x") }.contains("'x' is no id"))
        #expect(outcome { try UserNamespaceMode(option: "auto:uidmapping=0:1:2") }.contains("is refused"))
        #expect(outcome { try UserNamespaceMode(option: "private") }.contains("is refused"))
        #expect(
            outcome { try UserNamespaceMode(option: "bogus") } == "error: --userns: invalid USER mode"
        )
    }

    @Test func networksAreChecked() throws {
        #expect(try NetworkMode(option: "none") == .none)
        #expect(try NetworkMode(option: "default") == .automatic)
        #expect(try NetworkMode(option: "bridge") == .automatic)
        #expect(try NetworkMode(option: "mynet") == .network("mynet"))
        #expect(try NetworkMode(option: "container:x") == .container("x"))
        #expect(try NetworkMode(option: "ns:/run/netns/x") == .namespace("/run/netns/x"))
        #expect(try NetworkMode(option: "pasta:-T,5000") == .pasta(arguments: ["-T", "5000"]))
        var settings = SlirpSettings()
        settings.allowHostLoopback = true
        settings.mtu = 1500
        settings.cidr = "10.1.0.0/24"
        #expect(
            try NetworkMode(option: "slirp4netns:allow_host_loopback=true,mtu=1500,cidr=10.1.0.0/24")
                == .slirp4netns(settings))
        #expect(
            [settings.containerAddress, settings.nameServer, settings.gateway] == [
                "10.1.0.100", "10.1.0.3", "10.1.0.2",
            ])
        for text in [
            "", "container", "container:", "ns:relative", "slirp4netns:mtu=1", "slirp4netns:nope=1",
            "slirp4netns:cidr=10.0.2.1/24",
            "slirp4netns:cidr=10.0.2.0/28",
        ] { #expect(outcome { try NetworkMode(option: text) }.hasPrefix("error: "), "\(text)") }
    }

    @Test func endpointsHaveALongForm() throws {
        #expect(try EndpointOptions.parse("mynet") == EndpointOptions(network: "mynet"))
        // No letter behind the sign: names all the same.
        #expect(try EndpointOptions.parse("name=") == EndpointOptions(network: "name="))
        #expect(try EndpointOptions.parse("NAME=N1, Alias = Big").aliases == ["big"])
        #expect(try EndpointOptions.parse("slirp4netns:mtu=1500,cidr=10.1.0.0/24").network.hasPrefix("slirp4netns:"))
        var options = EndpointOptions(network: "mynet")
        options.aliases = ["a", "b"]
        options.ipv6 = "fd00::5"
        options.macAddress = "02:42:ac:11:00:09"
        options.driverOptions = ["egress": "none"]
        options.gatewayPriority = 7
        #expect(
            try EndpointOptions.parse(
                "name=mynet,alias=a,alias=b,ip6=fd00::5,mac-address=02:42:ac:11:00:09,driver-opt=egress=none,gw-priority=7"
            ) == options)
        for text in [
            "alias=a,ip=1", "name=n,nope=1", "name=n,alias", "name=n,", "name=n,=b", "name=n,gw-priority=x",
            "name=n,driver-opt=x",
        ] { #expect(outcome { try EndpointOptions.parse(text) }.hasPrefix("error: "), "\(text)") }
    }

    @Test func securityOptionsAddUp() throws {
        var options = SecurityOptions()
        for text in [
            "no-new-privileges", "seccomp=profile.json", "unmask=/proc/acpi:/sys/firmware", "label=disable",
            "mask=/etc/../opt",
        ] {
            try options.add(text, relativeTo: "/here")
        }
        #expect(options.noNewPrivileges && options.seccomp == .file("/here/profile.json"))
        #expect(options.unmask == ["/proc/acpi", "/sys/firmware"] && options.mask == ["/opt"])
        try options.add("seccomp:unconfined", relativeTo: "/")
        try options.add("no-new-privileges=false", relativeTo: "/")
        #expect(!options.noNewPrivileges && options.seccomp == .unconfined)
        for text in [
            "bogus", "seccomp", "seccomp=", "no-new-privileges=maybe", "label=type:x", "mask=relative", "apparmor=",
        ] {
            #expect(outcome { try options.add(text, relativeTo: "/") }.hasPrefix("error: "), "\(text)")
        }
    }

    @Test func commaSeparatedFieldsMayBeQuoted() {
        #expect(commaSeparated("a,b") == ["a", "b"])
        #expect(commaSeparated("\"a,b\",c") == ["a,b", "c"])
        #expect(commaSeparated("\"a\"\"b\"") == ["a\"b"])
        #expect(commaSeparated("a,") == ["a", ""])
        #expect(commaSeparated("\"a") == nil && commaSeparated("a\"b") == nil && commaSeparated("\"a\"b") == nil)
    }

    @Test(arguments: [
        ("/a/b", "/a/b"), ("/a//b/./c/", "/a/b/c"), ("/a/../../b", "/b"), ("a/../b", "b"), ("../x", "../x"),
        ("", "."), ("/", "/"), ("./", "."),
    ])
    func pathsAreCleanedByName(_ path: String, _ clean: String) { #expect(cleanPath(path) == clean) }
}
