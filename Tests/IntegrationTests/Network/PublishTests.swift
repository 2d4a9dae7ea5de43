import Glibc
import Linux
import TestSupport
import Testing

/// Published ports, asked from another host.
@Suite(.enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"))
struct PublishTests {

    private func ask(_ lab: NetworkLab, _ address: String, _ port: Int, udp: Bool = false) throws -> String {
        try lab.shell(
            .outside,
            """
            /usr/bin/python3 -c '
            import socket
            s = socket.create_connection(("\(address)", \(port)), 5); s.settimeout(10)
            print(s.getsockname()[0], s.getsockname()[1]); print(s.recv(100).decode())'
            """)
    }

    /// Debian's root with Python would take half a minute to make: the host's own, read-only, is there.
    private func python(_ script: String) -> [String] {
        ["--read-only", "--rootfs", "/", "/usr/bin/python3", "-uc", script]
    }

    @Test(arguments: TestUser.available)
    func theClientsAddressArrives(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            let started = try sandbox.apus(
                behind: machine,
                ["run", "-d", "--name", "server", "-p", "7300:7300", "-p", "7300:7300/udp"]
                    + python(NetworkLab.echo(port: 7300)))
            #expect(started.code == 0, "\(started)")
            while !(try sandbox.apus(behind: machine, ["logs", "server"]).text.contains("ready")) {
                RunningProgram.pause()
            }
            let tcp = try ask(lab, NetworkLab.Address.machine, 7300)
            let lines = tcp.split(separator: "\n")
            #expect(
                lines.count == 2 && lines[0] == lines[1] && lines[0].hasPrefix(NetworkLab.Address.outside), "\(tcp)")
            let udp = try lab.shell(
                .outside,
                """
                /usr/bin/python3 -c '
                import socket
                s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(10); s.connect(("\(NetworkLab.Address.machine)", 7300))
                s.send(b"hello"); print(s.getsockname()[1]); print(s.recv(100).decode())'
                """)
            let parts = udp.split(separator: "\n")
            #expect(parts.count == 2 && parts[1] == "\(NetworkLab.Address.outside) \(parts[0]) 5", "\(udp)")
            // From the machine itself the container sees its gateway, as with Docker.
            let local = try lab.shell(
                .machine, "nc -w 5 127.0.0.1 7300 </dev/null || busybox nc -w 5 127.0.0.1 7300 </dev/null")
            #expect(local.hasPrefix("172.17.0.1 "), "\(local)")
            let listed = try sandbox.apus(behind: machine, ["ps", "--format", "{{.Ports}}"])
            #expect(
                listed.text
                    == "0.0.0.0:7300->7300/tcp, 0.0.0.0:7300->7300/udp, [::]:7300->7300/tcp, [::]:7300->7300/udp\n",
                "\(listed)")
            let port = try sandbox.apus(behind: machine, ["port", "server", "7300/udp"])
            #expect(port.text == "0.0.0.0:7300\n[::]:7300\n", "\(port)")
            #expect(try sandbox.apus(behind: machine, ["rm", "-f", "server"]).code == 0)
            let bound = try lab.shell(.machine, "ss -Hlntu")
            #expect(!bound.contains(":7300 "), "\(bound)")
        }
    }

    @Test(arguments: TestUser.available)
    func aPortThatIsTakenIsSaidAndNothingIsLeft(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            let holder = try lab.serve(.machine, NetworkLab.echo(port: 7400))
            let refused = try sandbox.apus(
                behind: machine, ["run", "--name", "late", "-p", "7400:80", "busybox", "true"])
            #expect(refused.code == 125, "\(refused)")
            #expect(refused.errorText.contains("7400"), "\(refused)")
            #expect(try sandbox.apus(behind: machine, ["rm", "late"]).code == 0)
            if user != .root {
                let low = try sandbox.apus(behind: machine, ["run", "--rm", "-p", "81:80", "busybox", "true"])
                #expect(low.code == 125 && low.errorText.contains("ip_unprivileged_port_start"), "\(low)")
            }
            holder.send(SIGKILL)
            _ = try holder.wait()
            let free = try sandbox.apus(behind: machine, ["run", "--rm", "-p", "7400:80", "busybox", "true"])
            #expect(free.code == 0, "\(free)")
        }
    }

    @Test(arguments: TestUser.available)
    func aPortIsFreeAgainAfterEachOfManyRestarts(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lab = try NetworkLab()
            let machine = lab.entering(.machine)
            for _ in 0..<20 {
                let run = try sandbox.apus(
                    behind: machine, ["run", "--rm", "-p", "7500:80", "-p", "7500:80/udp", "busybox", "true"])
                #expect(run.code == 0, "\(run)")
            }
        }
    }
}
