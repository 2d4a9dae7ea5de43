package import Linux
package import OCI

/// What a build's step has made: a layer, filed under all that it depends on.
package struct BuildCacheEntry: Sendable, Equatable {
    /// The digest of what the step is and depends on.
    package var key: Digest
    /// The layer, by its diff id.
    package var layer: Digest
    /// The layer by the name that its directory has in the store.
    package var directory: Digest
    /// The size of its archive in bytes.
    package var size: Int64
    /// When it was made.
    package var created: Timestamp
    /// When it was last made use of.
    package var lastUsed: Timestamp
    /// How often.
    package var useCount: Int64
    /// What it is: the instruction.
    package var description: String

    package init(
        key: Digest, layer: Digest, directory: Digest, size: Int64, created: Timestamp, lastUsed: Timestamp,
        useCount: Int64,
        description: String
    ) {
        self.key = key
        self.layer = layer
        self.directory = directory
        self.size = size
        self.created = created
        self.lastUsed = lastUsed
        self.useCount = useCount
        self.description = description
    }
}

extension BuildCacheEntry {
    // The first byte of an entry: another version's are passed over.
    private static let version: UInt8 = 1

    /// The entry as a file has it.
    var bytes: [UInt8] {
        var encoder = WireEncoder()
        encoder.writeInteger(Self.version)
        encoder.write(layer)
        encoder.write(directory)
        encoder.writeInteger(size)
        for time in [created, lastUsed] {
            encoder.writeInteger(Int64(time.seconds))
            encoder.writeInteger(Int64(time.nanoseconds))
        }
        encoder.writeInteger(useCount)
        encoder.write(description)
        return encoder.bytes
    }

    /// Reads what a file has; nil where that is no entry.
    init?(_ bytes: [UInt8], key: Digest) {
        var decoder = WireDecoder(bytes)
        func time() throws(WireError) -> Timestamp {
            let seconds: Int64 = try decoder.readInteger()
            let nanoseconds: Int64 = try decoder.readInteger()
            guard (0..<1_000_000_000).contains(nanoseconds) else { throw .invalidValue("time") }
            return Timestamp(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
        }
        do throws(WireError) {
            guard try decoder.readInteger(UInt8.self) == Self.version else { return nil }
            layer = try decoder.read()
            directory = try decoder.read()
            size = try decoder.readInteger()
            created = try time()
            lastUsed = try time()
            useCount = try decoder.readInteger()
            description = try decoder.read()
            try decoder.finish()
        } catch { return nil }
        self.key = key
    }
}
