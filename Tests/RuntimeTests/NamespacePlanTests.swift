import Linux
import OCI
import Testing

@testable import Runtime

@Suite struct NamespacePlanTests {
    @Test func aPlainContainerIsMadeByOneClone() throws {
        let plan = try NamespacePlan([.init(.pid), .init(.mount), .init(.network), .init(.cgroup)])
        #expect(!plan.isStaged)
        #expect(plan.cloned == .pid)
        #expect(plan.unshared == [.mount, .network, .cgroup])
    }

    @Test func whatOnlyChildrenEnterTakesTwo() throws {
        #expect(try NamespacePlan([.init(.mount), .init(.user)]).isStaged)
        #expect(try NamespacePlan([.init(.mount), .init(.time)]).isStaged)
        #expect(try NamespacePlan([.init(.mount), .init(.pid, path: "/proc/1/ns/pid")]).isStaged)
        #expect(try !NamespacePlan([.init(.mount), .init(.network, path: "/proc/1/ns/net")]).isStaged)
        #expect(try NamespacePlan([.init(.pid), .init(.user)]).cloned == [])
    }

    @Test func theUserNamespaceIsJoinedFirstAndTheMountNamespaceLast() throws {
        let plan = try NamespacePlan([
            .init(.mount, path: "/m"), .init(.network, path: "/n"), .init(.user, path: "/u"),
        ])
        #expect(plan.joined.map(\.path) == ["/u", "/n", "/m"])
    }

    @Test func aTypeThatComesTwiceIsRefused() {
        #expect(throws: LaunchError.self) { try NamespacePlan([.init(.pid), .init(.pid, path: "/p")]) }
    }

    @Test func anEmptyPathMeansANewOne() throws {
        #expect(try NamespacePlan([.init(.uts, path: "")]).creates(.uts))
    }
}

@Suite struct SysctlNameTests {
    @Test(arguments: [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"), ("kernel/msgmax", "kernel/msgmax"),
    ])
    func theFirstSeparatorTellsWhichOneItIs(_ name: String, _ path: String) {
        #expect(SysctlName(name).path == path)
    }

    @Test func onlyWhatANamespaceHasIsTheContainers() {
        #expect(SysctlName("net.core.somaxconn").namespace == .network)
        #expect(SysctlName("kernel.shmmax").namespace == .ipc)
        #expect(SysctlName("fs.mqueue.msg_max").namespace == .ipc)
        #expect(SysctlName("kernel.domainname").namespace == .uts)
        #expect(SysctlName("kernel.core_pattern").namespace == nil)
        #expect(SysctlName("vm.swappiness").namespace == nil)
        #expect(SysctlName("networks.x").namespace == nil)
    }
}

@Suite struct CapabilityNamesTests {
    @Test(arguments: ["", "CAP_", "chown", "CHOWN", "CAP_CHOWNX", "cap_chown"])
    func otherNamesGrantNothing(_ name: String) {
        #expect(CapabilityNames.bits([name]) == 0)
        #expect(CapabilityNames.bits(["CAP_KILL", name]) == 1 << 5)
    }

    @Test func dockersDefaultIsItsWellKnownNumber() throws {
        let bits = CapabilityNames.bits(Container.defaultCapabilities)
        #expect(bits == 0xa804_25fb)
    }
}

@Suite struct SubordinateRangeTests {
    @Test func linesOfTheUserCountAndMalformedOnesAreNone() {
        let text = """
            # comment
            other:1:1
            me:100000:65536
            1000:300000:10
            me:+5:1
            me:5:-1
            me:5
            me:5:1:1
            me:7:0
            me:4294967296:1
            me:\r\n
            m\u{212a}:1:1

            """
        let ranges = SubordinateRange.ranges(in: Array(text.utf8), name: "me", uid: 1000)
        #expect(ranges == [.init(first: 100_000, count: 65_536), .init(first: 300_000, count: 10)])
        // A name is compared by its bytes: the last line's is KELVIN SIGN's, not K's.
        #expect(SubordinateRange.ranges(in: Array(text.utf8), name: "mK", uid: 7).isEmpty)
        #expect(SubordinateRange.ranges(in: Array(text.utf8), name: nil, uid: 1000).count == 1)
    }
}

@Suite struct NumberListTests {
    @Test func listsAreReadAsTheKernelWritesThem() {
        #expect(NumberList("0-2,7")?.numbers == [0, 1, 2, 7])
        #expect(NumberList("64,1")?.mask == [2, 1])
        for text in ["", "x", "1-", "-1", "3-1", "1,,2", "8192", "99999999999999999999"] {
            #expect(NumberList(text) == nil)
        }
    }

    @Test func aNumberPastAllUsersIsNobodys() {
        let map = IDMap(users: [.init(containerID: 0, hostID: .max - 1, size: 10)], groups: [])
        #expect(map.outerUser(1) == .max)
        #expect(map.outerUser(2) == nil)
    }

    @Test func onlyNamesThatTheKernelTakesAreDevices() {
        for name in ["eth0", "a", "fifteen-bytes-x", "0.7"] { #expect(NetworkDevice.isValid(name)) }
        for name in ["", ".", "..", "a/b", "a b", "a:1", "sixteen-bytes-xx", "a\n"] {
            #expect(!NetworkDevice.isValid(name))
        }
    }
}
