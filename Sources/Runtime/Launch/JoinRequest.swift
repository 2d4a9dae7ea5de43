package import Linux
package import OCI

/// All that it takes to run one more process in a container (`exec`). The calling process has one thread.
package struct JoinRequest: ~Copyable {
    /// What to run, and as whom; fully resolved.
    package var process: RuntimeSpec.Process
    /// A pidfd of a process of the container, which has to live until the new one is in its namespaces.
    package var target: FileDescriptor
    /// The number of that process.
    package var targetID: ProcessID
    /// The namespaces to enter: those that the container does not share with the caller.
    package var namespaces: NamespaceSet
    package var stdio: Stdio
    /// A compiled filter for seccomp(2), 8 bytes an instruction; nil for none.
    package var seccompProgram: [UInt8]?
    /// The filter's SECCOMP_FILTER_FLAG_ values.
    package var seccompFlags: UInt32 = 0
    /// For a process in whose user namespace there is one id; nil for others. Its start pauses at the listener then.
    package var identity: IdentityFilters?
    /// A descriptor of a user namespace below the process's with one user and one group, which it enters at the end of its
    /// setup to run as them; nil to stay in its own. It stays the caller's.
    package var oneUser: CInt?
    /// The container's cgroup v2 directory; nil for the caller's own.
    package var cgroup: FileDescriptor?
    package var personality: RuntimeSpec.Personality?
    package var memoryPolicy: RuntimeSpec.MemoryPolicy?
    /// Descriptors that the process gets as 3, 4 and so on; they stay the caller's.
    package var preservedDescriptors: [CInt] = []
    /// Gives the process a session keyring of its own (keyrings(7)).
    package var newSessionKeyring = true
    /// Whether the terminal makes a carriage return and a line feed of each line feed, as terminals do.
    package var translatesLineFeeds = true
    /// Lets the process run on all processors that its cgroup has, whatever the caller is bound to.
    package var resetsAffinity = false
    /// Gives the process HOME where its environment has none: the directory of its user in the container's /etc/passwd.
    package var setsHome = false
    /// Keeps the caller's executable from the container: see `OwnExecutable.canBeOverwritten`.
    package var hidesExecutable = false
    /// Leaves the process the caller's additional groups, whatever `process` lists.
    package var keepsGroups = false
    /// The signal that the process gets when the caller dies (PR_SET_PDEATHSIG); nil for none.
    package var parentDeathSignal: CInt?

    package init(
        process: RuntimeSpec.Process, target: consuming FileDescriptor, targetID: ProcessID, namespaces: NamespaceSet,
        stdio: Stdio
    ) {
        self.process = process
        self.target = target
        self.targetID = targetID
        self.namespaces = namespaces
        self.stdio = stdio
    }
}

extension JoinRequest {
    var cgroupNumber: CInt? {
        switch cgroup {
        case .some(let descriptor): descriptor.rawValue
        case nil: nil
        }
    }

    var processOptions: ProcessOptions {
        ProcessOptions(
            stdio: stdio, preservedDescriptors: preservedDescriptors, seccomp: seccompProgram,
            seccompFlags: seccompFlags, identity: identity, oneUser: oneUser, startImmediately: true,
            runsInit: false, newSessionKeyring: newSessionKeyring, parentDeathSignal: parentDeathSignal, gate: nil,
            setsHome: setsHome, hidesExecutable: hidesExecutable, hasCommand: true, keepsGroups: keepsGroups)
    }

    /// Namespaces that a process puts its children into, and not itself.
    var isStaged: Bool { !namespaces.isDisjoint(with: [.pid, .time]) }
}

/// Runs a process in a container that lives: it has executed its command when this returns.
package func join(_ request: consuming JoinRequest) throws(LaunchError) -> InitProcess {
    var process = try InitProcess.begin(joining: request)
    try process.complete()
    return process
}
