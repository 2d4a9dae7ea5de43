import Glibc
import Linux
import TestSupport
import Testing

/// Containers on networks, on a machine whose network is the test's own.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct BridgeTests {
    // One to a server, and one to a port that nobody has: that is told by ICMP.
    private static let datagrams = """
        import socket
        s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(10); s.connect(("\(NetworkLab.Address.server)", 7000))
        s.send(b"x" * 3000); print(s.recv(100).decode())
        t = socket.socket(type=socket.SOCK_DGRAM); t.settimeout(10); t.connect(("\(NetworkLab.Address.server)", 7001))
        t.send(b"x")
        try: t.recv(100)
        except ConnectionRefusedError: print("refused")
        """

    @Test(arguments: TestUser.available)
    func theDefaultNetworkIsDockers(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            let result = try apus([
                "run", "--rm", "busybox", "sh", "-c",
                "ip -4 addr show eth0; ip route; cat /etc/hosts /etc/resolv.conf; hostname",
            ])
            #expect(result.code == 0, "\(result)")
            #expect(result.text.contains("inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0"), "\(result)")
            #expect(result.text.contains("default via 172.17.0.1 dev eth0"), "\(result)")
            let name = result.lines.last ?? ""
            #expect(result.text.contains("172.17.0.2\t\(name)"), "\(result)")
        }
    }

    /// The container's process makes its root while the supervisor makes the interface, but for such.
    @Test(arguments: TestUser.available)
    func parametersOfAnInterfaceAreSetWhenItIsThere(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            let file = "/proc/sys/net/ipv4/conf/eth0/forwarding"
            #expect(try apus(["run", "--rm", "busybox", "cat", file]).text == "0\n")
            let result = try apus([
                "run", "--rm", "--sysctl", "net.ipv4.conf.eth0.forwarding=1", "busybox", "sh", "-c",
                "cat \(file); grep -c $(hostname) /etc/hosts",
            ])
            #expect(result.lines == ["1", "1"], "\(result)")
        }
    }

    @Test(arguments: TestUser.available)
    func connectionsToTheOutsideTellTheTruth(_ user: TestUser) throws {
        try withLab(user) { _, lab, apus in
            let server = try lab.serve(.outside, NetworkLab.echo(port: 7000, address: NetworkLab.Address.server))
            let script = """
                nc -w 5 \(NetworkLab.Address.server) 7000 </dev/null; echo "code $?"
                nc -w 5 \(NetworkLab.Address.server) 7001 </dev/null; echo "refused $?"
                nc -w 5 \(NetworkLab.Address.unreachable) 7000 </dev/null; echo "unreachable $?"
                ping -c 1 -W 5 \(NetworkLab.Address.server) >/dev/null; echo "ping $?"
                ping -c 1 -W 5 -s 4000 \(NetworkLab.Address.server) >/dev/null; echo "large $?"
                """
            let result = try apus(["run", "--rm", "busybox", "sh", "-c", script])
            #expect(result.lines.first?.hasPrefix("\(NetworkLab.Address.machine) ") == true, "\(result)")
            #expect(result.text.contains("code 0"), "\(result)")
            #expect(result.text.contains("refused 1"), "\(result)")
            #expect(result.errorText.contains("Connection refused"), "\(result)")
            #expect(result.errorText.contains("No route to host"), "\(result)")
            #expect(result.text.contains("ping 0") && result.text.contains("large 0"), "\(result)")
            let datagrams = try apus([
                "run", "--rm", "--read-only", "--rootfs", "/", "/usr/bin/python3", "-c", Self.datagrams,
            ])
            #expect(
                datagrams.text.contains("\(NetworkLab.Address.machine) ") && datagrams.text.contains("refused"),
                "\(datagrams)")
            server.send(SIGKILL)
        }
    }

    @Test(arguments: TestUser.available)
    func theHostIsReachedAndItsLoopbackIsNot(_ user: TestUser) throws {
        try withLab(user) { _, lab, apus in
            let open = try lab.serve(.machine, NetworkLab.echo(port: 7100))
            let local = try lab.serve(.machine, NetworkLab.echo(port: 7101, address: "127.0.0.1"))
            let script = """
                nc -w 5 host.docker.internal 7100 </dev/null && echo yes
                nc -w 5 host.docker.internal 7101 </dev/null || echo no
                nc -w 5 172.17.0.1 7101 </dev/null || echo no
                nc -w 5 gateway 7100 </dev/null && echo yes
                """
            let result = try apus(["run", "--rm", "--add-host", "gateway:host-gateway", "busybox", "sh", "-c", script])
            #expect(result.lines.filter { $0 == "yes" }.count == 2, "\(result)")
            #expect(result.lines.filter { $0 == "no" }.count == 2, "\(result)")
            open.send(SIGKILL)
            local.send(SIGKILL)
        }
    }

    @Test(arguments: TestUser.available)
    func containersOfANetworkKnowEachOtherByName(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            try apus.success("network", "create", "one")
            try apus.success("network", "create", "two")
            try apus.success(
                ["run", "-d", "--name", "web", "--network", "one", "--network-alias", "www", "busybox"]
                    + NetworkLab.answering("here"))
            try apus.success("exec", "web", "sh", "-c", NetworkLab.awaitingPort80)
            try apus.success("run", "-d", "--name", "other", "--network", "two", "busybox", "sleep", "1000")
            for name in ["web", "www", "WEB", "web.one"] {
                let reached = try apus("run", "--rm", "--network", "one", "busybox", "nc", "-w", "5", name, "80")
                #expect(reached.text == "here\n", "\(name): \(reached)")
            }
            let stranger = try apus("exec", "other", "nc", "-w", "5", "web", "80")
            #expect(stranger.code != 0 && stranger.text.isEmpty, "\(stranger)")
            let address =
                try apus(
                    "inspect", "--format", "{{.NetworkSettings.Networks.one.IPAddress}}", "web"
                ).lines.first ?? ""
            #expect(address.hasPrefix("172."), "\(address)")
            let across = try apus("exec", "other", "nc", "-w", "5", address, "80")
            #expect(across.code != 0 && across.text.isEmpty, "\(across)")
            let removal = try apus("network", "rm", "one")
            #expect(removal.code == 1 && removal.errorText.contains("has active endpoints"), "\(removal)")
            try apus.success("rm", "-f", "web", "other")
            try apus.success("network", "rm", "one", "two")
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerOfAnothersNetworkIsThatOne(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            #expect(try apus("run", "-d", "--name", "first", "busybox", "sleep", "1000").code == 0)
            let own = try apus("exec", "first", "sh", "-c", "hostname; ip -4 -o addr; cat /etc/hosts /etc/resolv.conf")
            let joined = try apus(
                "run", "--rm", "--network", "container:first", "busybox", "sh", "-c",
                "hostname; ip -4 -o addr; cat /etc/hosts /etc/resolv.conf")
            #expect(joined.code == 0 && joined.text == own.text, "\(joined)")
            #expect(try apus("rm", "-f", "first").code == 0)
            let gone = try apus("run", "--rm", "--network", "container:first", "busybox", "true")
            #expect(gone.code == 125, "\(gone)")
            #expect(
                gone.errorText.contains("joining network namespace of container: No such container: first"), "\(gone)")
        }
    }

    @Test(arguments: TestUser.available)
    func supervisorsThatAreKilledLeaveNothingInTheWay(_ user: TestUser) throws {
        try withLab(user) { sandbox, _, apus in
            for _ in 0..<3 {
                let started = try apus(
                    "run", "-d", "--name", "victim", "-p", "127.0.0.1:7200:80", "busybox", "sleep", "1000")
                #expect(started.code == 0, "\(started)")
                kill(try sandbox.supervisor(started.lines.first ?? ""), SIGKILL)
                #expect(try apus("rm", "-f", "victim").code == 0)
            }
            let after = try apus("run", "--rm", "busybox", "sh", "-c", "ip -4 -o addr show eth0")
            #expect(after.code == 0 && after.text.contains("172.17.0."), "\(after)")
        }
    }
}
