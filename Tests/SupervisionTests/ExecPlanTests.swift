import Glibc
import Linux
import Networking
import OCI
import Runtime
import Testing

@testable import ContainerSpec
@testable import Supervision

/// A root directory with accounts, removed with the test.
private final class Root {
    let path = "/tmp/apus-exec-plan-\(randomHex(bytes: 8))"

    init() throws {
        try Files.makeDirectories(path + "/etc")
        let accounts = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
        try Files.write(Array(accounts.utf8), to: path + "/etc/passwd")
        try Files.write(Array("extra:x:77:\n".utf8), to: path + "/etc/group")
    }

    deinit { try? Files.removeTree(path) }
}

@Suite struct ExecPlanTests {
    private let root: Root

    init() throws { root = try Root() }

    private func container(_ change: (inout RunOptions) throws -> Void = { _ in }) throws -> LaunchPlan {
        var host = HostFacts(mode: .mapped, hostname: "machine")
        host.root = root.path
        var config = ContainerConfig()
        config.cmd = ["sh"]
        config.env = ["FROM_IMAGE=yes"]
        config.workingDir = "/srv"
        var options = RunOptions(image: "busybox")
        options.networkMode = .none
        try change(&options)
        var builder = SpecBuilder(
            options: options, image: config, containerID: String(repeating: "0", count: 64), filesDirectory: "/run/c",
            host: host)
        var plan = try builder.build()
        let directory = try FileDescriptor.open(root.path, O_RDONLY | O_DIRECTORY)
        try plan.apply(UserResolver.resolve(plan.user, root: directory), mode: .mapped)
        return plan
    }

    private func plan(
        _ container: LaunchPlan, mode: UserNamespace.Mode = .mapped, _ change: (inout ExecRequest) -> Void = { _ in }
    ) throws -> ExecPlan {
        var request = ExecRequest(["id"])
        change(&request)
        let directory = try FileDescriptor.open(root.path, O_RDONLY | O_DIRECTORY)
        return try ExecPlan(request, container, root: directory, mode: mode)
    }

    private func refusal(
        mode: UserNamespace.Mode = .mapped, _ change: (inout ExecRequest) -> Void
    ) throws -> SupervisorFailure? {
        let container = try container()
        return #expect(throws: SupervisorFailure.self) { _ = try plan(container, mode: mode, change) }
    }

    @Test func whatConfinesTheContainerHoldsForTheCommand() throws {
        let container = try container { options in
            options.capDrop = ["CAP_CHOWN"]
            options.security.noNewPrivileges = true
            options.ulimits = [try Ulimit("core=0")]
        }
        let process = try plan(container).process
        let own = try #require(container.spec.process)
        #expect(process.capabilities == own.capabilities)
        #expect(process.capabilities?.bounding?.contains("CAP_CHOWN") == false)
        #expect(process.noNewPrivileges == true)
        #expect(process.rlimits == own.rlimits && process.rlimits?.count == 1)
        #expect(process.args == ["id"] && process.cwd == "/srv")
        #expect(process.env?.contains("FROM_IMAGE=yes") == true)
    }

    @Test func privilegedGivesCapabilitiesAndNothingElse() throws {
        let container = try container { $0.security.noNewPrivileges = true }
        let process = try plan(container) { $0.isPrivileged = true }.process
        #expect(process.capabilities?.bounding == CapabilityName.all)
        #expect(process.capabilities?.effective == CapabilityName.all)
        #expect(process.capabilities?.inheritable == nil && process.capabilities?.ambient == nil)
        #expect(process.noNewPrivileges == true)
    }

    @Test func homeIsThatOfTheCommandsUser() throws {
        let container = try container()
        #expect(try plan(container).process.env?.filter { $0.hasPrefix("HOME=") } == ["HOME=/root"])
        let other = try plan(container) { $0.user = "app" }.process
        #expect(other.env?.filter { $0.hasPrefix("HOME=") } == ["HOME=/home/app"])
        #expect(other.user.uid == 1000 && other.user.gid == 1001)
        let chosen = try self.container { $0.env = ["HOME=/chosen"] }
        #expect(try plan(chosen) { $0.user = "app" }.process.env?.filter { $0.hasPrefix("HOME=") } == ["HOME=/chosen"])
        #expect(try plan(container) { $0.environment = ["HOME=/x"] }.process.env?.last == "HOME=/x")
    }

    @Test func groupsOfTheContainerAreTheCommandsToo() throws {
        let container = try container { $0.groupAdd = ["extra"] }
        #expect(try plan(container) { $0.user = "app" }.process.user.additionalGids == [1001, 77])
    }

    @Test func variablesAreSetReplacedAndRemoved() throws {
        let container = try container { $0.env = ["A=1", "B=2"] }
        let variables = try plan(container) { $0.environment = ["A=new", "B", "C=3"] }.process.env ?? []
        #expect(variables.contains("A=new") && variables.contains("C=3"))
        #expect(!variables.contains { $0.hasPrefix("B=") || $0 == "A=1" })
    }

    @Test func aTerminalHasASizeAndAName() throws {
        let process = try plan(try container()) { request in
            request.hasTerminal = true
            request.size = WindowSize(rows: 50, columns: 132)
        }.process
        #expect(process.consoleSize == .init(height: 50, width: 132))
        #expect(process.env?.contains("TERM=xterm") == true)
    }

    @Test func whatCannotBeIsRefusedWithDockersCode() throws {
        let user = try refusal { $0.user = "nobody-here" }
        #expect(user?.message == "unable to find user nobody-here: no matching entries in passwd file")
        #expect(user?.exitCode == 1)
        #expect(try refusal { $0.workingDirectory = "relative" }?.exitCode == 128)
        // In a user namespace with that one (`OneUser`).
        #expect(try plan(try container(), mode: .single) { $0.user = "app" }.process.user.uid == 1000)
    }

    @Test func theNamespacesThatAreSharedWithTheHostAreNotEntered() throws {
        #expect(try plan(try container()).namespaces == [.mount, .network, .uts, .pid, .ipc, .cgroup])
        let shared = try container { options in
            options.pidMode = .host
            options.networkMode = .host
        }
        #expect(try plan(shared).namespaces == [.mount, .uts, .ipc, .cgroup])
    }
}
