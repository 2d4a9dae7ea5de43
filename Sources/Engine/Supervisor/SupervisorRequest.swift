import Linux
import OCI
import Runtime
import Seccomp
import Store

/// All that a supervisor needs, worked out before it is forked.
struct SupervisorRequest: Sendable {
    /// Where the container's root file system comes from.
    enum Root: Sendable {
        /// Layers' directories, the lowest first.
        case layers([String])
        /// A directory of the host (`--rootfs`).
        case directory(String)
    }

    var containers: ContainerStore
    var id: String
    var name: String
    var root: Root
    var plan: LaunchPlan
    var seccomp: SeccompProgram?
    /// nil: the namespace that the user's containers share.
    var ownUserNamespace: IDMap?
    /// Whether the container has a terminal.
    var terminal: Bool
    /// Whether its standard input is open.
    var openInput: Bool
    /// Whether everything of it goes when it ends (`--rm`).
    var autoRemove: Bool
    /// Where its process number is written to; nil for nowhere.
    var pidFile: String?
    /// In seconds (see `Linger`).
    var lingering: Int

    var runDirectory: String { containers.runDirectory(id) }
    var readOnlyRoot: Bool { plan.spec.root?.readonly ?? false }
}
