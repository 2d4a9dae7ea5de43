import Glibc
import Linux
import TestSupport
import Testing

/// What networks and endpoints can be told with options of their driver, and what they refuse.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct OptionTests {
    @Test(arguments: TestUser.available)
    func optionsOfABridgeAreKept(_ user: TestUser) throws {
        try withLab(user) { _, lab, apus in
            let made = try apus(
                "network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "-o",
                "com.docker.network.driver.mtu=1400", "-o", "com.docker.network.container_iface_prefix=net", "-o",
                "com.docker.network.bridge.host_binding_ipv4=127.0.0.1", "-o", "com.docker.network.bridge.name=mine",
                "apart")
            #expect(made.code == 0, "\(made)")
            let first = try apus(
                "run", "-d", "--name", "first", "--network", "apart", "-p", "8080:80", "busybox", "sleep", "1000")
            #expect(first.code == 0, "\(first)")
            #expect(try apus("port", "first").text == "80/tcp -> 127.0.0.1:8080\n")
            let second = try apus(
                "run", "--rm", "--network", "name=apart,driver-opt=com.docker.network.endpoint.ifname=other", "busybox",
                "sh", "-c",
                "ip link show other; ping -c1 -W1 first; echo first $?; ping -c1 -W5 172.18.0.1; echo out $?")
            #expect(second.text.contains("mtu 1400") && second.text.contains("out 0"), "\(second)")
            #expect(second.text.contains("first 1"), "\(second)")
            #expect(try apus("exec", "first", "ip", "link", "show", "net0").code == 0)
            let same = try apus("network", "create", "-o", "com.docker.network.bridge.name=mine", "again")
            #expect(same.code == 1 && same.errorText.contains("networks have same bridge name"), "\(same)")
            _ = try apus("rm", "-f", "first")
        }
    }

    @Test(
        arguments: [
            "com.docker.network.bridge.name=much-too-long-a-name", "com.docker.network.bridge.name=a/b",
            "com.docker.network.driver.mtu=10", "com.docker.network.driver.mtu=99999999",
            "com.docker.network.bridge.gateway_mode_ipv4=routed",
            "com.docker.network.bridge.gateway_mode_ipv4=isolated",
            "com.docker.network.bridge.enable_ip_masquerade=false", "com.docker.network.bridge.inhibit_ipv4=true",
            "com.docker.network.container_iface_prefix=a/b", "com.docker.network.container_iface_prefix=a:b",
            "com.docker.network.container_iface_prefix=much-too-long", "com.docker.network.bridge.name=a%d",
            "com.docker.network.bridge.name=a b", "com.docker.network.bridge.name=..",
        ])
    func whatCannotBeKeptIsRefused(_ option: String) throws {
        try withSandbox(.root) { sandbox in
            let made = try sandbox.apus("network", "create", "-o", option, "net")
            #expect(made.code == 1 && !made.errorText.isEmpty, "\(made)")
            #expect(!(try sandbox.apus("network", "ls").text.contains(" net ")))
        }
    }

    // The resolver answers at 127.0.0.11, port 53, all the same.
    @Test(arguments: TestUser.available)
    func aServerOfNamesCanRunInAContainer(_ user: TestUser) throws {
        let script = """
            import socket, subprocess
            u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("", 53))
            t = socket.socket(); t.bind(("", 53)); t.listen()
            for how in ["+notcp", "+tcp"]:
                print(how, subprocess.run(["dig", how, "+short", "web"], capture_output=True, text=True).stdout)
            """
        try withLab(user) { _, _, apus in
            #expect(try apus("network", "create", "names").code == 0)
            #expect(try apus("run", "-d", "--name", "web", "--network", "names", "busybox", "sleep", "1000").code == 0)
            let asked = try apus(
                "run", "--rm", "--network", "names", "--read-only", "--rootfs", "/", "/usr/bin/python3", "-c", script)
            #expect(asked.text == "+notcp 172.18.0.2\n\n+tcp 172.18.0.2\n\n", "\(asked)")
            _ = try apus("rm", "-f", "web")
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerOfOneThatIsAnothersIsThatOnes(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            let first = try apus(
                "run", "-d", "--name", "first", "--hostname", "here", "--network",
                "name=bridge,link-local-ip=169.254.7.7", "busybox", "sleep", "1000")
            #expect(first.code == 0, "\(first)")
            #expect(try apus("exec", "first", "ip", "addr").text.contains("inet 169.254.7.7/16"))
            let second = try apus(
                "run", "-d", "--name", "second", "--network", "container:first", "busybox", "sleep", "1000")
            #expect(second.code == 0, "\(second)")
            let third = try apus(
                "run", "--rm", "--network", "container:second", "busybox", "sh", "-c", "hostname; ip addr")
            #expect(third.code == 0 && third.text.contains("here\n") && third.text.contains("172.17.0.2"), "\(third)")
            _ = try apus("rm", "-f", "first", "second")
        }
    }

    @Test func whatARemovalThatWasCutShortLeftIsPruned() throws {
        try withSandbox(.root) { sandbox in
            #expect(try sandbox.apus("network", "create", "net").code == 0)
            let id = try sandbox.apus("network", "inspect", "-f", "{{.ID}}", "net").lines[0]
            #expect(try sandbox.apus("network", "rm", "net").code == 0)
            let room = "\(sandbox.runState)/network/endpoints/\(id)"
            try Files.makeDirectories(room, mode: 0o700)
            try Files.write([], to: room + "/.lock", mode: 0o600)
            let checked = try sandbox.apus("system", "check")
            #expect(checked.code == 1 && checked.errorText.contains("belongs to a network that is gone"), "\(checked)")
            #expect(try sandbox.apus("system", "prune", "-f").code == 0)
            #expect(!Files.exists(room))
            #expect(try sandbox.apus("system", "check").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func theFirstContainerMayComeAfterANetworkThatIsGone(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            #expect(try apus("network", "create", "net").code == 0)
            #expect(try apus("network", "rm", "net").code == 0)
            let ran = try apus("run", "--rm", "busybox", "true")
            #expect(ran.code == 0 && ran.errorText.isEmpty, "\(ran)")
        }
    }
}
