import Glibc
import Linux
import TestSupport
import Testing

/// Which namespaces a container has of its own, and which of the host's it can be given.
@Suite struct NamespaceTests {
    private static let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"]

    private func link(_ sandbox: Sandbox, _ flags: [String], _ kind: String) throws -> String {
        try sandbox.apus(["run", "--rm"] + flags + ["busybox", "readlink", "/proc/self/ns/\(kind)"]).text
            .split(separator: "\n").first.map(String.init) ?? ""
    }

    private func own(_ kind: String) throws -> String { try Files.readLink("/proc/self/ns/\(kind)") }

    @Test(arguments: TestUser.available, kinds)
    func eachIsNewByDefault(_ user: TestUser, _ kind: String) throws {
        try withBusybox(user) { sandbox throws in
            let inside = try link(sandbox, ["--network", "none"], kind)
            #expect(inside.hasPrefix("\(kind):["))
            #expect(try inside != own(kind))
        }
    }

    @Test(arguments: TestUser.available)
    func theHostsAreGivenOnRequest(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try link(sandbox, ["--network", "host"], "net") == own("net"))
            #expect(try link(sandbox, ["--network", "none", "--pid", "host"], "pid") == own("pid"))
            #expect(try link(sandbox, ["--network", "none", "--ipc", "host"], "ipc") == own("ipc"))
            #expect(try link(sandbox, ["--network", "none", "--uts", "host"], "uts") == own("uts"))
        }
    }

    @Test(arguments: TestUser.available)
    func theCommandIsTheFirstProcessUnlessInitIs(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell([], "echo $$") == "1")
            #expect(try sandbox.shell(["--init"], "echo $$") != "1")
            // An init reaps what nobody waits for.
            let script = "sh -c 'sleep 0.01 &'; sleep 0.3; ps -o stat,comm | grep -c '^Z' || true"
            #expect(try sandbox.shell(["--init"], script) == "0")
        }
    }

    @Test(arguments: TestUser.available)
    func withoutANetworkThereIsLoopbackAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(
                try sandbox.shell(
                    [],
                    "ls /sys/class/net; cat /sys/class/net/lo/operstate; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo pong"
                ) == "lo\nunknown\npong")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func idsOfTheContainerAreSubordinateIdsOutside() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let map = try sandbox.shell([], "awk '{ print $1, $3 }' /proc/self/uid_map")
            #expect(map == "0 1\n1 65536")
            let work = "\(sandbox.path)/work"
            #expect(try sandbox.run(["-v", "\(work):/m"], "sh", "-c", "touch /m/f && chown 5:6 /m/f").code == 0)
            #expect(try Files.status("\(work)/f").raw.st_uid >= 100_000)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func theSuperusersContainersShareItsUserNamespace() throws {
        try withBusybox(.root) { sandbox throws in
            #expect(try link(sandbox, ["--network", "none"], "user") == own("user"))
        }
    }

    @Test(arguments: TestUser.available)
    func theDefaultNetworkHasAnAddressAndARoute(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.apus("run", "--rm", "busybox", "sh", "-c", "ip -4 addr; ip route")
            #expect(result.code == 0, "\(result)")
            #expect(result.text.contains("default via"), "\(result)")
        }
    }
}
