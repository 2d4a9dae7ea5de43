import Linux
import OCI

/// What `version` tells (Docker's `types.Version`). This program is the client and the server of that.
package struct VersionInfo: Sendable {
    /// The version of this program.
    package static let number = "0.1.0"

    package let version = number
    package let os = "linux"
    /// In the words of image platforms: "amd64", "arm64".
    package let architecture: String
    /// The kernel's release (uname(2)).
    package let kernelVersion: String

    /// That of this program on this machine.
    package init() {
        architecture = Platform.host.architecture
        kernelVersion = KernelFacts.names().release
    }
}
