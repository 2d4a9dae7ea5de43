import ContainerSpec
import Errors
import Linux
import OCI
import Runtime

/// What a command in a container runs as: the container's own process with the request's changes.
///
/// Limits, filter, labels, execution domain and `no_new_privs` are the container's, whatever the request says.
struct ExecPlan {
    let process: RuntimeSpec.Process
    /// The namespaces that the container does not share with its supervisor.
    let namespaces: NamespaceSet

    /// `container` is the plan that the container was started with, `root` its root directory, in whose files the user
    /// is looked up as they are now. Throws `SupervisorFailure` with Docker's exit code for what cannot be.
    init(
        _ request: ExecRequest, _ container: LaunchPlan, root: borrowing FileDescriptor, mode: UserNamespace.Mode
    ) throws(SupervisorFailure) {
        var plan = container
        plan.user = .init(
            user: request.user.flatMap { $0.isEmpty ? nil : $0 } ?? container.user.user,
            additionalGroups: container.user.additionalGroups, keepsGroups: container.user.keepsGroups)
        plan.spec.process?.env = Self.environment(request, container)
        do throws(OptionError) {
            try plan.apply(UserResolver.resolve(plan.user, root: root), mode: mode)
        } catch { throw SupervisorFailure(error.description, exitCode: 1) }
        var process = plan.spec.process ?? RuntimeSpec.Process(args: [])
        process.args = request.arguments
        process.terminal = request.hasTerminal ? true : nil
        process.consoleSize = request.size.map { .init(height: UInt($0.rows), width: UInt($0.columns)) }
        if let directory = request.workingDirectory, !directory.isEmpty {
            guard directory.utf8.first == UInt8(ascii: "/") else {
                throw SupervisorFailure(
                    "the working directory '\(directory)' is invalid, it needs to be an absolute path", exitCode: 128)
            }
            process.cwd = directory
        }
        if request.isPrivileged {
            // Inheritable and ambient ones stay empty: a change of the user must be able to take them (CVE-2022-24769).
            var capabilities = RuntimeSpec.Capabilities()
            capabilities.bounding = CapabilityName.all
            capabilities.effective = CapabilityName.all
            capabilities.permitted = CapabilityName.all
            process.capabilities = capabilities
        }
        self.process = process
        namespaces = Self.namespaces(plan.spec.linux?.namespaces ?? [])
    }

    private static func environment(_ request: ExecRequest, _ container: LaunchPlan) -> [String] {
        var variables = container.spec.process?.env ?? []
        // That of the container's user, who need not be the command's.
        if container.hasHomeOfUser { variables.removeAll { $0.utf8.starts(with: "HOME=".utf8) } }
        if request.hasTerminal, !variables.contains(where: { $0.utf8.starts(with: "TERM=".utf8) }) {
            variables.append("TERM=xterm")
        }
        return Environment.merged(variables, request.environment)
    }

    static func namespaces(_ list: [RuntimeSpec.Namespace]) -> NamespaceSet {
        var set: NamespaceSet = []
        for namespace in list {
            switch namespace.type {
            case .pid: set.insert(.pid)
            case .network: set.insert(.network)
            case .mount: set.insert(.mount)
            case .ipc: set.insert(.ipc)
            case .uts: set.insert(.uts)
            case .user: set.insert(.user)
            case .cgroup: set.insert(.cgroup)
            case .time: set.insert(.time)
            }
        }
        return set
    }
}
