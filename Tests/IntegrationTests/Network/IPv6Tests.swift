import Glibc
import Linux
import TestSupport
import Testing

/// Networks with addresses of both versions, and of version 6 alone.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct IPv6Tests {
    /// Debian's root with Python would take half a minute to make: the host's own, read-only, is there.
    private func python(_ script: String) -> [String] {
        ["--read-only", "--rootfs", "/", "/usr/bin/python3", "-uc", script]
    }

    // Asks by TCP and UDP, prints whose address it has and what it is told, and what a port is like that nobody has.
    private func ask(_ address: String, _ port: Int) -> String {
        """
        import socket
        s = socket.create_connection(("\(address)", \(port)), 10); s.settimeout(10)
        print("tcp", *s.getsockname()[:2]); print("is", s.recv(100).decode().strip())
        u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.settimeout(10); u.connect(("\(address)", \(port)))
        u.send(b"12345"); print("udp", *u.getsockname()[:2]); print("is", u.recv(100).decode())
        try: socket.create_connection(("\(address)", \(port + 1)), 10)
        except ConnectionRefusedError: print("refused")
        u.connect(("\(address)", \(port + 1))); u.send(b"x")
        try: u.recv(100)
        except ConnectionRefusedError: print("refused, too")
        """
    }

    @Test(arguments: TestUser.available, [false, true])
    func everythingWorksByVersion6(_ user: TestUser, _ isAlone: Bool) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            @discardableResult
            func apus(_ words: [String]) throws -> ProgramResult { try sandbox.apus(behind: machine, words) }
            let made = try apus(
                ["network", "create", "--ipv6", "--subnet", "fd00:66::/64"] + (isAlone ? ["--ipv4=false"] : []) + [
                    "six"
                ])
            #expect(made.code == 0, "\(made)")
            let outside = try lab.serve(.outside, NetworkLab.echo(port: 7000, v6: true))

            let started = try apus(
                ["run", "-d", "--name", "server", "--network", "six", "-p", "7300:7300", "-p", "7300:7300/udp"]
                    + python(NetworkLab.echo(port: 7300, v6: true)))
            #expect(started.code == 0, "\(started)")
            while !(try apus(["logs", "server"]).text.contains("ready")) { RunningProgram.pause() }

            // Between containers, by name, and out to the world.
            let script = """
                ping -6 -c 1 -W 5 server >/dev/null && echo by name; nslookup server; ip -6 route
                ping -6 -c 1 -W 5 \(NetworkLab.Address.outside6) >/dev/null && echo echo
                ping -6 -c 1 -W 5 -s 4000 \(NetworkLab.Address.outside6) >/dev/null && echo large
                """
            let inside = try apus(["run", "--rm", "--network", "six", "busybox", "sh", "-c", script])
            for part in ["by name", "Address: fd00:66::2", "default via fd00:66::1 dev eth0", "echo", "large"] {
                #expect(inside.text.contains(part), "\(inside)")
            }
            let peer = try apus(["run", "--rm", "--network", "six"] + python(ask("fd00:66::2", 7300)))
            #expect(peer.text.contains("tcp fd00:66::") && peer.text.contains("refused, too"), "\(peer)")
            let out = try apus(["run", "--rm", "--network", "six"] + python(ask(NetworkLab.Address.outside6, 7000)))
            let lines = out.lines
            #expect(lines.filter { $0.hasPrefix("is \(NetworkLab.Address.machine6) ") }.count == 2, "\(out)")
            #expect(out.text.contains("refused\nrefused, too"), "\(out)")

            // A client of the outside is seen as itself, by both protocols.
            let questions = ask(NetworkLab.Address.machine6, 7300).split(separator: "\n").prefix(5)
            let client = try lab.shell(.outside, "/usr/bin/python3 -c '\(questions.joined(separator: "\n"))'")
            let told = client.split(separator: "\n").map { $0.split(separator: " ") }
            #expect(told.count == 4, "\(client)")
            for place in [0, 2] where told.count == 4 {
                #expect(told[place][1] == NetworkLab.Address.outside6[...], "\(client)")
                #expect(told[place + 1][1] == told[place][1] && told[place + 1][2] == told[place][2], "\(client)")
            }
            let listed = try apus([
                "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}", "server",
            ])
            #expect(listed.text == "fd00:66::2\n", "\(listed)")
            if isAlone {
                // Clients of version 4 are seen as the gateway.
                let old = try lab.shell(.outside, "busybox nc -w 5 \(NetworkLab.Address.machine) 7300 </dev/null")
                #expect(old.hasPrefix("fd00:66::1 "), "\(old)")
            }
            try apus(["rm", "-f", "server"])
            outside.send(SIGKILL)
        }
    }

    @Test(arguments: TestUser.available)
    func anAddressThatIsWantedIsGivenOnce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let machine = try NetworkLab()
            @discardableResult
            func apus(_ words: String...) throws -> ProgramResult {
                try sandbox.apus(behind: machine.entering(.machine), words)
            }
            #expect(try apus("network", "create", "--ipv6", "--subnet", "fd00:67::/64", "six").code == 0)
            let first = try apus(
                "run", "-d", "--name", "first", "--network", "six", "--ip6", "fd00:67::77", "busybox", "sleep", "1000")
            #expect(first.code == 0, "\(first)")
            let second = try apus("run", "--rm", "--network", "six", "--ip6", "fd00:67::77", "busybox", "true")
            #expect(second.code == 125 && second.errorText.contains("Address already in use"), "\(second)")
            let other = try apus("run", "--rm", "--network", "six", "--ip6", "fd00:68::1", "busybox", "true")
            #expect(other.code == 125 && other.errorText.contains("fd00:68::1"), "\(other)")
            try apus("rm", "-f", "first")
        }
    }
}
