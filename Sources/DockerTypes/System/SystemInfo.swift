import ContainerSpec

/// What `info` tells (Docker's `system.Info`).
package struct SystemInfo: Sendable {
    /// Containers by what they do.
    package var running = 0
    package var paused = 0
    package var stopped = 0
    package var images = 0
    package var controlGroups: ControlGroupFacts
    package var version = VersionInfo()
    /// As os-release(5) has it, "Debian GNU/Linux 12 (bookworm)".
    package var operatingSystem = "Linux"
    /// As os-release(5) has it, "12".
    package var operatingSystemVersion = ""
    /// When this was told: RFC 3339.
    package var time = ""
    /// "x86_64", "aarch64".
    package var hardware = ""
    /// The machine's name.
    package var name = ""
    package var processors = 1
    /// In bytes.
    package var memory: Int64 = 0
    /// Where images and containers are kept.
    package var dataDirectory: String
    /// Where the state of running containers is kept.
    package var runDirectory: String
    package var isRootless = false
    /// What does not work where containers have one id; nil where they have more.
    package var limitsOfOneID: String?
    /// What new containers' root file systems are mounted with.
    package var storageDriver = StorageDriver.overlay.rawValue
    /// What there is to know of that.
    package var driverStatus: [DriverFact] = []

    /// A line of what `info` tells of the storage driver.
    package struct DriverFact: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package let runtime = "apus"

    /// Of an engine with these directories; what is not told yet is 0 or empty.
    package init(controlGroups: ControlGroupFacts, dataDirectory: String, runDirectory: String) {
        self.controlGroups = controlGroups
        self.dataDirectory = dataDirectory
        self.runDirectory = runDirectory
    }

    package var containers: Int { running + paused + stopped }

    /// What protects the machine from containers, in Docker's form.
    package var securityOptions: [String] {
        ["name=seccomp,profile=builtin"] + (isRootless ? ["name=rootless"] : []) + ["name=cgroupns"]
    }

    /// A sentence for each thing that this machine does not have.
    package var warnings: [String] { controlGroups.warnings + (limitsOfOneID.map { ["WARNING: \($0)"] } ?? []) }
}
