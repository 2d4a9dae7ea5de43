import Glibc
import Linux
import TestSupport
import Testing

/// Rules for the way out, and networks without one.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct EgressRuleTests {
    // Each line of what it prints says what became of one try.
    private static let tries = """
        import socket
        def tcp(address, port):
            try:
                s = socket.create_connection((address, port), 10); s.settimeout(10); s.recv(10); return "reached"
            except OSError as error: return type(error).__name__ + " " + str(error.errno)
        def udp(address, port):
            s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(3)
            try: s.connect((address, port)); s.send(b"x"); s.recv(10); return "reached"
            except OSError as error: return "refused"
        print("allowed", tcp("\(NetworkLab.Address.server)", 7600))
        print("port", tcp("\(NetworkLab.Address.server)", 7601))
        print("address", tcp("\(NetworkLab.Address.outside)", 7600))
        print("datagram", udp("\(NetworkLab.Address.server)", 7601))
        print("host", tcp("172.17.0.1", 7602))
        try: socket.getaddrinfo("somewhere.example.test", 80); print("name resolved")
        except OSError: print("name refused")
        """

    private func lines(_ sandbox: Sandbox, _ machine: [String], _ flags: [String]) throws -> [String] {
        let result = try sandbox.apus(
            behind: machine,
            ["run", "--rm"] + flags + ["--read-only", "--rootfs", "/", "/usr/bin/python3", "-c", Self.tries])
        #expect(result.code == 0, "\(result)")
        return result.lines
    }

    @Test(arguments: TestUser.available)
    func onlyWhatARuleAllowsIsReached(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            let first = try lab.serve(.outside, NetworkLab.echo(port: 7600))
            let second = try lab.serve(.outside, NetworkLab.echo(port: 7601))
            let host = try lab.serve(.machine, NetworkLab.echo(port: 7602))
            func make(_ words: String...) throws {
                let result = try sandbox.apus(behind: machine, ["network", "create"] + words)
                #expect(result.code == 0, "\(result)")
            }
            try make("--egress", "allow=\(NetworkLab.Address.server):7600", "some")
            // 113 is EHOSTUNREACH, which ICMP's "administratively prohibited" becomes.
            #expect(
                try lines(sandbox, machine, ["--network", "some"]) == [
                    "allowed reached", "port OSError 113", "address OSError 113", "datagram refused",
                    "host OSError 113",
                    "name refused",
                ])
            try make("--egress", "none", "nothing")
            let refused = try lines(sandbox, machine, ["--network", "nothing"])
            #expect(refused.first == "allowed OSError 113" && refused.last == "name refused", "\(refused)")
            // For one container, on a network that has no rules.
            try make("open")
            let single = try lines(sandbox, machine, ["--network", "name=open,driver-opt=egress=none"])
            #expect(single.first == "allowed OSError 113", "\(single)")
            #expect(try lines(sandbox, machine, ["--network", "open"]).first == "allowed reached")
            let wrong = try sandbox.apus(
                behind: machine, ["run", "--rm", "--network", "name=open,driver-opt=egress=some", "busybox", "true"])
            #expect(wrong.code == 125 && wrong.errorText.contains("invalid egress rules 'some'"), "\(wrong)")
            for server in [first, second, host] { server.send(SIGKILL) }
        }
    }

    @Test(arguments: TestUser.available)
    func refusalsAreWrittenDown(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            let id = try sandbox.apus(
                behind: machine,
                [
                    "run", "-d", "--name", "one", "--network", "name=bridge,driver-opt=egress=none", "busybox", "sh",
                    "-c",
                    "nc -w 3 \(NetworkLab.Address.server) 7700 </dev/null; nslookup nobody.example.test; true",
                ])
            #expect(id.code == 0, "\(id)")
            #expect(try sandbox.apus(behind: machine, ["wait", "one"]).text == "0\n")
            let log = try Files.readText("\(sandbox.store)/containers/\(id.lines.first ?? "")/egress.log")
            #expect(log.contains("egress refused: TCP to \(NetworkLab.Address.server) port 7700"), "\(log)")
            #expect(log.contains("egress refused: the name nobody.example.test"), "\(log)")
            #expect(try sandbox.apus(behind: machine, ["rm", "one"]).code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func anInternalNetworkHasNoWayOut(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            #expect(try sandbox.apus(behind: machine, ["network", "create", "--internal", "inner"]).code == 0)
            let server = try sandbox.apus(
                behind: machine,
                ["run", "-d", "--name", "web", "--network", "inner", "busybox"] + NetworkLab.answering("here"))
            #expect(server.code == 0, "\(server)")
            let ready = try sandbox.apus(
                behind: machine, ["exec", "web", "sh", "-c", NetworkLab.awaitingPort80])
            #expect(ready.code == 0, "\(ready)")
            let result = try sandbox.apus(
                behind: machine,
                [
                    "run", "--rm", "--network", "inner", "busybox", "sh", "-c",
                    "nc -w 5 web 80; nc -w 5 \(NetworkLab.Address.server) 80; true",
                ])
            #expect(result.text == "here\n" && result.errorText.contains("Network is unreachable"), "\(result)")
            #expect(try sandbox.apus(behind: machine, ["rm", "-f", "web"]).code == 0)
        }
    }
}
