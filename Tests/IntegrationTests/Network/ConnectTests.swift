import Glibc
import Linux
import TestSupport
import Testing

/// Networks that containers come to and go from while they run.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct ConnectTests {
    @Test(arguments: TestUser.available)
    func aRunningContainerComesToANetworkAndGoes(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            for network in ["one", "two"] { #expect(try apus("network", "create", network).code == 0) }
            #expect(try apus("run", "-d", "--name", "first", "--network", "one", "busybox", "sleep", "1000").code == 0)
            #expect(try apus("run", "-d", "--name", "second", "--network", "two", "busybox", "sleep", "1000").code == 0)
            #expect(try apus("exec", "first", "ping", "-c1", "-W2", "second").code != 0)

            let joined = try apus("network", "connect", "--alias", "guest", "two", "first")
            #expect(joined.code == 0, "\(joined)")
            #expect(try apus("exec", "first", "ping", "-c1", "-W2", "second").code == 0)
            #expect(try apus("exec", "second", "ping", "-c1", "-W2", "guest").code == 0)
            let interfaces = try apus("exec", "first", "sh", "-c", "ip -4 addr show eth1; cat /etc/hosts; ip route")
                .text
            #expect(interfaces.contains("inet 172.19.0.3/16"), "\(interfaces)")
            #expect(interfaces.contains("172.19.0.3\t"), "\(interfaces)")
            #expect(interfaces.contains("default via 172.18.0.1 dev eth0"), "\(interfaces)")
            let format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}"
            #expect(try apus("inspect", "-f", format, "first").lines == ["one two "])
            let again = try apus("network", "connect", "two", "first")
            #expect(again.code == 1 && again.errorText.contains("already exists in network two"), "\(again)")

            let left = try apus("network", "disconnect", "one", "first")
            #expect(left.code == 0, "\(left)")
            let rest = try apus("exec", "first", "sh", "-c", "ip addr show eth0; cat /etc/hosts; ip route")
            #expect(!rest.text.contains("172.18."), "\(rest)")
            #expect(rest.text.contains("default via 172.19.0.1 dev eth1"), "\(rest)")
            #expect(try apus("exec", "first", "ping", "-c1", "-W2", "second").code == 0)
            #expect(try apus("network", "rm", "one").code == 0)

            // It is on the same one after it was started again.
            #expect(try apus("restart", "-t", "0", "first").code == 0)
            #expect(try apus("exec", "second", "ping", "-c1", "-W2", "guest").code == 0)
            #expect(try apus("inspect", "-f", format, "first").lines == ["two "])
            try apus("rm", "-f", "first", "second")
        }
    }

    @Test(arguments: TestUser.available)
    func theWayOutAndConnectionsStayWhereNetworksChange(_ user: TestUser) throws {
        try withLab(user) { sandbox, lab, apus in
            let server = try lab.serve(.outside, NetworkLab.echo(port: 7000, address: NetworkLab.Address.server))
            #expect(try apus("network", "create", "other").code == 0)
            #expect(try apus("network", "create", "--internal", "inner").code == 0)
            let script = "nc -ll -p 80 -e cat & (sleep 2; echo late) | nc 192.0.2.2 7300 > /got; sleep 1000"
            let echo = try lab.serve(
                .outside,
                """
                import socket
                s = socket.create_server(("192.0.2.2", 7300)); print("ready", flush=True)
                c, _ = s.accept(); data = c.recv(100); c.sendall(b"heard " + data); c.close()
                """)
            #expect(
                try apus(
                    "run", "-d", "--name", "box", "-p", "8080:80", "--network", "inner", "busybox", "sh", "-c",
                    "sleep 1000"
                ).code == 0)
            // Nothing is published where no network leads out.
            #expect(try apus("port", "box").text == "")
            try apus("rm", "-f", "box")
            #expect(try apus("run", "-d", "--name", "box", "-p", "8080:80", "busybox", "sh", "-c", script).code == 0)
            func isAnswered() throws -> Bool {
                try lab.shell(.machine, "echo hello | timeout 5 busybox nc 127.0.0.1 8080 || true").contains("hello")
            }
            try sandbox.eventually("it to hold", seconds: 10) { try isAnswered() }
            #expect(try apus("network", "connect", "other", "box").code == 0)
            #expect(try isAnswered())
            #expect(try apus("network", "disconnect", "bridge", "box").code == 0)
            // The port leads to its other address now, and so does the way out.
            #expect(try isAnswered())
            #expect(
                try apus("exec", "box", "nc", "-w", "5", NetworkLab.Address.server, "7000").text.contains("192.0.2.1"))
            #expect(try apus("network", "disconnect", "other", "box").code == 0)
            #expect(try apus("port", "box").text == "")
            #expect(try apus("exec", "box", "ip", "route").text == "")
            #expect(try apus("network", "connect", "bridge", "box").code == 0)
            #expect(try isAnswered())
            #expect(try apus("port", "box").text.contains("80/tcp -> 0.0.0.0:8080"))
            try apus("rm", "-f", "box")
            for program in [server, echo] { program.send(SIGKILL) }
        }
    }

    @Test(arguments: TestUser.available)
    func aConnectionOutlivesAnotherNetwork(_ user: TestUser) throws {
        try withLab(user) { sandbox, lab, apus in
            let server = try lab.serve(
                .outside,
                """
                import socket
                s = socket.create_server(("192.0.2.2", 7300)); print("ready", flush=True)
                c, _ = s.accept(); data = c.recv(100); c.sendall(b"heard " + data); c.close()
                """)
            #expect(try apus("network", "create", "other").code == 0)
            let script =
                "mkfifo /in; nc 192.0.2.2 7300 < /in > /got & exec 3> /in; echo up; read line; echo late >&3; wait; sleep 1000"
            #expect(try apus("run", "-di", "--name", "box", "busybox", "sh", "-c", script).code == 0)
            try sandbox.eventually("it to hold", seconds: 10) { try apus("logs", "box").text.contains("up") }
            #expect(try apus("network", "connect", "other", "box").code == 0)
            #expect(try apus("exec", "box", "sh", "-c", "echo late > /proc/1/fd/3").code == 0)
            try sandbox.eventually("it to hold", seconds: 10) {
                try apus("exec", "box", "cat", "/got").text.contains("heard late")
            }
            try apus("rm", "-f", "box")
            server.send(SIGKILL)
        }
    }

    @Test(arguments: TestUser.available)
    func whatCannotBeIsRefusedAndChangesNothing(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            #expect(try apus("network", "create", "--subnet", "10.88.0.0/24", "small").code == 0)
            #expect(try apus("run", "-d", "--name", "box", "busybox", "sleep", "1000").code == 0)
            let before = try apus("exec", "box", "sh", "-c", "ip addr; ip route; cat /etc/hosts").text
            for address in ["10.99.0.5", "10.88.0.1"] {
                let refused = try apus("network", "connect", "--ip", address, "small", "box")
                #expect(refused.code == 1 && !refused.errorText.isEmpty, "\(refused)")
            }
            #expect(try apus("exec", "box", "sh", "-c", "ip addr; ip route; cat /etc/hosts").text == before)
            let wanted = try apus("network", "connect", "--ip", "10.88.0.77", "small", "box")
            #expect(wanted.code == 0, "\(wanted)")
            #expect(try apus("exec", "box", "ip", "addr", "show", "eth1").text.contains("10.88.0.77/24"))
            try apus("rm", "-f", "box")
        }
    }

    @Test(arguments: TestUser.available)
    func aNetworkIsFreeWhenItsLastContainerHasEnded(_ user: TestUser) throws {
        try withLab(user) { sandbox, lab, apus in
            // Keeps the shared namespace, and with it the bridges of networks that are removed.
            #expect(try apus("run", "-d", "--name", "keeper", "busybox", "sleep", "1000").code == 0)
            for round in 0..<5 {
                #expect(try apus("network", "create", "passing").code == 0)
                let ran = try apus(
                    "run", "--rm", "--network", "passing", "busybox", "sh", "-c", "ip -4 addr show eth0")
                #expect(ran.text.contains("inet 172.18.0.2/16"), "\(ran)")
                let removed = try apus("network", "rm", "passing")
                #expect(removed.code == 0, "round \(round): \(removed)")
            }
            let rooms = "\(sandbox.runState)/network/endpoints"
            #expect(try Files.list(rooms).count == 1, "only the default network's")
            // The next one has the same addresses, and another bridge.
            #expect(try apus("network", "create", "last").code == 0)
            let server = try apus(
                "run", "-d", "--name", "server", "--network", "last", "-p", "8080:80", "busybox", "nc", "-ll", "-p",
                "80",
                "-e", "echo", "here")
            #expect(server.code == 0, "\(server)")
            try sandbox.eventually("it to hold", seconds: 10) {
                try lab.shell(.machine, "timeout 5 busybox nc 127.0.0.1 8080 </dev/null || true").contains("here")
            }
            try apus("rm", "-f", "keeper", "server")
        }
    }

    @Test(arguments: TestUser.available)
    func aNewNameIsKnownOnNetworksAtOnce(_ user: TestUser) throws {
        try withLab(user) { _, _, apus in
            #expect(try apus("network", "create", "shared").code == 0)
            for name in ["first", "second"] {
                let ran = try apus("run", "-d", "--name", name, "--network", "shared", "busybox", "sleep", "1000")
                #expect(ran.code == 0, "\(ran)")
            }
            #expect(try apus("rename", "first", "other").code == 0)
            for _ in 0..<2 {
                #expect(try apus("exec", "second", "ping", "-c1", "-W2", "other").code == 0)
                #expect(try apus("exec", "second", "ping", "-c1", "-W2", "first").code != 0)
                #expect(try apus("network", "inspect", "shared").text.contains("\"Name\": \"other\""))
                try apus("restart", "-t", "0", "other")
            }
            try apus("rm", "-f", "other", "second")
        }
    }
}
