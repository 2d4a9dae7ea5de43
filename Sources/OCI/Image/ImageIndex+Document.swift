package import JSON

extension ImageIndex {
    /// An index of `manifests` as Docker makes one: of OCI's type where the first of them is, or where there is none, else Docker's manifest list.
    package init(listing manifests: [Descriptor]) {
        self.init(manifests: manifests)
        if let first = manifests.first, first.mediaType != MediaType.ociManifest { mediaType = MediaType.dockerList }
    }

    /// The document, byte for byte as Docker's client writes it, but for annotations, which that leaves out.
    package var document: [UInt8] {
        var writer = JSONWriter(.markup, indent: 3)
        writer.beginObject()
        writer.write("schemaVersion", schemaVersion)
        writer.write("mediaType", mediaType)
        writer.name("manifests")
        writer.beginArray()
        for manifest in manifests { manifest.writeEntry(to: &writer) }
        writer.endArray()
        if let annotations, !annotations.isEmpty { writer.write("annotations", annotations) }
        writer.endObject()
        return writer.bytes
    }
}

extension Descriptor {
    // In Docker's order, with a platform in any case.
    fileprivate func writeEntry(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.write("mediaType", mediaType)
        writer.write("size", size)
        writer.write("digest", digest.description)
        if let annotations, !annotations.isEmpty { writer.write("annotations", annotations) }
        writer.name("platform")
        (platform ?? Platform(os: "", architecture: "")).write(to: &writer)
        writer.endObject()
    }

    /// Writes the descriptor with its members in the order of image-spec, as Docker's `manifest inspect --verbose` has it.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.write("mediaType", mediaType)
        writer.write("digest", digest.description)
        writer.write("size", size)
        if let urls, !urls.isEmpty { writer.write("urls", urls) }
        if let annotations, !annotations.isEmpty { writer.write("annotations", annotations) }
        if let platform {
            writer.name("platform")
            platform.write(to: &writer)
        }
        writer.write("artifactType", artifactType)
        writer.endObject()
    }
}

extension Platform {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.write("architecture", architecture)
        writer.write("os", os)
        writer.write("os.version", osVersion)
        if let osFeatures, !osFeatures.isEmpty { writer.write("os.features", osFeatures) }
        writer.write("variant", variant)
        writer.endObject()
    }
}
