package import Bytes
package import Linux

/// A volume as it was made (`docker volume create`).
package struct VolumeDefinition: Hashable, Sendable {
    package var name: String
    /// RFC 3339, UTC.
    package var created: String
    /// Those of the driver `local`: `type`, `device` and `o`, as mount(8) has them.
    package var options: [ByteKey: String] = [:]
    package var labels: [ByteKey: String] = [:]
    /// Whether nobody gave it a name: it goes with its container, where that is asked for.
    package var isAnonymous = false
    /// The container that it goes with (`--rm`), also where nobody is left to remove it; nil for one that stays.
    package var owner: String?

    package init(name: String, created: String) {
        self.name = name
        self.created = created
    }

    /// The label by which Docker's clients tell volumes without a name from others.
    package static let anonymousLabel: ByteKey = "com.docker.volume.anonymous"

    /// What the volume's files are in.
    package enum Backing: Hashable, Sendable {
        /// A directory of the store.
        case directory
        /// A directory of the host.
        case bind(String)
        /// A file system that is mounted while containers run with it: its type, its source, and options of mounts.
        case fileSystem(type: String, source: String, options: [String])
    }

    /// What the options ask for.
    package var backing: Backing {
        guard let device = options["device"], !device.isEmpty else { return .directory }
        let flags = (options["o"] ?? "").split(on: ",").map { String($0) }
        let type = options["type"] ?? ""
        if flags.contains(where: { $0.isSame(as: "bind") || $0.isSame(as: "rbind") }) { return .bind(device) }
        return .fileSystem(type: type, source: device, options: flags)
    }
}

extension VolumeDefinition: WireCodable {
    private static let version: UInt8 = 1

    package func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(Self.version)
        encoder.write(name)
        encoder.write(created)
        encoder.write(options)
        encoder.write(labels)
        encoder.write(isAnonymous)
        encoder.write(owner)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard try decoder.readInteger(UInt8.self) == Self.version else { throw .invalidValue("version") }
        self.init(name: try decoder.read(), created: try decoder.read())
        options = try decoder.read()
        labels = try decoder.read()
        isAnonymous = try decoder.read()
        owner = try decoder.read()
    }
}
