import Bytes
package import ContainerSpec
import Linux
import OCI
package import Store

/// What `inspect` prints of a container, in the shape and order of Docker's API.
package struct ContainerInspection: Encodable, Sendable {
    package let snapshot: ContainerSnapshot
    /// Where the engine keeps the files that it writes for the container.
    let filesDirectory: String
    /// The layers below the container's own, the upper first; empty with `--rootfs`.
    let lowerDirectories: [String]
    /// What its root file system is mounted with.
    let driver: StorageDriver
    /// The container's directory.
    let directory: String
    let volumes: VolumeStore
    /// The file that its output is kept in; empty where its driver keeps none.
    let logPath: String
    /// nil for a container that is not checked.
    let health: ContainerHealth?
    /// The commands that `exec` runs in it now.
    let execIDs: [String]
    /// In bytes; nil unless it was asked for.
    package var sizeOfOwnFiles: Int64?
    package var sizeOfAllFiles: Int64?

    /// What is known of the container of `snapshot`; the members say what else is what.
    package init(
        _ snapshot: ContainerSnapshot, filesDirectory: String, lowerDirectories: [String],
        driver: StorageDriver, directory: String, volumes: VolumeStore, logPath: String, health: ContainerHealth?,
        execIDs: [String]
    ) {
        self.volumes = volumes
        self.snapshot = snapshot
        self.filesDirectory = filesDirectory
        self.lowerDirectories = lowerDirectories
        self.driver = driver
        self.directory = directory
        self.logPath = logPath
        self.health = health
        self.execIDs = execIDs
    }

    package func encode(to encoder: any Encoder) throws {
        let description = snapshot.description
        var members = encoder.container(keyedBy: InspectionKey.self)
        try members.put("Id", snapshot.id)
        try members.put("Created", description.created)
        try members.put("Path", description.command.first ?? "")
        try members.put("Args", Array(description.command.dropFirst()))
        try members.put("State", State(state: snapshot.state, health: health))
        try members.put("Image", description.imageID?.description ?? "")
        try members.put("ResolvConfPath", filesDirectory + "/resolv.conf")
        try members.put("HostnamePath", filesDirectory + "/hostname")
        try members.put("HostsPath", filesDirectory + "/hosts")
        try members.put("LogPath", logPath)
        try members.put("Name", "/" + snapshot.name)
        try members.put("RestartCount", snapshot.state.restartCount)
        try members.put("Driver", driver.rawValue)
        try members.put("Platform", description.platform?.os ?? "linux")
        try members.put("MountLabel", "")
        try members.put("ProcessLabel", "")
        try members.put("AppArmorProfile", description.options.security.appArmorProfile ?? "")
        try members.put("ExecIDs", orNull(execIDs))
        try members.put("HostConfig", HostConfig(options: description.options, name: snapshot.name))
        try members.put("GraphDriver", graphDriver)
        try members.encodeIfPresent(sizeOfOwnFiles, forKey: "SizeRw")
        try members.encodeIfPresent(sizeOfAllFiles, forKey: "SizeRootFs")
        // Those of --tmpfs are in HostConfig alone.
        let mounts = description.options.mounts.filter { mount in
            if case .tmpfs = mount.kind { return mount.shortForm == nil }
            return true
        }
        try members.put("Mounts", mounts.map { MountPoint(mount: $0, data: volumes.data) })
        try members.put("Config", Config(description: description))
        try members.put(
            "NetworkSettings",
            NetworkSettings(snapshot: snapshot))
    }

    private var graphDriver: GraphDriver {
        var data: [String: String] = [:]
        // A copy has nothing below it.
        if !lowerDirectories.isEmpty, driver != .copy {
            data = [
                "LowerDir": lowerDirectories.joined(separator: ":"), "UpperDir": "\(directory)/\(driver.directory)",
            ]
        }
        return GraphDriver(data: data, name: driver.rawValue)
    }

    private struct GraphDriver: Encodable {
        let data: [String: String]
        let name: String

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Data", orNull(data))
            try members.put("Name", name)
        }
    }

    private struct State: Encodable {
        let state: ContainerState
        let health: ContainerHealth?

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Status", state.status.rawValue)
            // Docker counts a paused container, and one that is started again, among the running.
            try members.put("Running", state.isActive)
            try members.put("Paused", state.status == .paused)
            try members.put("Restarting", state.status == .restarting)
            try members.put("OOMKilled", state.isOutOfMemory)
            try members.put("Dead", state.status == .dead)
            try members.put("Pid", state.isActive ? state.process?.pid ?? 0 : 0)
            try members.put("ExitCode", state.exitCode ?? 0)
            try members.put("Error", state.error ?? "")
            try members.put("StartedAt", state.startedAt ?? "0001-01-01T00:00:00Z")
            try members.put("FinishedAt", state.finishedAt ?? "0001-01-01T00:00:00Z")
            try members.encodeIfPresent(health.map { Health(health: $0) }, forKey: "Health")
        }
    }
}
