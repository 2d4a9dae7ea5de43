import Glibc
import Cgroups
package import ContainerSpec
package import Errors
package import Linux
import Logs
package import OCI
package import Runtime
import Seccomp
import Store

/// All that a supervisor needs, worked out before it is forked.
package struct SupervisorRequest: Sendable {
    /// Where the container's root file system comes from.
    package enum Root: Sendable {
        /// Layers' directories, the lowest first.
        case layers([String])
        /// A directory of the host (`--rootfs`).
        case directory(String)

        /// The directory that `--rootfs` names, wherever the caller goes from here. Throws `EngineError`.
        package init(directory path: String) throws(EngineError) {
            guard let absolute = realpath(path, nil) else {
                throw EngineError("root file system \(path): \(Errno.current)", .invalid)
            }
            defer { free(absolute) }
            self = .directory(String(cString: absolute))
        }
    }

    var containers: ContainerStore
    var id: String
    var name: String
    var root: Root
    /// What the root file system is to be mounted with; nil: the best that works here.
    var storageDriver: StorageDriver?
    package var plan: LaunchPlan
    /// The networks that the container is on; nil where it is on none.
    var networks: NetworkRequest?
    /// The volumes that the container has.
    var volumes: [MountedVolume] = []
    /// The images that are mounted beside its own.
    var images: [MountedImage] = []
    var seccomp: SeccompProgram?
    /// Where there is one id; nil elsewhere.
    var identity: IdentityFilters?
    var cgroup: CgroupRequest
    /// The map of a namespace below the one that the user's containers share; nil: that one.
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
    /// What the command that starts the container is served.
    var streams: AttachedStreams
    var log: LogConfiguration
    var subject: ContainerJournal.Subject
    /// What a service manager hears; nil for nothing.
    var notification: ServiceNotification?
    /// What it is where a build runs it; nil for every other.
    var build: BuildContainer?
    /// What is being made for a new container already (`ContainerStart.beginPreparation`); nil for nothing.
    package var prepared: Preparation.Parts?
    /// Whose user namespace the supervisor may join; nil: it looks for one.
    package var living: UserNamespace.Living.Mark?
    /// What the supervisor writes down of a container that was not created before; nil for one that was.
    package var newcomer: NewContainer?
    var settings: ServeLoop.Settings

    /// Whether the container has the very streams of the command that starts it (`--log-driver=passthrough`).
    var passesStreams: Bool { log.driver == .passthrough }
    var runDirectory: String { containers.runDirectory(id) }
    /// Whether it was not created before.
    var isNew: Bool { newcomer != nil }
    /// Whether a program guards the container's devices, so that device nodes of its file system may open.
    var guardsDevices: Bool { cgroup.resources?.devices != nil }
    var readOnlyRoot: Bool { plan.spec.root?.readonly ?? false }
}

/// A container that other commands do not know yet.
package struct NewContainer: Sendable {
    let description: ContainerDescription
    let layers: [Digest]
    let containerIDFile: String?

    /// `layers` are its image's, `containerIDFile` the absolute path of the file with its id (`--cidfile`), which goes where its record
    /// cannot be written.
    package init(description: ContainerDescription, layers: [Digest], containerIDFile: String?) {
        self.description = description
        self.layers = layers
        self.containerIDFile = containerIDFile
    }
}

/// A request behind a reference. The compiler checks what may not be copied field by field, down into the structs that it
/// holds: with a request inside of `Supervisor` itself that took 73 of the 77 seconds in which this module was checked.
final class HeldRequest: Sendable {
    let request: SupervisorRequest

    init(_ request: SupervisorRequest) { self.request = request }
}
