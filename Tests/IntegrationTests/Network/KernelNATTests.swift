import Glibc
import Linux
import TestSupport
import Testing

/// Networks of root's whose packets the kernel forwards and translates (`-o nat=kernel`), on a machine whose network is the
/// test's own.
@Suite(.enabled(if: getuid() == 0, "needs root, whose networks these are"))
struct KernelNATTests {
    private static let server = NetworkLab.Address.server
    // As firewalld and ufw have them: nothing of it may change.
    private static let foreign = """
        nft -f - <<'END'
        table inet firewalld {
          chain filter_FORWARD { type filter hook forward priority 10; policy accept;
            ct state established,related accept
          }
        }
        table ip filter {
          chain ufw-before-forward { type filter hook forward priority 0; policy accept;
            counter
          }
        }
        END
        """
    private static let rules = "nft -s list ruleset"
    private static let python = ["--read-only", "--rootfs", "/", "/usr/bin/python3", "-uc"]

    private func withForwarding(
        _ body: (Sandbox, NetworkLab, LabExecutable) throws -> Void
    ) throws {
        try withLab(.root) { sandbox, lab, apus in
            try lab.shell(.machine, "echo 1 >/proc/sys/net/ipv4/ip_forward")
            try body(sandbox, lab, apus)
        }
    }

    private func state(_ lab: NetworkLab) throws -> String {
        try lab.shell(
            .machine,
            """
            \(Self.rules); ip -o link | cut -d: -f2; ip -4 route show table all; ip rule; ip neigh show nud permanent
            """)
    }

    // What ends with a namespace ends a moment after it.
    private func waitForState(_ lab: NetworkLab, _ expected: String) throws {
        for _ in 0..<200 {
            if try state(lab) == expected { return }
            RunningProgram.pause()
        }
        throw TestFailure("the machine's network is not as it was:\n\(try state(lab))\nbut it was:\n\(expected)")
    }

    @Test func theOutsideSeesTheMachinesAddressAndThePathIsTheKernels() throws {
        try withForwarding { _, lab, apus in
            let server = try lab.serve(.outside, NetworkLab.echo(port: 7000, address: Self.server))
            try apus.success("network", "create", "-o", "nat=kernel", "routed")
            #expect(
                try apus("network", "inspect", "-f", "{{index .Options \"nat\"}}", "routed").text == "kernel\n")
            let script = """
                nc -w 5 \(Self.server) 7000 </dev/null; echo "code $?"
                nc -w 5 \(Self.server) 7001 </dev/null; echo "refused $?"
                nc -w 5 \(NetworkLab.Address.unreachable) 7000 </dev/null; echo "unreachable $?"
                ping -c 1 -W 5 \(Self.server); echo "ping $?"
                ping -c 1 -W 5 -s 4000 \(Self.server) >/dev/null; echo "large $?"
                """
            let result = try apus("run", "--rm", "--network", "routed", "busybox", "sh", "-c", script)
            #expect(result.lines.first?.hasPrefix("\(NetworkLab.Address.machine) ") == true, "\(result)")
            #expect(result.text.contains("code 0") && result.text.contains("refused 1"), "\(result)")
            #expect(result.errorText.contains("Connection refused"), "\(result)")
            #expect(result.errorText.contains("No route to host"), "\(result)")
            #expect(result.text.contains("ping 0") && result.text.contains("large 0"), "\(result)")
            // The gate answers as a neighbour; two hops have passed this one on.
            #expect(result.text.contains("ttl=62"), "\(result)")
            let datagrams = try apus(
                ["run", "--rm", "--network", "routed"] + Self.python + [
                    """
                    import socket
                    s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(10); s.connect(("\(Self.server)", 7000))
                    s.send(b"x" * 3000); print(s.recv(100).decode())
                    t = socket.socket(type=socket.SOCK_DGRAM); t.settimeout(10); t.connect(("\(Self.server)", 7001)); t.send(b"x")
                    try: t.recv(100)
                    except ConnectionRefusedError: print("refused")
                    """
                ])
            #expect(
                datagrams.text.hasPrefix("\(NetworkLab.Address.machine) ") && datagrams.text.contains(" 3000\n")
                    && datagrams.text.contains("refused"), "\(datagrams)")
            server.send(SIGKILL)
        }
    }

    // At the very port of the outside that another container's gate has here: its listener takes any address.
    @Test func muchArrivesAsItWasSent() throws {
        try withForwarding { sandbox, lab, apus in
            try apus.success("network", "create", "-o", "nat=kernel", "routed")
            try apus.success("run", "-d", "--name", "gated", "busybox", "sleep", "1000")
            let listeners = try lab.shell(
                .machine,
                """
                cd \(sandbox.runState)/network/holders
                for pid in *; do link=$(readlink $pid); nsenter --net=/proc/$pid/fd/${link%%:*} ss -4Hltn; done
                """)
            let port = try #require(listeners.firstMatch(of: /0\.0\.0\.0:([0-9]+)/)?.1, "\(listeners)")
            let server = try lab.serve(
                .outside,
                """
                import socket
                t = socket.socket(); t.bind(("\(Self.server)", \(port))); t.listen(5)
                print("ready")
                c = t.accept()[0]
                while True:
                    data = c.recv(65536)
                    if not data: break
                    c.sendall(data)
                c.close()
                """)
            let client = """
                import socket, threading, random
                block = random.Random(7).randbytes(1 << 20)
                s = socket.create_connection(("\(Self.server)", \(port)), 10)
                def send():
                    for _ in range(64): s.sendall(block)
                    s.shutdown(socket.SHUT_WR)
                threading.Thread(target=send).start()
                got = 0; right = True
                while True:
                    data = s.recv(1 << 20)
                    if not data: break
                    place = got % len(block); part = (block + block)[place:place + len(data)]
                    right = right and part == data
                    got += len(data)
                print(got, right)
                """
            let result = try apus(["run", "--rm", "--network", "routed"] + Self.python + [client])
            #expect(result.text == "67108864 True\n", "\(result)")
            server.send(SIGKILL)
            try apus.success("rm", "-f", "gated")
        }
    }

    @Test func publishedPortsSeeTheirClients() throws {
        try withForwarding { _, lab, apus in
            try apus.success("network", "create", "-o", "nat=kernel", "routed")
            let started = try apus(
                ["run", "-d", "--name", "server", "--network", "routed", "-p", "7300:7300", "-p", "7300:7300/udp"]
                    + Self.python + [NetworkLab.echo(port: 7300)])
            #expect(started.code == 0, "\(started)")
            while !(try apus("logs", "server").text.contains("ready")) { RunningProgram.pause() }
            let asked = try lab.shell(
                .outside,
                """
                /usr/bin/python3 -c '
                import socket
                for _ in range(3):
                    s = socket.create_connection(("\(NetworkLab.Address.machine)", 7300), 5); s.settimeout(10)
                    assert s.recv(100).decode() == "%s %d\\n" % s.getsockname(), "tcp"
                s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(10); s.connect(("\(NetworkLab.Address.machine)", 7300))
                s.send(b"hello"); assert s.recv(100).decode() == "%s %d 5" % s.getsockname(), "udp"
                print("right")'
                """)
            #expect(asked == "right\n", "\(asked)")
            // By its own address it is the machine's alone to reach, whatever routes others have.
            let own = try lab.shell(.machine, "busybox nc -w 5 172.18.0.2 7300 </dev/null")
            #expect(own.hasPrefix("\(NetworkLab.Address.machine) "), "\(own)")
            let stranger = try lab.shell(
                .outside,
                """
                ip route add 172.18.0.0/16 via \(NetworkLab.Address.machine)
                busybox nc -w 1 172.18.0.2 7300 </dev/null || echo kept out
                """)
            #expect(stranger == "kept out\n", "\(stranger)")
            try apus.success("rm", "-f", "server")
        }
    }

    @Test func networksAreApartAndTheMachineIsReached() throws {
        try withForwarding { _, lab, apus in
            let open = try lab.serve(.machine, NetworkLab.echo(port: 7100))
            let local = try lab.serve(.machine, NetworkLab.echo(port: 7101, address: "127.0.0.1"))
            for name in ["one", "two"] { try apus.success("network", "create", "-o", "nat=kernel", name) }
            try apus.success("network", "create", "gated")
            for name in ["one", "two", "gated"] {
                try apus.success(
                    ["run", "-d", "--name", "in-\(name)", "--network", name, "busybox"] + NetworkLab.answering("here"))
                try apus.success("exec", "in-\(name)", "sh", "-c", NetworkLab.awaitingPort80)
            }
            let script = """
                for a in 172.18.0.2 172.19.0.2 172.20.0.2; do nc -w 2 $a 80 </dev/null || echo "$a no"; done
                nc -w 5 host.docker.internal 7100 </dev/null && echo host
                nc -w 5 \(NetworkLab.Address.machine) 7100 </dev/null && echo machine
                nc -w 5 172.18.0.1 7101 </dev/null || echo loopback no
                nc -w 5 in-one 80 </dev/null
                """
            let from = try apus("run", "--rm", "--network", "one", "busybox", "sh", "-c", script)
            #expect(from.text.contains("172.19.0.2 no") && from.text.contains("172.20.0.2 no"), "\(from)")
            #expect(from.text.contains("host\n") && from.text.contains("machine\n"), "\(from)")
            #expect(from.text.contains("loopback no") && !from.text.contains("172.18.0.2 no"), "\(from)")
            #expect(from.lines.filter { $0 == "here" }.count == 2, "\(from)")
            let other = try apus(
                "run", "--rm", "--network", "gated", "busybox", "sh", "-c",
                "for a in 172.18.0.2 172.19.0.2; do nc -w 2 $a 80 </dev/null || echo no; done")
            #expect(other.text == "no\nno\n", "\(other)")
            // Nothing of a network that goes by the gate takes the uplink.
            let gated = try apus("exec", "in-gated", "ping", "-c", "1", "-W", "5", Self.server)
            #expect(gated.code == 0 && !gated.text.contains("ttl=62"), "\(gated)")
            open.send(SIGKILL)
            local.send(SIGKILL)
            try apus.success("rm", "-f", "in-one", "in-two", "in-gated")
        }
    }

    @Test func nothingIsLeftAndNothingOfOthersChanges() throws {
        try withForwarding { sandbox, lab, apus in
            try lab.shell(.machine, Self.foreign)
            let before = try state(lab)
            let foreign = try lab.shell(.machine, Self.rules)
            try apus.success("network", "create", "-o", "nat=kernel", "routed")
            #expect(try state(lab) == before)
            try apus.success("run", "-d", "--name", "first", "--network", "routed", "busybox", "sleep", "1000")
            try apus.success("run", "-d", "--name", "second", "--network", "routed", "busybox", "sleep", "1000")
            var during = try lab.shell(.machine, Self.rules)
            #expect(during.hasPrefix(foreign), "\(during)")
            #expect(during.components(of: "masquerade") == 2, "\(during)")
            try apus.success("stop", "-t", "0", "second")
            during = try lab.shell(.machine, Self.rules + "; ip route")
            #expect(during.hasPrefix(foreign) && during.components(of: "masquerade") == 1, "\(during)")
            #expect(during.contains("172.18.0.2 ") && !during.contains("172.18.0.3 "), "\(during)")
            try apus.success("rm", "-f", "first", "second")
            try waitForState(lab, before)

            // Killed at any moment, the supervisor leaves nothing but what it has written down.
            for _ in 0..<3 {
                try apus.success("run", "-d", "--name", "killed", "--network", "routed", "busybox", "sleep", "1000")
                #expect(try state(lab) != before)
                let holders = try Files.list("\(sandbox.runState)/network/holders")
                #expect(holders.count == 1)
                for holder in holders { if let pid = pid_t(holder) { kill(pid, SIGKILL) } }
                try waitForState(lab, before)
                try apus.success("rm", "-f", "killed")
            }
            let again = try apus(
                "run", "--rm", "--network", "routed", "busybox", "ping", "-c", "1", "-W", "5", Self.server)
            #expect(again.code == 0, "\(again)")
            try waitForState(lab, before)
            #expect(try apus("system", "check").code == 0)
        }
    }

    @Test func aContainerComesToItAndGoes() throws {
        try withForwarding { _, lab, apus in
            let path = "ping -c 1 -W 5 \(Self.server) | grep -o ttl=62"
            for (name, options) in [("plain", []), ("routed", ["-o", "nat=kernel"])] as [(String, [String])] {
                #expect(try apus(["network", "create"] + options + [name]).code == 0)
            }
            let before = try state(lab)
            try apus.success("run", "-d", "--name", "guest", "--network", "plain", "busybox", "sleep", "1000")
            #expect(try apus("exec", "guest", "sh", "-c", path).text.isEmpty)
            #expect(try state(lab) == before)
            try apus.success("network", "connect", "--gw-priority", "1", "routed", "guest")
            #expect(try apus("exec", "guest", "sh", "-c", path).text == "ttl=62\n")
            // Whoever clears away the rules of everybody does not get these.
            try lab.shell(.machine, "nft flush ruleset")
            #expect(try lab.shell(.machine, Self.rules).components(of: "masquerade") == 1)
            try apus.success("network", "disconnect", "plain", "guest")
            #expect(try apus("exec", "guest", "sh", "-c", path).text == "ttl=62\n")
            try apus.success("network", "connect", "plain", "guest")
            try apus.success("network", "disconnect", "routed", "guest")
            #expect(try apus("exec", "guest", "ping", "-c", "1", "-W", "5", Self.server).code == 0)
            #expect(try apus("exec", "guest", "sh", "-c", path).text.isEmpty)
            let rest = try lab.shell(.machine, Self.rules + "; ip route")
            #expect(!rest.contains("masquerade") && !rest.contains("172."), "\(rest)")
            try apus.success("network", "connect", "routed", "guest")
            try apus.success("restart", "-t", "0", "guest")
            #expect(try lab.shell(.machine, Self.rules).components(of: "masquerade") == 1)
            try apus.success("rm", "-f", "guest")
            try waitForState(lab, before)
        }
    }

    // What a network takes less of than the machine is told to senders outside.
    @Test func aSmallerNetworkIsToldToSenders() throws {
        try withForwarding { _, lab, apus in
            let server = try lab.serve(
                .outside,
                """
                import errno, socket
                u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("\(Self.server)", 7000))
                u.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
                print("ready")
                while True:
                    data, peer = u.recvfrom(100)
                    try: u.sendto(b"x" * 1440, peer)
                    except OSError as error: u.sendto(errno.errorcode[error.errno].encode(), peer)
                """)
            try apus.success(
                "network", "create", "-o", "nat=kernel", "-o", "com.docker.network.driver.mtu=1400", "small")
            let client = """
                import socket
                s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1); s.connect(("\(Self.server)", 7000))
                for _ in range(20):
                    s.send(b"x")
                    try: print(s.recv(2000)); break
                    except TimeoutError: pass
                """
            let told = try apus(["run", "--rm", "--network", "small"] + Self.python + [client])
            #expect(told.text == "b'EMSGSIZE'\n", "\(told)")
            server.send(SIGKILL)
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        try withLab(.root) { _, lab, apus in
            func refusal(_ words: String...) throws -> String {
                let result = try apus(["network", "create", "-o", "nat=kernel"] + words + ["net"])
                #expect(result.code == 1, "\(result)")
                return result.errorText
            }
            #expect(try refusal("--internal").contains("nothing leaves an internal network"))
            #expect(try refusal("--egress", "none").contains("--egress is enforced by the gate"))
            #expect(try refusal("--ipv6", "--ipv4=false").contains("the kernel translates IPv4 alone"))
            #expect(try refusal("--subnet", "192.0.2.128/25").contains("overlaps 192.0.2.0/24"))
            #expect(try apus("network", "create", "-o", "nat=other", "net").errorText.contains("it is gate"))
            #expect(
                try apus("network", "create", "-o", "com.docker.network.bridge.name=apus-uplink", "net").code == 1)
            try apus.success("network", "create", "-o", "nat=kernel", "--subnet", "10.77.0.0/24", "net")
            let before = try state(lab)
            let still = try apus("run", "--rm", "--network", "net", "busybox", "true")
            #expect(still.code == 125 && still.errorText.contains("net.ipv4.ip_forward=1"), "\(still)")
            try lab.shell(
                .machine,
                "echo 1 >/proc/sys/net/ipv4/ip_forward; ip route add 10.0.0.0/8 via \(NetworkLab.Address.outside)")
            let overlap = try apus("run", "--rm", "--network", "net", "busybox", "true")
            #expect(overlap.code == 125 && overlap.errorText.contains("overlaps 10.0.0.0/8"), "\(overlap)")
            try lab.shell(.machine, "ip route del 10.0.0.0/8")
            try waitForState(lab, before)
            try apus.success("network", "create", "--egress", "none", "closed")
            let both = try apus("run", "--rm", "--network", "net", "--network", "closed", "busybox", "true")
            #expect(both.code == 125 && both.errorText.contains("egress rules of network closed"), "\(both)")
            try apus.success("run", "-d", "--name", "held", "--network", "closed", "busybox", "sleep", "1000")
            let connected = try apus("network", "connect", "net", "held")
            #expect(connected.code == 1 && connected.errorText.contains("egress rules"), "\(connected)")
            try apus.success("rm", "-f", "held")
        }
    }

    @Test func version6GoesByTheGateStill() throws {
        try withForwarding { _, lab, apus in
            let server = try lab.serve(
                .outside, NetworkLab.echo(port: 7000, address: NetworkLab.Address.outside6, v6: true))
            try apus.success("network", "create", "-o", "nat=kernel", "--ipv6", "both")
            let asked = try apus(
                "run", "--rm", "--network", "both", "busybox", "sh", "-c",
                "nc -w 5 \(NetworkLab.Address.outside6) 7000 </dev/null; ping -c 1 -W 5 \(Self.server) | grep -o ttl=62"
            )
            #expect(asked.text.hasPrefix("\(NetworkLab.Address.machine6) "), "\(asked)")
            #expect(asked.lines.last == "ttl=62", "\(asked)")
            server.send(SIGKILL)
        }
    }

    @Test(.enabled(if: TestUser.available.contains(.ordinary), "there is no ordinary user"))
    func itIsRootsAlone() throws {
        try withSandbox(.ordinary) { sandbox in
            let made = try sandbox.apus("network", "create", "-o", "nat=kernel", "net")
            #expect(made.code == 1 && made.errorText.contains("root's"), "\(made)")
        }
        try withSandbox(.root) { sandbox in
            let inside = try sandbox.apus(
                behind: ["/usr/bin/unshare", "--user", "--map-root-user", "--net"],
                ["network", "create", "-o", "nat=kernel", "net"])
            #expect(inside.code == 1 && inside.errorText.contains("root's"), "\(inside)")
        }
    }
}

extension String {
    fileprivate func components(of word: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
