import Bytes
package import Store

/// What `volume inspect` prints of a volume, in the shape and order of Docker's API.
package struct VolumeInspection: Encodable, Sendable {
    package let volume: VolumeDefinition
    /// The directory of its files.
    package let mountpoint: String

    package init(_ volume: VolumeDefinition, mountpoint: String) {
        self.volume = volume
        self.mountpoint = mountpoint
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: InspectionKey.self)
        try members.put("CreatedAt", createdAt)
        try members.put("Driver", "local")
        try members.put("Labels", orNull(volume.labels))
        try members.put("Mountpoint", mountpoint)
        try members.put("Name", volume.name)
        try members.put("Options", orNull(volume.options))
        try members.put("Scope", "local")
    }

    // Docker's has no fractions of a second.
    private var createdAt: String {
        volume.created.has(".") ? volume.created.until(".") + "Z" : volume.created
    }
}
