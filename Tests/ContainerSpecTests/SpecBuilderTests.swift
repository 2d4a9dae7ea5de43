import Bytes
import Errors
import Glibc
import Linux
import Networking
import OCI
import Runtime
import Testing

@testable import ContainerSpec

/// A stand-in for the host's root directory.
private final class HostRoot {
    let path = "/tmp/apus-spec-builder-\(randomHex(bytes: 8))"

    init(resolver: String = "nameserver 192.0.2.53\nsearch example.org\n") throws {
        for directory in ["/etc", "/run/systemd/resolve", "/dev/shm", "/proc/sys/net/ipv4", "/src"] {
            try Files.makeDirectories(path + directory)
        }
        for name in ["ip_unprivileged_port_start", "ping_group_range"] { try write("/proc/sys/net/ipv4/" + name, "") }
        try write("/etc/resolv.conf", resolver)
        try write("/etc/hosts", "127.0.0.1 localhost\n192.0.2.9 printer\n")
    }

    deinit { try? Files.removeTree(path) }

    func write(_ name: String, _ text: String) throws { try Files.write(Array(text.utf8), to: path + name) }
}

@Suite struct SpecBuilderTests {
    private let root: HostRoot
    private let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    init() throws { root = try HostRoot() }

    private func plan(
        mode: UserNamespace.Mode = .mapped, image: ContainerConfig? = nil,
        _ change: (inout RunOptions) throws -> Void = { _ in }
    ) throws -> LaunchPlan { try plan(mode: mode, image: image, facts: { _ in }, change) }

    private func plan(
        mode: UserNamespace.Mode = .mapped, image: ContainerConfig? = nil, facts: (inout HostFacts) -> Void,
        _ change: (inout RunOptions) throws -> Void
    ) throws -> LaunchPlan {
        var host = HostFacts(mode: mode, hostname: "machine")
        host.root = root.path
        host.egress = { () throws(EgressError) in .slirp4netns(.init()) }
        host.lacksBridges = true
        facts(&host)
        var config = ContainerConfig()
        config.cmd = ["sh"]
        var options = RunOptions(image: "busybox")
        try change(&options)
        var builder = SpecBuilder(
            options: options, image: image ?? config, containerID: id, filesDirectory: "/run/c", host: host)
        return try builder.build()
    }

    private func sentence(
        mode: UserNamespace.Mode = .mapped, image: ContainerConfig? = nil,
        _ change: (inout RunOptions) throws -> Void
    ) -> String { sentence(mode: mode, image: image, facts: { _ in }, change) }

    private func sentence(
        mode: UserNamespace.Mode = .mapped, image: ContainerConfig? = nil, facts: (inout HostFacts) -> Void,
        _ change: (inout RunOptions) throws -> Void
    ) -> String {
        do {
            _ = try plan(mode: mode, image: image, facts: facts, change)
            return "no error"
        } catch { return "\(error)" }
    }

    private func mount(_ plan: LaunchPlan, _ destination: String) -> RuntimeSpec.Mount? {
        let found = plan.spec.mounts?.filter { $0.destination == destination } ?? []
        return found.count == 1 ? found[0] : nil
    }

    private func content(_ plan: LaunchPlan, _ name: String) -> String? {
        plan.files.first { $0.name == name }?.content
    }

    private func kinds(_ plan: LaunchPlan) -> Set<RuntimeSpec.Namespace.Kind> {
        Set(plan.spec.linux?.namespaces?.map(\.type) ?? [])
    }

    // MARK: defaults

    @Test func aPlainContainerIsDockers() throws {
        let plan = try self.plan()
        let process = try #require(plan.spec.process)
        #expect(process.args == ["sh"] && process.cwd == "/" && process.terminal == nil)
        #expect(
            process.env == [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=0123456789ab",
            ])
        #expect(process.capabilities?.bounding == CapabilityName.defaults)
        #expect(process.capabilities?.effective == CapabilityName.defaults)
        #expect(process.capabilities?.inheritable == nil && process.capabilities?.ambient == nil)
        #expect(process.rlimits == nil && process.noNewPrivileges == nil && process.oomScoreAdj == nil)
        #expect(plan.spec.hostname == "0123456789ab" && plan.spec.root?.readonly == nil)
        #expect(kinds(plan) == [.mount, .network, .uts, .pid, .ipc, .cgroup])
        #expect(plan.spec.linux?.maskedPaths == SpecBuilder.maskedPaths)
        #expect(plan.spec.linux?.readonlyPaths == SpecBuilder.readOnlyPaths)
        #expect(plan.spec.linux?.sysctl == ["net.ipv4.ip_unprivileged_port_start": "0"])
        #expect(plan.seccomp == .standard && plan.stopSignal == 15 && plan.stopTimeout == 10)
        #expect(plan.network == .egress(.slirp4netns(.init())) && plan.warnings.isEmpty && plan.user.user == "")
        #expect(
            plan.spec.mounts?.map(\.destination) == [
                "/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm", "/etc/hostname",
                "/etc/hosts", "/etc/resolv.conf",
            ])
        #expect(mount(plan, "/dev/shm")?.options == ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"])
        #expect(mount(plan, "/dev")?.options == ["nosuid", "strictatime", "mode=755", "size=65536k"])
        #expect(mount(plan, "/sys")?.options?.contains("ro") == true)
        #expect(mount(plan, "/sys/fs/cgroup")?.options?.contains("ro") == true)
        #expect(mount(plan, "/etc/hosts")?.source == "/run/c/hosts")
        #expect(mount(plan, "/dev/pts")?.options?.contains("gid=5") == true)
    }

    @Test func parametersThatAKernelLacksAreLeftOut() throws {
        try Files.removeTree(root.path + "/proc")
        #expect(try plan(mode: .host).spec.linux?.sysctl == nil)
        #expect(try plan(mode: .host) { $0.sysctls = ["net.x": "1"] }.spec.linux?.sysctl == ["net.x": "1"])
    }

    @Test func oneIdHasNoTerminalGroup() throws {
        #expect(mount(try plan(mode: .single), "/dev/pts")?.options?.contains("gid=5") == false)
    }

    @Test func rootOfTheHostHasNoDeviceNodesUntilTheyCanBeLimited() throws {
        let unlimited = try plan(mode: .host)
        #expect(unlimited.spec.process?.capabilities?.bounding?.contains("CAP_MKNOD") == false)
        #expect(unlimited.spec.linux?.sysctl?["net.ipv4.ping_group_range"] == "0 2147483647")
        let limited = try plan(mode: .host, facts: { $0.canLimitDevices = true }, { _ in })
        #expect(limited.spec.process?.capabilities?.bounding?.contains("CAP_MKNOD") == true)
        #expect(limited.spec.linux?.resources?.devices?.first?.allow == false)
        #expect(
            try plan(mode: .host) { $0.capAdd = ["CAP_MKNOD"] }.spec.process?.capabilities?.bounding?.contains(
                "CAP_MKNOD") == true)
    }

    // MARK: process

    @Test(
        arguments: [
            (nil, [], ["e"], ["c"], ["e", "c"]), (nil, ["x"], ["e"], ["c"], ["e", "x"]),
            (["E"], [], ["e"], ["c"], ["E"]),
            (["E"], ["x"], ["e"], ["c"], ["E", "x"]), ([""], ["x"], ["e"], ["c"], ["x"]), (nil, [], [], ["c"], ["c"]),
            (nil, ["x"], [], [], ["x"]),
        ] as [([String]?, [String], [String], [String], [String])])
    func entrypointAndCommandCombine(
        _ entrypoint: [String]?, _ command: [String], _ imageEntrypoint: [String], _ imageCommand: [String],
        _ expected: [String]
    ) throws {
        var image = ContainerConfig()
        image.entrypoint = imageEntrypoint.isEmpty ? nil : imageEntrypoint
        image.cmd = imageCommand
        let plan = try self.plan(image: image) {
            $0.entrypoint = entrypoint
            $0.cmd = command
        }
        #expect(plan.spec.process?.args == expected)
    }

    @Test func noCommandIsSaid() {
        #expect(
            sentence(image: ContainerConfig()) { _ in }
                == "no command specified")
        var image = ContainerConfig()
        image.entrypoint = ["e"]
        image.cmd = ["c"]
        #expect(sentence(image: image) { $0.entrypoint = [""] }.hasPrefix("no command specified"))
    }

    @Test func theEnvironmentIsTheImagesAndThenTheUsers() throws {
        var image = ContainerConfig()
        image.cmd = ["sh"]
        image.env = ["PATH=/image", "A=image", "B=image"]
        let plan = try self.plan(image: image) {
            $0.tty = true
            $0.env = ["A=user", "B", "HOSTNAME=x", "A=again"]
        }
        #expect(plan.spec.process?.env == ["PATH=/image", "HOSTNAME=x", "TERM=xterm", "A=again"])
        #expect(plan.spec.process?.terminal == true)
    }

    @Test func theImageSaysWhatTheUserDoesNot() throws {
        var image = ContainerConfig()
        image.cmd = ["sh"]
        image.user = "app"
        image.workingDir = "srv//x/"
        image.stopSignal = "SIGQUIT"
        image.volumes = ["/data": EmptyObject()]
        let byImage = try plan(image: image)
        #expect(byImage.user.user == "app" && byImage.spec.process?.cwd == "/srv/x" && byImage.stopSignal == 3)
        #expect(byImage.directories == ["/srv/x"])
        let byUser = try plan(image: image) {
            $0.user = "1:2"
            $0.workingDir = "/w"
            $0.stopSignal = "9"
            $0.stopTimeout = 3
            $0.groupAdd = ["adm"]
        }
        #expect(byUser.user == .init(user: "1:2", additionalGroups: ["adm"]))
        #expect(byUser.spec.process?.cwd == "/w" && byUser.stopSignal == 9 && byUser.stopTimeout == 3)
        image.stopSignal = "NONSENSE"
        #expect(try plan(image: image).stopSignal == 15)
    }

    @Test func limitsStopAtTheCallersUnlessRoot() throws {
        let wanted = try Ulimit("nofile=100:5000")
        let facts: (inout HostFacts) -> Void = { $0.limit = { $0 == "nofile" ? (1024, 4096) : nil } }
        #expect(
            sentence(facts: facts) { $0.ulimits = [wanted] }
                == "cannot set ulimit nofile to 5000: your own hard limit is 4096, and only root of the host may go "
                + "beyond it"
        )
        let plan = try self.plan(mode: .host, facts: facts) { $0.ulimits = [wanted, try Ulimit("nofile=7")] }
        #expect(plan.spec.process?.rlimits == [.init(type: "RLIMIT_NOFILE", soft: 7, hard: 7)])
    }

    @Test func securityOptionsReachTheSpec() throws {
        let plan = try self.plan {
            $0.security.noNewPrivileges = true
            $0.security.seccomp = .unconfined
            $0.security.unmask = ["/proc/acpi", "/sys/*", "/proc/sys"]
            $0.security.mask = ["/opt/secret"]
        }
        #expect(plan.spec.process?.noNewPrivileges == true && plan.seccomp == .unconfined)
        let masked = try #require(plan.spec.linux?.maskedPaths)
        #expect(!masked.contains("/proc/acpi") && !masked.contains("/sys/firmware") && masked.contains("/opt/secret"))
        #expect(masked.contains("/sys/devices/virtual/powercap"))
        #expect(plan.spec.linux?.readonlyPaths?.contains("/proc/sys") == false)
        let all = try self.plan { $0.security.unmask = ["ALL"] }
        #expect(all.spec.linux?.maskedPaths == nil && all.spec.linux?.readonlyPaths == nil)
        let paths = try self.plan { $0.security.systemPathsUnconfined = true }
        #expect(paths.spec.linux?.maskedPaths == nil && paths.seccomp == .standard)
        #expect(
            sentence { $0.security.appArmorProfile = "mine" }
                == "--security-opt apparmor=mine is refused: AppArmor is not enabled on this host")
    }

    // MARK: namespaces

    @Test(arguments: [
        ("web", nil, "web"), ("web.example.org", nil, "web.example.org web"),
        ("web", "example.org", "web.example.org web"),
        ("a.b", "c", "a.b.c a"),
    ])
    func hostsHasTheWholeNameAndTheShortOne(_ hostname: String, _ domain: String?, _ names: String) throws {
        let plan = try self.plan {
            $0.hostname = hostname
            $0.domainname = domain
        }
        #expect(content(plan, "hosts")?.split(separator: "\n").last?.split(separator: "\t").last == names[...])
    }

    @Test func hostNamespacesHaveTheirConsequences() throws {
        let host = try self.plan {
            $0.networkMode = .host
            $0.pidMode = .host
            $0.ipcMode = .host
            $0.utsMode = .host
            $0.cgroupnsMode = .host
        }
        #expect(kinds(host) == [.mount])
        #expect(host.spec.hostname == nil && host.hostname == "machine" && host.network == .host)
        #expect(host.spec.process?.env?.contains("HOSTNAME=machine") == true)
        #expect(host.spec.linux?.sysctl == nil)
        #expect(mount(host, "/dev/shm")?.source == "/dev/shm" && mount(host, "/dev/shm")?.type == "bind")
        #expect(content(host, "resolv.conf") == "nameserver 192.0.2.53\nsearch example.org\n")
        #expect(content(host, "hosts") == "127.0.0.1 localhost\n192.0.2.9 printer\n")
        let root = try plan(mode: .host) { $0.networkMode = .host }
        #expect(root.spec.hostname == "machine")
    }

    @Test func conflictsAreSaid() {
        #expect(
            sentence {
                $0.utsMode = .host
                $0.hostname = "x"
            } == "conflicting options: hostname and the UTS mode")
        #expect(
            sentence {
                $0.ipcMode = .host
                $0.shmSize = 1
            }.hasPrefix("conflicting options: --shm-size"))
        #expect(
            sentence {
                $0.networkMode = .host
                $0.sysctls = ["net.core.somaxconn": "1"]
            } == "sysctl 'net.core.somaxconn' is not allowed in the network namespace of the host")
        #expect(
            sentence {
                $0.detach = true
                $0.attach = [.stdout]
            }.hasPrefix("conflicting options"))
        #expect(sentence { $0.hostname = String(repeating: "h", count: 65) }.hasPrefix("invalid hostname"))
    }

    @Test func noIpcMeansNoSharedMemory() throws {
        let plan = try self.plan { $0.ipcMode = .none }
        #expect(mount(plan, "/dev/shm") == nil && kinds(plan).contains(.ipc))
    }

    @Test func initIsOfItsOwnPidNamespaceOnly() throws {
        #expect(try plan { $0.initProcess = true }.usesInit)
        let host = try self.plan {
            $0.initProcess = true
            $0.pidMode = .host
        }
        #expect(!host.usesInit && host.warnings.count == 1)
    }

    // MARK: mounts

    @Test func readOnlyRootsKeepWhatMustBeWritable() throws {
        var image = ContainerConfig()
        image.cmd = ["sh"]
        image.volumes = ["/data": EmptyObject(), "/other": EmptyObject()]
        let plan = try self.plan(image: image) {
            $0.readonlyRootfs = true
            $0.mounts = [try MountOption(tmpfs: "/other")]
        }
        #expect(plan.spec.root?.readonly == true)
        #expect(mount(plan, "/etc/hosts")?.options?.contains("ro") == true)
        #expect(mount(plan, "/dev/shm")?.options?.contains("ro") == false)
        #expect(mount(plan, "/other")?.options?.contains("tmpcopyup") == false)
    }

    @Test func theUsersMountsTakeThePlaceOfTheDefaults() throws {
        let source = root.path + "/src"
        let plan = try self.plan {
            $0.mounts = [
                try MountOption(volume: "\(source):/a/b/c", relativeTo: "/"),
                try MountOption(tmpfs: "/a"), try MountOption(volume: "\(source):/etc/hosts:ro", relativeTo: "/"),
                try MountOption(volume: "\(source):/dev", relativeTo: "/"),
            ]
        }
        let places = try #require(plan.spec.mounts?.map(\.destination))
        #expect(places.filter { $0.hasPrefix("/dev") } == ["/dev"])
        #expect(places.firstIndex(of: "/a")! < places.firstIndex(of: "/a/b/c")!)
        #expect(mount(plan, "/etc/hosts")?.source == source && plan.files.map(\.name) == ["hostname", "resolv.conf"])
        #expect(mount(plan, "/etc/hosts")?.options == ["rbind", "rro", "rprivate"])
        #expect(mount(plan, "/a/b/c")?.options == ["rbind", "rprivate"])
        #expect(
            sentence { $0.mounts = [try MountOption(tmpfs: "/a"), try MountOption(tmpfs: "/a/")] }
                == "Duplicate mount point: /a")
    }

    @Test func missingSourcesAreMadeForVolumesAlone() throws {
        let source = root.path + "/new/deep"
        #expect(
            sentence { $0.mounts = [try MountOption(mount: "type=bind,source=\(source),target=/x", relativeTo: "/")] }
                == "invalid mount config for type \"bind\": bind source path does not exist: \(source)")
        #expect(!Files.exists(source))
        _ = try plan { $0.mounts = [try MountOption(volume: "\(source):/x", relativeTo: "/")] }
        #expect(try Files.status(source).isDirectory)
    }

    @Test func oldKernelsAreReadOnlyWhereTheyCan() throws {
        let source = root.path + "/src"
        let old: (inout HostFacts) -> Void = { $0.kernel = KernelVersion(5, 10) }
        let plan = try self.plan(facts: old) {
            $0.mounts = [try MountOption(volume: "\(source):/x:ro", relativeTo: "/")]
        }
        #expect(mount(plan, "/x")?.options == ["rbind", "ro", "rprivate"])
        #expect(
            sentence(facts: old) { $0.mounts = [try MountOption(volume: "\(source):/x:rro", relativeTo: "/")] }
                == "cannot mount \(source) recursively read-only: that needs Linux 5.12, this is 5.10")
    }

    @Test func propagationToTheHostIsRefused() throws {
        let source = root.path + "/src"
        #expect(
            sentence { $0.mounts = [try MountOption(volume: "\(source):/x:rshared", relativeTo: "/")] }
                .hasPrefix("bind propagation 'rshared' of /x is refused"))
        let slave = try plan { $0.mounts = [try MountOption(volume: "\(source):/x:rslave", relativeTo: "/")] }
        #expect(slave.spec.linux?.rootfsPropagation == "rslave" && mount(slave, "/x")?.options == ["rbind", "rslave"])
    }

    // MARK: devices and privileges

    @Test func privilegedHidesNothing() throws {
        let plan = try self.plan { $0.privileged = true }
        #expect(plan.spec.process?.capabilities?.bounding?.count == 41 && plan.seccomp == .unconfined)
        #expect(plan.spec.linux?.maskedPaths == nil && plan.spec.linux?.readonlyPaths == nil)
        #expect(mount(plan, "/sys")?.options?.contains("rw") == true)
        #expect(mount(plan, "/sys/fs/cgroup")?.options?.contains("rw") == true)
        let filtered = try self.plan {
            $0.privileged = true
            $0.security.seccomp = .standard
        }
        #expect(filtered.seccomp == .standard)
    }

    @Test func devicesAreBoundForUsersAndMadeForRoot() throws {
        // Every Linux has this one, with these numbers.
        let device = try DeviceOption("/dev/null:/dev/nothing")
        let real: (inout HostFacts) -> Void = { $0.root = "" }
        let user = try plan(facts: real) { $0.devices = [device] }
        #expect(mount(user, "/dev/nothing")?.source == "/dev/null" && user.spec.linux?.devices == nil)
        let places = try #require(user.spec.mounts?.map(\.destination))
        #expect(places.firstIndex(of: "/dev")! < places.firstIndex(of: "/dev/nothing")!)
        let root = try plan(mode: .host, facts: real) { $0.devices = [device] }
        let node = try #require(root.spec.linux?.devices?.first)
        #expect(node.path == "/dev/nothing" && node.type == "c" && node.major == 1 && node.minor == 3)
        let limited = try plan(
            mode: .host,
            facts: {
                $0.root = ""
                $0.canLimitDevices = true
            }
        ) { $0.devices = [try DeviceOption("/dev/null:r")] }
        #expect(
            limited.spec.linux?.resources?.devices?.last
                == .init(allow: true, type: "c", major: 1, minor: 3, access: "r"))
    }

    @Test func devicesThatCannotBeHadAreSaid() throws {
        let real: (inout HostFacts) -> Void = { $0.root = "" }
        #expect(
            sentence(facts: real) { $0.devices = [try DeviceOption("/dev/no-such-device")] }
                == "error gathering device information while adding custom device \"/dev/no-such-device\": no such "
                + "file or directory"
        )
        #expect(
            sentence(facts: real) { $0.devices = [try DeviceOption("/etc/passwd")] }
                == "/etc/passwd is no device, and has none below it")
        #expect(
            sentence(facts: real) { $0.devices = [try DeviceOption("/dev/null:r")] }.hasPrefix(
                "permission 'r' of device /dev/null is refused"))
        #expect(
            sentence { $0.deviceCgroupRules = [try DeviceCgroupRule("c 1:3 r")] }.hasPrefix(
                "--device-cgroup-rule is refused"))
    }

    // MARK: network

    @Test func withoutAHelperThereIsLoopbackAndASentence() throws {
        let missing: @Sendable () throws(EgressError) -> EgressHelper = { () throws(EgressError) in
            throw .missing(helper: "slirp4netns", package: "slirp4netns")
        }
        let plan = try self.plan(facts: { $0.egress = missing }, { _ in })
        #expect(plan.network == .loopback && plan.warnings.count == 1)
        #expect(plan.warnings[0].hasPrefix("the container has no network but loopback: slirp4netns is not installed"))
        #expect(try self.plan { $0.networkMode = .none }.warnings.isEmpty)
    }

    @Test func whatIsOnABridgeHasTheContainersOwnResolver() throws {
        func plan(_ change: (inout RunOptions) throws -> Void) throws -> LaunchPlan {
            try self.plan(facts: { $0.lacksBridges = false }, change)
        }
        let standard = try plan { _ in }
        #expect(standard.network == .bridged && standard.warnings.isEmpty)
        #expect(content(standard, "resolv.conf") == "nameserver 127.0.0.11\nsearch example.org\noptions ndots:0\n")
        // Its own line follows with its address.
        #expect(!(content(standard, "hosts") ?? "").contains(standard.hostname))
        #expect(standard.ownNames == standard.hostname)
        let asked = try plan { $0.dns = ["192.0.2.9"] }
        #expect((content(asked, "resolv.conf") ?? "").contains("nameserver 192.0.2.9\n"))
        let named = try plan {
            $0.networkMode = .network("mine")
            $0.dns = ["192.0.2.9"]
            $0.extraHosts = [try HostEntry("host:host-gateway")]
        }
        #expect((content(named, "resolv.conf") ?? "").contains("nameserver 127.0.0.11\n"))
        #expect((content(named, "hosts") ?? "").contains("172.17.0.1\thost\n"))
    }

    @Test func nameServersFollowTheNetwork() throws {
        #expect(content(try plan(), "resolv.conf") == "nameserver 10.0.2.3\nsearch example.org\n")
        #expect(
            content(try plan { $0.networkMode = .none }, "resolv.conf") == "nameserver 192.0.2.53\nsearch example.org\n"
        )
        #expect(
            content(try plan { $0.networkMode = .pasta(arguments: []) }, "resolv.conf")
                == "nameserver 192.0.2.53\nsearch example.org\n")
        let own = try plan {
            $0.dns = ["192.0.2.1", "::1"]
            $0.dnsSearch = ["."]
            $0.dnsOptions = ["ndots:3"]
        }
        #expect(content(own, "resolv.conf") == "nameserver 192.0.2.1\nnameserver ::1\noptions ndots:3\n")
    }

    @Test func nameServersOfTheHostsLoopbackAreOutOfReach() throws {
        try root.write("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\nsearch a b\n")
        let pasta = try plan { $0.networkMode = .pasta(arguments: ["-4"]) }
        #expect(pasta.network == .egress(.pasta(arguments: ["-4", "--dns-forward", "169.254.1.1"])))
        #expect(content(pasta, "resolv.conf") == "nameserver 169.254.1.1\nsearch a b\noptions edns0\n")
        try root.write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.7\nnameserver fe80::1%eth0\n")
        #expect(content(try plan { $0.networkMode = .none }, "resolv.conf") == "nameserver 192.0.2.7\n")
    }

    @Test func theHostsFileKnowsTheContainer() throws {
        let plan = try self.plan {
            $0.hostname = "web"
            $0.domainname = "example.org"
            $0.extraHosts = [try HostEntry("db:192.0.2.5")]
        }
        let hosts = try #require(content(plan, "hosts"))
        #expect(hosts.hasPrefix("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"))
        #expect(hosts.hasSuffix("192.0.2.5\tdb\n10.0.2.100\tweb.example.org web\n"))
        let asked = try self.plan { $0.dns = ["192.0.2.53", "127.0.0.53", "::1"] }
        #expect(asked.warnings == ["Localhost DNS (127.0.0.53) may fail in containers."])
        #expect(content(plan, "hostname") == "web\n" && plan.spec.domainname == "example.org")
        #expect(
            content(try self.plan { $0.networkMode = .none }, "hosts")?.hasSuffix("127.0.0.1\t0123456789ab\n") == true)
        #expect(
            content(
                try self.plan {
                    $0.networkMode = .none
                    $0.extraHosts = [try HostEntry("h:host-gateway")]
                }, "hosts")?.hasSuffix("172.17.0.1\th\n127.0.0.1\t0123456789ab\n") == true)
    }

    // MARK: users

    @Test func usersAreFilledInWithTheirHome() throws {
        var plan = try plan()
        try plan.apply(.init(uid: 5, gid: 6, additionalGids: [6, 7], home: "/home/x"), mode: .mapped)
        #expect(plan.spec.process?.user == .init(uid: 5, gid: 6, additionalGids: [6, 7]))
        #expect(plan.spec.process?.env?.last == "HOME=/home/x")
        var own = try self.plan { $0.env = ["HOME=/mine"] }
        try own.apply(.init(uid: 0, gid: 0, additionalGids: [0], home: "/root"), mode: .single)
        #expect(own.spec.process?.env?.filter { $0.hasPrefix("HOME=") } == ["HOME=/mine"])
        #expect(own.spec.process?.user == .init(uid: 0, gid: 0, additionalGids: nil))
    }

    @Test func usersBeyondTheMapAreRefused() throws {
        var plan = try plan()
        // One id is enough for one user, but not for groups besides its own.
        try plan.apply(.init(uid: 5, gid: 0, additionalGids: [0, 9], home: "/"), mode: .single)
        #expect(plan.spec.process?.user == .init(uid: 5, gid: 0, additionalGids: nil))
        let map = IDMap(
            users: [.init(containerID: 0, hostID: 1, size: 10)], groups: [.init(containerID: 0, hostID: 1, size: 5)])
        #expect(throws: OptionError("cannot run as user 10:0: the user is beyond the ids of /etc/subuid")) {
            try plan.apply(.init(uid: 10, gid: 0, additionalGids: [0], home: "/"), mode: .mapped, map: map)
        }
        #expect(throws: OptionError("cannot run as user 9:0: group 5 is beyond the ids of /etc/subgid")) {
            try plan.apply(.init(uid: 9, gid: 0, additionalGids: [0, 5], home: "/"), mode: .mapped, map: map)
        }
    }
}
