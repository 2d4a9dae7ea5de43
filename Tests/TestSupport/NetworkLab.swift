import Glibc
import Linux

/// A little internet of network namespaces: the machine on which containers run, and a host outside of it. Nothing that
/// happens in it reaches the machine that tests. Needs root, `ip` and `nsenter`.
package final class NetworkLab {
    /// The addresses that it has.
    package enum Address {
        package static let machine = "192.0.2.1"
        package static let outside = "192.0.2.2"
        /// Behind the outside host: reached by the machine's default route.
        package static let server = "198.51.100.10"
        /// Nobody has it, and the outside host says so.
        package static let unreachable = "203.0.113.1"
        package static let machine6 = "2001:db8::1"
        package static let outside6 = "2001:db8::2"
    }

    /// One of its hosts.
    package enum Host: Sendable { case machine, outside }

    private let machine: RunningProgram
    private let outside: RunningProgram

    /// Makes both hosts and connects them.
    package init() throws {
        func hold() throws -> RunningProgram {
            let holder = try RunningProgram(
                Spawn(
                    "/usr/bin/unshare", ["--net", "/bin/sh", "-c", "ip link set lo up; echo up; exec sleep 100000"],
                    environment: ["PATH=/usr/sbin:/sbin:/usr/bin:/bin"]))
            try holder.waitForOutput("up")
            return holder
        }
        machine = try hold()
        outside = try hold()
        try shell(.machine, "ip link add eth0 type veth peer name eth0 netns \(outside.pid)")
        try shell(
            .outside,
            """
            ip addr add \(Address.outside)/24 dev eth0; ip -6 addr add \(Address.outside6)/64 dev eth0 nodad
            ip addr add \(Address.server)/32 dev lo; ip link set eth0 up
            ip route add unreachable \(Address.unreachable)/32; echo 1 >/proc/sys/net/ipv4/ip_forward
            """)
        try shell(
            .machine,
            """
            ip addr add \(Address.machine)/24 dev eth0; ip -6 addr add \(Address.machine6)/64 dev eth0 nodad
            ip link set eth0 up; ip route add default via \(Address.outside)
            echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
            """)
    }

    /// The words in front of a command that is to run on `host`, for `Sandbox.apus(behind:_:)`.
    package func entering(_ host: Host) -> [String] {
        ["/usr/bin/nsenter", "--net=/proc/\(host == .machine ? machine.pid : outside.pid)/ns/net"]
    }

    /// Runs a shell script as root on `host`; throws unless it exits with 0.
    @discardableResult
    package func shell(_ host: Host, _ script: String) throws -> String {
        let running = try start(host, ["/bin/sh", "-ec", script])
        running.closeInput()
        let result = try running.wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
        return result.text
    }

    /// Starts a program as root on `host`.
    package func start(_ host: Host, _ words: [String]) throws -> RunningProgram {
        let all = entering(host) + words
        return try RunningProgram(
            Spawn(all[0], Array(all[1...]), environment: ["PATH=/usr/sbin:/sbin:/usr/bin:/bin"]))
    }

    /// Starts a Python script as root on `host`, and waits until it has written "ready".
    package func serve(_ host: Host, _ script: String) throws -> RunningProgram {
        let running = try start(host, ["/usr/bin/python3", "-uc", script])
        try running.waitForOutput("ready")
        return running
    }

    /// What a container executes to answer everybody who comes to its port 80 with `text`. A loop around `nc -l` would not be there
    /// between two of them, and would take a caller's end for its own.
    package static func answering(_ text: String) -> [String] { ["nc", "-ll", "-p", "80", "-e", "echo", text] }

    /// What a shell in such a container executes to wait until it answers.
    package static let awaitingPort80 =
        "for i in $(seq 200); do grep -qs ':0050 .* 0A ' /proc/net/tcp /proc/net/tcp6 && exit; sleep 0.05; done; exit 1"

    /// A server that tells each client of TCP its address and port, and each datagram's sender.
    package static func echo(port: Int, address: String = "", v6: Bool = false) -> String {
        """
        socket, threading = __import__("socket"), __import__("threading")
        family = socket.AF_INET6 if \(v6 ? "True" : "False") else socket.AF_INET
        t = socket.socket(family); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(("\(address)", \(port))); t.listen(512)
        u = socket.socket(family, socket.SOCK_DGRAM); u.bind(("\(address)", \(port)))
        def datagrams():
            while True:
                data, peer = u.recvfrom(65536)
                u.sendto(("%s %d %d" % (peer[0], peer[1], len(data))).encode(), peer)
        threading.Thread(target=datagrams, daemon=True).start()
        print("ready")
        while True:
            c, peer = t.accept()
            try: c.sendall(("%s %d\\n" % peer[:2]).encode()); c.close()
            except OSError: pass
        """
    }

    deinit {
        machine.send(SIGKILL)
        outside.send(SIGKILL)
    }
}
