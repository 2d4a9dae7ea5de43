import DockerTypes
import GoTemplate

extension SystemInfo {
    /// What `info --format` works on: every member of Docker's, by its name in Go, in the order of its JSON.
    var record: TemplateRecord {
        func can(_ controller: String) -> TemplateValue { .bool(controlGroups.controllers.contains(controller)) }
        func texts(_ list: [String]) -> TemplateValue { .list(list.map { .string($0) }) }
        func map(_ members: [(key: String, value: TemplateValue)]) -> TemplateValue {
            .map(TemplateMap(members, kind: .structure))
        }
        let none = TemplateValue.empty(.list([]), isLeftOut: false)
        let commit = map([("ID", .string(""))])
        let first: [(name: String, value: TemplateValue)] = [
            ("ID", .string("")), ("Containers", .int(Int64(containers))), ("ContainersRunning", .int(Int64(running))),
            ("ContainersPaused", .int(Int64(paused))), ("ContainersStopped", .int(Int64(stopped))),
            ("Images", .int(Int64(images))), ("Driver", .string(storageDriver)),
            ("DriverStatus", .list(driverStatus.map { texts([$0.name, $0.value]) })),
            (
                "Plugins",
                map([
                    ("Volume", none), ("Network", texts(Self.networks)), ("Authorization", none),
                    ("Log", texts(Self.logDrivers)),
                ])
            ),
            ("MemoryLimit", can("memory")), ("SwapLimit", can("memory")), ("CPUCfsPeriod", can("cpu")),
            ("CPUCfsQuota", can("cpu")), ("CPUShares", can("cpu")), ("CPUSet", can("cpuset")),
            ("PidsLimit", can("pids")), ("IPv4Forwarding", .bool(true)), ("Debug", .bool(false)), ("NFd", .int(0)),
            ("OomKillDisable", .bool(false)), ("NGoroutines", .int(0)), ("SystemTime", .string(time)),
            ("LoggingDriver", .string("json-file")), ("CgroupDriver", .string(controlGroups.driver)),
            ("CgroupVersion", .string(controlGroups.version)), ("NEventsListener", .int(0)),
            ("KernelVersion", .string(version.kernelVersion)), ("OperatingSystem", .string(operatingSystem)),
            ("OSVersion", .string(operatingSystemVersion)), ("OSType", .string(version.os)),
            ("Architecture", .string(hardware)), ("IndexServerAddress", .string("https://index.docker.io/v1/")),
        ]
        let second: [(name: String, value: TemplateValue)] = [
            ("RegistryConfig", .empty(.absent, isLeftOut: false)), ("NCPU", .int(Int64(processors))),
            ("MemTotal", .int(memory)), ("GenericResources", none), ("DockerRootDir", .string(dataDirectory)),
            ("HTTPProxy", .string("")), ("HTTPSProxy", .string("")), ("NoProxy", .string("")), ("Name", .string(name)),
            ("Labels", .list([])), ("ExperimentalBuild", .bool(false)), ("ServerVersion", .string(version.version)),
            ("Runtimes", .map(TemplateMap([(runtime, map([("path", .string(runtime))]))]))),
            ("DefaultRuntime", .string(runtime)),
            (
                "Swarm",
                map([
                    ("NodeID", .string("")), ("NodeAddr", .string("")), ("LocalNodeState", .string("inactive")),
                    ("ControlAvailable", .bool(false)), ("Error", .string("")), ("RemoteManagers", none),
                ])
            ),
            ("LiveRestoreEnabled", .bool(true)), ("Isolation", .string("")), ("InitBinary", .string(runtime)),
            ("ContainerdCommit", commit), ("RuncCommit", commit), ("InitCommit", commit),
            ("SecurityOptions", texts(securityOptions)), ("CDISpecDirs", .list([])), ("Warnings", texts(warnings)),
            (
                "ClientInfo",
                map([
                    ("Debug", .bool(false)), ("Version", .string(version.version)), ("Os", .string(version.os)),
                    ("Arch", .string(version.architecture)), ("Context", .string("default")), ("Plugins", .list([])),
                    ("Warnings", none),
                ])
            ),
        ]
        var record = TemplateRecord("system.dockerInfo", first + second)
        record.jsonNames = [
            "CPUCfsPeriod": "CpuCfsPeriod", "CPUCfsQuota": "CpuCfsQuota", "HTTPProxy": "HttpProxy",
            "HTTPSProxy": "HttpsProxy",
        ]
        return record
    }

    static let networks = ["host", "none", "pasta", "slirp4netns"]
    static let logDrivers = ["journald", "json-file", "k8s-file", "local", "none", "passthrough"]
}
