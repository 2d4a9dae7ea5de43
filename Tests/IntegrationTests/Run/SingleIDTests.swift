import Glibc
import Linux
import TestSupport
import Testing

/// An ordinary user without subordinate ids: everything belongs to the one id that there is.
@Suite(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can hide /etc/subuid"))
struct SingleIDTests {
    private func withSingleID(_ body: (Sandbox, ([String]) throws -> ProgramResult) throws -> Void) throws {
        try withSandbox(.ordinary) { sandbox throws in
            let wrapper = sandbox.withoutSubordinateIDs
            try body(sandbox) { arguments throws in try sandbox.apus(behind: wrapper, arguments) }
        }
    }

    private let run = ["run", "--rm", "--network", "none"]

    @Test func importedAndLoadedImagesBelongToRootAlone() throws {
        try withSingleID { sandbox, apus throws in
            #expect(try apus(["import", Fixtures.busyboxTar, "busybox"]).code == 0)
            let load = try apus(["load", "-i", Fixtures.path("layers.docker.tar", of: .layers)])
            #expect(load.code == 0, "\(load)")
            let listing = try apus(
                run + ["layers", "sh", "-c", "stat -c '%u:%g:%a' /files/owned /files/high-ids /files/setuid"])
            #expect(listing.text == "0:0:640\n0:0:644\n0:0:4755\n", "\(listing)")
            let map = try apus(
                run + [
                    "busybox", "sh", "-c",
                    "id -u; tr -s ' ' </proc/self/uid_map; ls -n /proc/1/exe | tr -s ' ' | cut -d' ' -f3",
                ])
            #expect(map.lines.first == "0" && map.lines.count > 1, "\(map)")
            #expect(map.lines[1].hasSuffix(" 1"), "\(map)")
        }
    }

    @Test func aPulledImageRuns() throws {
        try withSingleID { sandbox, apus throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push(
                    "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest", as: "busybox:latest")
                let pull = try apus(["pull", name])
                #expect(pull.code == 0, "\(pull)")
                #expect(try apus(run + [name, "stat", "-c", "%u", "/bin"]).text == "0\n")
            }
        }
    }

    @Test func readOnlyRootsVolumesAndTerminalsWork() throws {
        try withSingleID { sandbox, apus throws in
            #expect(try apus(["import", Fixtures.busyboxTar, "busybox"]).code == 0)
            let script = "touch /f 2>/dev/null || echo refused; touch /w/new && test -c /dev/null && echo $((1 + 1))"
            let result = try apus(
                run + ["--read-only", "-v", "\(sandbox.path)/work:/w", "busybox", "sh", "-c", script])
            #expect(result.text == "refused\n2\n", "\(result)")
            #expect(try Files.status("\(sandbox.path)/work/new").raw.st_uid == TestUser.ordinary.entry?.uid)
            let terminal = try apus(run + ["-t", "busybox", "sh", "-c", "tty; stty size"])
            #expect(terminal.text.contains("/dev/pts/0"), "\(terminal)")
        }
    }

    /// With subordinate ids again, the same store has the image with its owners, and the other way round; also while
    /// the supervisor of the other kind still lives.
    @Test(arguments: [0, 20]) func theStoreHasBothKindsOfLayers(lingering: Int) throws {
        try withSandbox(.ordinary) { sandbox throws in
            let environment = ["APUS_LINGER=\(lingering)"]
            let single = sandbox.withoutSubordinateIDs
            let load = ["load", "-i", try Fixtures.path("layers.docker.tar", of: .layers)]
            #expect(try sandbox.apus(behind: single, load).code == 0)
            let question = run + ["layers", "stat", "-c", "%u:%g", "/files/owned"]
            for (wrapper, owner) in [(single, "0:0"), ([], "1:2"), (single, "0:0")] {
                let answer = try sandbox.apus(behind: wrapper, question, environment: environment)
                #expect(answer.text == "\(owner)\n", "\(answer)")
            }
        }
    }
}
