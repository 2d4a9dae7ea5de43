import Glibc
import Linux
import OCI
import TestSupport
import Testing

@testable import Cgroups

/// Scopes, asked for from a systemd that the test plays: over a socket of its own, and over a real message bus.
@Suite(.serialized) struct ScopeTests {
    private func request(_ name: String) -> CgroupRequest.ScopeRequest {
        .init(name: name, slice: "a.slice", description: "a container")
    }

    /// What became of the request for a scope that `systemd` answers.
    private func outcome(_ systemd: FakeSystemd, socket: String) throws -> String {
        let manager = SystemdManager(.user, sockets: [socket])
        let request = CgroupRequest(.systemd(self.request("x.scope")), processes: [1])
        do throws(CgroupError) {
            var pending = try PendingScope.begin(self.request("x.scope"), manager, request, "/sys/fs/cgroup")
            try pending.awaitJob(Deadline(seconds: 20))
            return "done"
        } catch { return error.description }
    }

    @Test func aScopeIsThereWhenItsJobIsDone() throws {
        try withFolder { folder in
            // A single peer, as systemd's own socket is.
            let socket = "\(folder)/private"
            let systemd = try FakeSystemd(listeningAt: socket, answer: .done)
            #expect(try outcome(systemd, socket: socket) == "done")
            let call = try #require(systemd.finish())
            #expect(call.member == "StartTransientUnit" && call.destination == nil)
            guard case .string(let name) = call.body[0], case .array(_, let properties) = call.body[2] else {
                return #expect(Bool(false), "\(call)")
            }
            #expect(name == "x.scope")
            #expect(properties.contains(SystemdCalls.property("PIDs", .array("u", [.uint32(1)]))))
            #expect(properties.contains(SystemdCalls.property("Slice", .string("a.slice"))))
            #expect(properties.contains(SystemdCalls.property("Delegate", .boolean(true))))
        }
    }

    @Test func whatSystemdSaysAgainstItIsPassedOn() throws {
        try withFolder { folder in
            let socket = "\(folder)/private"
            let refusing = try FakeSystemd(listeningAt: socket, answer: .error("no such slice"))
            #expect(
                try outcome(refusing, socket: socket)
                    == "systemd refuses to make the scope x.scope: no such slice")
            _ = refusing.finish()
            let failing = try FakeSystemd(listeningAt: socket, answer: .failed)
            #expect(
                try outcome(failing, socket: socket)
                    == "systemd could not make the scope x.scope: the job's result is 'failed'")
            _ = failing.finish()
            let dying = try FakeSystemd(listeningAt: socket, answer: .hangUp)
            #expect(try outcome(dying, socket: socket).contains("systemd does not answer"))
            _ = dying.finish()
            #expect(try outcome(dying, socket: "\(folder)/nobody").contains("cannot reach systemd"))
        }
    }

    @Test(.enabled(if: Files.exists("/usr/bin/dbus-daemon"), "there is no dbus-daemon"))
    func aRealBusCarriesTheConversation() throws {
        try withFolder { folder in
            let socket = "\(folder)/bus"
            let bus = try RunningProgram(
                Spawn(
                    "/usr/bin/dbus-daemon", ["--session", "--nofork", "--nopidfile", "--address=unix:path=\(socket)"],
                    environment: ["PATH=/usr/bin:/bin"]))
            defer {
                bus.send(SIGTERM)
                _ = try? bus.wait(seconds: 20)
            }
            for _ in 0..<200 where !Files.exists(socket) { usleep(20_000) }
            let systemd = try FakeSystemd(onBus: socket, answer: .done)
            #expect(try outcome(systemd, socket: socket) == "done")
            let call = try #require(systemd.finish())
            #expect(call.member == "StartTransientUnit" && call.destination == "org.freedesktop.systemd1")
            // Nobody has the name any more.
            #expect(try outcome(systemd, socket: socket).contains("org.freedesktop.systemd1"))
        }
    }
}

private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = "/tmp/apus-scope.\(randomHex(bytes: 6))"
    try Files.makeDirectory(folder, mode: 0o700)
    defer { try? Files.removeTree(folder) }
    try body(folder)
}
