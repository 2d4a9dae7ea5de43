import Linux
import OCI

extension LaunchRecord {
    /// What a file of the cache has; nil for one that is damaged, of another version, or of an index that `isCurrent` does not
    /// take for its own.
    init?(cached bytes: [UInt8], isCurrent: (FileSignature) -> Bool = { _ in true }) {
        var decoder = WireDecoder(bytes)
        guard (try? decoder.readInteger(UInt32.self)) == LaunchRecord.version,
            let made = try? decoder.read(FileSignature.self), isCurrent(made),
            let record = try? decoder.read(LaunchRecord.self), (try? decoder.finish()) != nil
        else { return nil }
        self = record
    }
}

extension ImageStore {
    /// The record of the image that the user typed as `reference` (and, with `--platform`, `platform`), if there is
    /// one that still holds: two system calls' worth of reading, no JSON.
    package func launchRecord(for reference: String, platform: String? = nil) -> LaunchRecord? {
        guard let path = launchRecordPath(reference, platform), let bytes = try? Files.read(path, limit: 1 << 20) else {
            return nil
        }
        return LaunchRecord(cached: bytes) { $0 == FileSignature(indexPath) }
    }

    /// The record for `reference`, made anew from the image's documents and kept for the next start. Throws as
    /// `image(_:platform:)` does, and a `PlatformError`'s sentence as `conflict` for a platform that is none.
    package func makeLaunchRecord(for reference: String, platform: String? = nil) throws(StoreError) -> LaunchRecord {
        let wanted: Platform?
        do throws(PlatformError) {
            wanted = try platform.map { text throws(PlatformError) in try Platform(parsing: text) }
        } catch {
            throw .conflict(error.description)
        }
        // Taken before the index is read: a change in between makes the record stale and not wrong.
        let signature = FileSignature(indexPath)
        let image = try image(reference, platform: wanted)
        let layers = image.config.rootfs.imageLayers
        let unpacked = LayerStore(paths, .full).find(layers)
        let squashed = LayerStore(paths, .squashed).find(layers)
        let record = LaunchRecord(
            reference: try entry(named: reference, in: try readIndex(), platform: wanted) == nil
                ? nil : (try? Reference(reference))?.description ?? reference,
            imageID: image.id, manifest: image.descriptor.digest, platform: image.platform,
            layers: unpacked ?? squashed ?? [], isUnpacked: unpacked != nil,
            isUnpackedSquashed: squashed != nil && squashed == (unpacked ?? squashed),
            config: image.config.config ?? ContainerConfig())
        if let signature, let path = launchRecordPath(reference, platform) {
            var encoder = WireEncoder()
            encoder.write(LaunchRecord.version)
            encoder.write(signature)
            encoder.write(record)
            // Only a cache: a full disk or a file that cannot be written costs the next start time, nothing else.
            try? Files.replace(path, with: encoder.bytes, mode: 0o600, durable: false)
        }
        return record
    }

    private func launchRecordPath(_ reference: String, _ platform: String?) -> String? {
        var name: [UInt8] = []
        for byte in (reference + (platform.map { " " + $0 } ?? "")).utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): name.append(byte)
            default:
                name.append(UInt8(ascii: "%"))
                name.append(contentsOf: hex([byte]).utf8)
            }
        }
        // NAME_MAX is 255, and the temporary name is longer. What does not fit has no record.
        guard !name.isEmpty, name.count <= 200, name.first != UInt8(ascii: ".") else { return nil }
        return paths.launchRecords + "/" + String(decoding: name, as: UTF8.self)
    }
}
