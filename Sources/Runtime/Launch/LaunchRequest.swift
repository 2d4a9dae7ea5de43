package import Linux
package import OCI

/// Where a container's root file system comes from.
package enum RootFilesystem: ~Copyable, Sendable {
    /// A mount that is attached nowhere (fsmount(2), open_tree(2)).
    case mount(FileDescriptor)
    /// A directory, bound with all that is mounted below it. An absolute path.
    case directory(String)
    /// A detached mount that is handed over later, by `InitProcess.provide(root:)`: the process enters its namespaces while the
    /// caller prepares it. What is bound into it is there when `InitProcess.supply(owner:)` says so.
    case provided

    /// The directory's path; nil for a mount.
    var path: String? {
        switch self {
        case .directory(let path): path
        default: nil
        }
    }

    /// Whether it is handed over later.
    var isProvided: Bool {
        switch self {
        case .provided: true
        default: false
        }
    }
}

/// What a container's process has as its standard input and output.
package enum Stdio: Sendable {
    /// These descriptors, which stay the caller's.
    case descriptors(input: CInt, output: CInt, error: CInt)
    /// A new pseudoterminal of the container; `InitProcess.takeTerminal()` has its master side. Its size is that of
    /// the specification's `process.consoleSize`.
    case terminal
}

/// All that a start needs. The calling process has one thread.
package struct LaunchRequest: ~Copyable {
    /// The configuration, fully resolved: numbers for users, absolute paths.
    package var spec: RuntimeSpec { _read { yield held.spec } }
    private let held: HeldSpec
    package var root: RootFilesystem
    package var stdio: Stdio
    /// A compiled filter for seccomp(2), 8 bytes an instruction; nil for none. The specification's own is not looked at.
    package var seccompProgram: [UInt8]?
    /// The filter's SECCOMP_FILTER_FLAG_ values.
    package var seccompFlags: UInt32 = 0
    /// For a process in whose user namespace there is one id; nil for others. Its start pauses at the listener then.
    package var identity: IdentityFilters?
    /// A descriptor of a user namespace below the process's with one user and one group, which it enters at the end of its
    /// setup to run as them; nil to stay in its own. It stays the caller's.
    package var oneUser: CInt?
    /// The cgroup v2 directory to start in; nil for the caller's own.
    package var cgroup: FileDescriptor?
    /// False leaves the process waiting before its execve(2), until `InitProcess.start()`, or, with a gate, until the
    /// start comes through that.
    package var startImmediately = true
    /// Where the start comes from when it is another process that starts the container.
    package var gate: StartGate?
    /// Gives the process HOME where its environment has none: the directory of its user in the container's /etc/passwd.
    package var setsHome = false
    /// Keeps the caller's executable from the container: see `OwnExecutable.canBeOverwritten`.
    package var hidesExecutable = false
    /// False for a container that is created without a process: it waits, and cannot be started.
    package var hasCommand = true
    /// A directory of the caller's in which nodes for the devices of a container with a user namespace can be made; nil for
    /// none. They stay in it, for the caller to remove with the container: what is unlinked cannot be mounted.
    package var nodeDirectory: String?
    /// Whether the terminal makes a carriage return and a line feed of each line feed, as terminals do.
    package var translatesLineFeeds = true
    /// Has the process say when it is in its new network namespace, for `InitProcess.awaitNetwork()`.
    package var announcesNetwork = false
    /// Leaves the process the caller's additional groups, whatever the specification lists.
    package var keepsGroups = false
    /// Lets the process run on all processors that its cgroup has, whatever the caller is bound to.
    package var resetsAffinity = false
    /// Makes `process.cwd` where the root file system does not have it, as Docker does for an image's WORKDIR.
    package var createWorkingDirectory = false
    /// Descriptors that the process gets as 3, 4 and so on; they stay the caller's.
    package var preservedDescriptors: [CInt] = []
    /// Puts a reaper of ours in the place of process 1, which passes signals on to the command (`docker run --init`).
    package var runsInit = false
    /// Gives the process a session keyring of its own (keyrings(7)).
    package var newSessionKeyring = true
    /// False changes the root by moving it and chroot(2), for hosts that run from an initial RAM disk. Weaker:
    /// a process with CAP_SYS_CHROOT can leave it.
    package var usesPivotRoot = true
    /// The signal that the process gets when the caller dies (PR_SET_PDEATHSIG); nil for none.
    package var parentDeathSignal: CInt?
    /// Where the kernel refuses a new procfs (part of the host's own is covered, as in most containers), binds the
    /// host's own instead, whose process numbers are not the container's. False refuses the start.
    package var bindsHostProc = false

    package init(spec: RuntimeSpec, root: consuming RootFilesystem, stdio: Stdio) {
        held = HeldSpec(spec)
        self.root = root
        self.stdio = stdio
    }
}

/// A specification behind a reference. The compiler checks what may not be copied field by field, down into the structs that
/// it holds: with the specification inside of `LaunchRequest` itself that took half of the time of this module.
private final class HeldSpec: Sendable {
    let spec: RuntimeSpec

    init(_ spec: RuntimeSpec) { self.spec = spec }
}

extension LaunchRequest {
    var processOptions: ProcessOptions {
        ProcessOptions(
            stdio: stdio, preservedDescriptors: preservedDescriptors, seccomp: seccompProgram,
            seccompFlags: seccompFlags, identity: identity, oneUser: oneUser,
            startImmediately: startImmediately, runsInit: runsInit, newSessionKeyring: newSessionKeyring,
            parentDeathSignal: parentDeathSignal, gate: startImmediately ? nil : gate, setsHome: setsHome,
            hidesExecutable: hidesExecutable, hasCommand: hasCommand, keepsGroups: keepsGroups)
    }

    /// Whether hooks run while the process is on its way to the command.
    var hasHooks: Bool {
        guard let hooks = spec.hooks else { return false }
        return [hooks.prestart, hooks.createRuntime, hooks.createContainer, hooks.startContainer].contains {
            $0?.isEmpty == false
        }
    }

    var cgroupNumber: CInt? {
        switch cgroup {
        case .some(let descriptor): descriptor.rawValue
        case nil: nil
        }
    }
}
