import Glibc
import Linux
import TestSupport
import Testing

/// The helper that leads out of a container's network.
@Suite(
    .enabled(
        if: getuid() == 0 && access("/dev/net/tun", R_OK) == 0 && access("/usr/bin/slirp4netns", X_OK) == 0,
        "needs slirp4netns, /dev/net/tun, and root, who alone enters another's network namespace"))
struct EgressTests {
    /// Sends what no guest has to send, and what slirp4netns writes a line for: router advertisements, on tap0.
    private static let flood = """
        import socket, struct, sys
        device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        device.bind(("tap0", 0))
        own = device.getsockname()[4]
        ends = socket.inet_pton(socket.AF_INET6, "fe80::1234") + socket.inet_pton(socket.AF_INET6, "fe80::2")
        body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 0, 0, 0)
        sum_of = ends + struct.pack("!II", len(body), 58) + body
        total = sum(struct.unpack("!%dH" % (len(sum_of) // 2), sum_of))
        while total >> 16: total = (total & 0xffff) + (total >> 16)
        body = body[:2] + struct.pack("!H", ~total & 0xffff) + body[4:]
        packet = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + ends + body
        for _ in range(4000): device.send(bytes.fromhex("52550a000202") + own + b"\\x86\\xdd" + packet)
        """

    private func helper(of supervisor: ProcessID) throws -> ProcessID {
        for pid in try ProcessTable.all() {
            guard let stat = ProcessStat(pid), stat.parent == supervisor, stat.name == "slirp4netns" else { continue }
            return pid
        }
        throw TestFailure("supervisor \(supervisor) has no slirp4netns")
    }

    @Test(arguments: TestUser.available)
    func whatTheHelperWritesDoesNotStopTheNetwork(_ user: TestUser) throws {
        let server = HTTPServer { _ in .text(200, "reached") }
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--name", "net", "--network", "slirp4netns:allow_host_loopback=true,enable_ipv6=true",
                "busybox", "sleep", "1000")
            let request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 20 10.0.2.2 \(server.port)"
            func reaches() throws -> Bool {
                try sandbox.apus("exec", "net", "sh", "-c", request).text.contains("reached")
            }
            #expect(try reaches())
            let pid = try sandbox.inspect("net", ".State.Pid")
            let script = "\(sandbox.path)/flood.py"
            try Files.write(Array(Self.flood.utf8), to: script)
            let flood = try RunningProgram(
                Spawn("/usr/bin/nsenter", ["--net=/proc/\(pid)/ns/net", "/usr/bin/python3", script], environment: []))
            flood.closeInput()
            let sent = try flood.wait()
            #expect(sent.code == 0, "\(sent)")
            #expect(try reaches())
            // Shut in: a filter, and of the file tree two directories.
            let helper = try helper(of: try sandbox.supervisor(id))
            let status = try Files.readText("/proc/\(helper)/status")
            #expect(status.contains("Seccomp:\t2"))
            #expect(try Files.list("/proc/\(helper)/root").sorted() == ["etc", "run"])
            try sandbox.output("rm", "-f", "net")
        }
        withExtendedLifetime(server) {}
    }

    @Test(arguments: TestUser.available)
    func aHelperThatCannotShutItselfInRunsWithLessAndSaysWhy(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_BIND | MS_REC | MS_SLAVE: the helper's sandbox alone asks for all at once.
            let wrapper = try sandbox.refusing([.init(.mount, EPERM, flags: 0x8_500e)])
            for flags in [["--rm"], ["-d", "--name", "net"]] {
                let words = ["run"] + flags + ["--network", "slirp4netns", "busybox", "ls", "/sys/class/net"]
                let result = try sandbox.apus(behind: wrapper, words)
                #expect(result.code == 0, "\(result)")
                #expect(result.errorText.contains("WARNING: slirp4netns runs with --enable-seccomp alone"), "\(result)")
                #expect(result.errorText.contains("(--enable-sandbox --enable-seccomp: cannot bind mount"), "\(result)")
            }
            try sandbox.output("wait", "net")
            #expect(try sandbox.output("logs", "net").contains("tap0"))
            try sandbox.output("rm", "net")
        }
    }
}
