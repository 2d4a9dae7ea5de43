package import Bytes
package import OCI

/// Everything that a user asks for when a container is made, before the image has its say.
///
/// The names follow Docker's `Config` and `HostConfig`. What is absent was not asked for.
package struct RunOptions: Codable, Hashable, Sendable {
    /// A reference as it was given; with `rootfs`, the path of a directory.
    package var image: String
    /// Whether `image` is a directory with a root file system (podman's `--rootfs`).
    package var rootfs = false
    /// The arguments behind the image.
    package var cmd: [String] = []
    /// nil: the image's; `[""]`: none, and the image's command is not taken either.
    package var entrypoint: [String]?

    package var name: String?
    /// `NAME=value` to set, `NAME` alone to remove what the image sets; later entries win.
    package var env: [String] = []
    package var workingDir: String?
    /// `name|uid[:group|gid]`; nil or empty: the image's.
    package var user: String?
    package var groupAdd: [String] = []
    package var hostname: String?
    package var domainname: String?
    package var labels: [ByteKey: String] = [:]
    package var annotations: [ByteKey: String] = [:]
    /// `80/tcp` and so on: what `--publish-all` publishes.
    package var exposedPorts: [String] = []
    /// As `PortMapping` reads them.
    package var publish: [String] = []
    package var publishAll = false

    package var tty = false
    package var openStdin = false
    package var detach = false
    package var autoRemove = false
    /// The streams named by `--attach`; empty: Docker's defaults.
    package var attach: Set<Stream> = []
    /// The keys that leave an attached container running, `ctrl-p,ctrl-q` unless said otherwise.
    package var detachKeys: String?
    package var sigProxy = true
    package var stopSignal: String?
    /// In seconds; negative: wait without end.
    package var stopTimeout: Int?
    /// nil: never started again.
    package var restartPolicy: RestartPolicy?

    package var mounts: [MountOption] = []
    /// Containers whose mounts come along, `container[:ro|:rw]` each.
    package var volumesFrom: [String]?
    /// The driver of volumes that are made for `-v`; nil: `local`.
    package var volumeDriver: String?
    package var readonlyRootfs = false
    package var initProcess = false
    package var networkMode = NetworkMode.automatic
    /// The networks that the container is on, the one of `networkMode` first. Empty: that one, with nothing asked of it.
    package var endpoints: [EndpointOptions] = []
    /// `container[:alias]` each.
    package var links: [String] = []
    package var pidMode = PIDMode.private
    package var ipcMode = IPCMode.private
    package var utsMode = UTSMode.private
    package var usernsMode = UserNamespaceMode.automatic
    package var cgroupnsMode = CgroupNamespaceMode.private
    /// Names in the form of `CAP_CHOWN`, or `ALL`.
    package var capAdd: [String] = []
    package var capDrop: [String] = []
    package var security = SecurityOptions()
    package var privileged = false
    package var ulimits: [Ulimit] = []
    package var devices: [DeviceOption] = []
    package var deviceCgroupRules: [DeviceCgroupRule] = []
    package var resources = ResourceOptions()
    /// In bytes; nil: 64 MiB.
    package var shmSize: Int64?
    package var sysctls: [ByteKey: String] = [:]
    /// -1000 to 1000; nil: as the caller's.
    package var oomScoreAdj: Int?

    /// What its root file system is to be mounted with; nil: the best that works when it is started.
    package var storageDriver: StorageDriver?
    package var pullPolicy = PullPolicy.missing
    /// `os[/architecture[/variant]]`.
    package var platform: String?
    package var quiet = false
    package var containerIDFile: String?
    package var pidFile: String?

    /// nil: `container` where a service manager listens.
    package var sdNotify: NotifyMode?
    package var extraHosts: [HostEntry] = []
    package var dns: [String] = []
    package var dnsSearch: [String] = []
    package var dnsOptions: [String] = []
    package var logConfig = LogConfig()
    /// Whether the image's health check is switched off.
    package var noHealthcheck = false
    /// What is nil in it, or all of it, is the image's.
    package var healthcheck: Healthcheck?

    package init(image: String) { self.image = image }

    /// podman's word for the caller's own groups, of which the container has no numbers.
    package static let keepGroups = "keep-groups"

    /// Whether the caller's own further groups stay (`--group-add keep-groups`).
    package var keepsGroups: Bool { groupAdd == [Self.keepGroups] }

    /// A standard stream.
    package enum Stream: String, Codable, Hashable, Sendable { case stdin, stdout, stderr }

    /// When an image is fetched (`--pull`).
    package enum PullPolicy: String, Codable, Hashable, Sendable { case always, missing, never }

    /// Who tells a service manager that the service is ready (podman's `--sdnotify`).
    package enum NotifyMode: String, Codable, Hashable, Sendable {
        /// The container itself, to which the manager's socket is handed on.
        case container
        /// The container's supervisor, as soon as the container runs.
        case conmon
        /// Nobody.
        case ignore
    }

    /// Where output is kept (`--log-driver`, `--log-opt`).
    package struct LogConfig: Codable, Hashable, Sendable {
        /// nil: the default driver.
        package var type: String?
        package var options: [ByteKey: String] = [:]

        package init() {}
    }
}
