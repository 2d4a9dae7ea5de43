import Bytes
import Errors
import Linux
import OCI
import Registry
import Store

/// One image on its way from a registry into the store: manifest, configuration, layers, and the name last.
///
/// Whatever ends it early leaves whole blobs and whole layers that nothing names, for the next pull to find or the
/// sweep to remove.
struct ImagePull: Sendable {
    let service: ImageService
    let layers: LayerStore
    let client: RegistryClient
    let options: PullOptions
    let admission: ImageAdmission
    let downloads: ConcurrencyLimit
    let unpacking: ConcurrencyLimit
    /// How many layers are unpacked while they come, beside those that are unpacked from whole blobs.
    let arriving: ConcurrencyLimit
    let report: @Sendable (PullEvent) -> Void

    private var images: ImageStore { service.images }
    private var wanted: Platform { options.platform?.normalized ?? .host }

    /// Pulls `reference`, which has a tag or a digest. Throws `EngineError`, or an error of the registry or the store.
    func run(_ reference: Reference) async throws -> PulledImage {
        report(.pulling(reference))
        if let present = try await upToDate(reference) { return finished(present) }
        return try await take(try await documents(reference), for: reference)
    }

    /// Brings the image of `documents`, which `reference` names. Throws as `run`.
    func take(_ documents: Documents, for reference: Reference) async throws -> PulledImage {
        let (ingest, manifest, image) = (documents.ingest, documents.manifest, documents.image)
        defer { ingest.end() }
        let places = image.rootfs.imageLayers
        try ingest.protect(manifest.layers.map(\.digest) + places.flatMap(\.names))
        let unpacked = UnpackedLayers(service)
        do { try await fetch(manifest.layers, places, ingest, unpacked) } catch {
            // Those that were to be settled, and the directory of one that failed.
            _ = unpacked.takeAll()
            try? await onOwnThread { try service.removeAbandonedLayers() }
            throw error
        }
        // What depends on the layers below, and what somebody else was unpacking.
        try await onOwnThread { try service.unpack(manifest, image, ingest: ingest, unpacked: unpacked) }
        try ingest.put(documents.configuration, expecting: manifest.config.digest)
        try ingest.put(documents.bytes, expecting: documents.descriptor.digest)
        var descriptor = documents.descriptor
        descriptor.platform = Platform(os: image.os, architecture: image.architecture, variant: image.variant)
        try ingest.record(descriptor, name: reference, sourceDigest: documents.source)
        return finished(
            PulledImage(
                reference: reference, digest: documents.source, id: manifest.config.digest,
                isNewer: documents.isNewer))
    }

    /// What a pull needs of an image's documents to its end. Of what else they say, which may be much, nothing is kept in memory meanwhile.
    struct Documents {
        let ingest: ImageIngest
        let manifest: Manifest
        let image: ImageConfig
        /// Of the manifest.
        let descriptor: Descriptor
        let bytes: [UInt8]
        let configuration: [UInt8]
        /// What the registry has under the name.
        let source: Digest
        /// Whether the name leads elsewhere yet.
        let isNewer: Bool
    }

    private func documents(_ reference: Reference) async throws -> Documents {
        let top = try await client.manifest(of: reference)
        let (fetched, manifest) = try await choose(top, reference)
        return try await documents(reference, top, fetched, manifest)
    }

    /// Those of the image of `manifest`, which is `fetched`, of what `reference` names, `top`. Throws as `run`.
    func documents(
        _ reference: Reference, _ top: FetchedManifest, _ fetched: FetchedManifest, _ manifest: Manifest
    ) async throws -> Documents {
        // They may be large, and layers need the room.
        HeapMemory.keepLittle()
        let before = try? images.image(reference.description, platform: wanted)
        try await admission.check(reference, manifest: fetched.bytes, client)
        // An artifact may have no configuration that could be fetched.
        do throws(ManifestError) { try manifest.checkTypes() } catch { throw Self.unusable(reference, error) }
        let ingest = try images.beginIngest()
        do {
            let configuration: [UInt8]
            if try ingest.has(manifest.config) {
                configuration = try images.read(manifest.config.digest)
            } else {
                configuration = try await client.content(manifest.config, limit: ManifestDocument.sizeLimit)
            }
            let image = try checked(manifest, configuration, reference)
            let source = top.descriptor.digest
            return Documents(
                ingest: ingest, manifest: manifest.outline, image: image.outline, descriptor: fetched.descriptor,
                bytes: fetched.bytes, configuration: configuration, source: source,
                isNewer: before?.id != manifest.config.digest || !knows(before, reference, source))
        } catch {
            ingest.end()
            throw error
        }
    }

    func finished(_ image: PulledImage) -> PulledImage {
        report(.pulled(image))
        return image
    }

    private func knows(_ image: StoredImage?, _ reference: Reference, _ digest: Digest) -> Bool {
        image?.repoDigests.contains("\(reference.familiarName)@\(digest)") ?? false
    }

    // MARK: - Manifests

    /// The image if the store has, whole and unpacked, what the registry has under the name. Asks for a digest alone.
    func upToDate(_ reference: Reference) async throws -> PulledImage? {
        guard let present = try? images.image(reference.description, platform: wanted), wanted.accepts(present.platform)
        else { return nil }
        let blobs = present.manifest.layers + [present.manifest.config]
        guard blobs.allSatisfy({ images.has($0.digest, size: $0.size) }),
            layers.find(present.config.rootfs.imageLayers) != nil
        else { return nil }
        var current = reference.digest
        if current == nil, let tag = reference.tag {
            do throws(RegistryError) {
                current = try await client.digest(ofTag: tag)
            } catch {
                // Some registries refuse HEAD, in whatever words: then the manifest itself says what it is.
                switch error {
                case .refused, .accessDenied, .repositoryUnknown, .manifestUnknown: break
                default: throw error
                }
            }
        }
        guard let current, knows(present, reference, current) else { return nil }
        let manifest: [UInt8]
        do throws(StoreError) { manifest = try images.read(present.descriptor.digest) } catch {
            // A prune may have taken it meanwhile.
            if case .missingBlob = error { return nil }
            throw error
        }
        // A policy may be younger than the image.
        try await admission.check(reference, manifest: manifest, client)
        return PulledImage(reference: reference, digest: current, id: present.id, isNewer: false)
    }

    /// The manifest for the platform that is wanted, of `top` itself or the indexes in it.
    func choose(
        _ top: FetchedManifest, _ reference: Reference
    ) async throws -> (FetchedManifest, Manifest) {
        var current = top
        // Indexes nest, if rarely, and could be made to for ever.
        for _ in 0..<4 {
            switch current.document {
            case .manifest(let manifest): return (current, manifest)
            case .index(let index):
                guard let entry = index.manifest(for: wanted) else {
                    let offers = Set(index.platforms.map(\.description)).sorted().joined(separator: ", ").excerpt
                    throw EngineError(
                        "no matching manifest for \(wanted) in the manifest list entries of \(reference.familiar)"
                            + (offers.isEmpty ? "" : " (it has \(offers)): choose one with --platform"), .notFound)
                }
                current = try await client.manifest(entry)
            }
        }
        throw EngineError("the indexes of \(reference.familiar) are nested too deeply", .invalid)
    }

    /// The configuration, if the image can be one that runs here and is what was asked for.
    private func checked(_ manifest: Manifest, _ bytes: [UInt8], _ reference: Reference) throws -> ImageConfig {
        let image: ImageConfig
        do throws(ManifestError) {
            image = try manifest.imageConfig(bytes)
        } catch { throw Self.unusable(reference, error) }
        guard image.os == "linux" else {
            throw EngineError(
                "cannot use \(reference.familiar): its operating system is \"\(image.os)\", and containers here run Linux",
                .invalid)
        }
        let own = Platform(os: image.os, architecture: image.architecture, variant: image.variant).normalized
        if options.platform != nil, !wanted.compatible.contains(where: { $0.accepts(own) }) {
            throw EngineError(
                "image with reference \(reference.familiar) was found but its platform (\(own)) does not match the"
                    + " specified platform (\(wanted))", .invalid)
        }
        return image
    }

    private static func unusable(_ reference: Reference, _ error: ManifestError) -> EngineError {
        EngineError("cannot use \(reference.familiar): \(error)")
    }

    // MARK: - Layers

    private func fetch(
        _ blobs: [Descriptor], _ places: [ImageLayer], _ ingest: ImageIngest, _ unpacked: UnpackedLayers
    ) async throws {
        // A layer can be in an image more than once.
        var seen: Set<Digest> = []
        let jobs = zip(blobs, places).filter { seen.insert($0.0.digest).inserted }
        for (blob, _) in jobs { report(.layer(blob.digest, .pulling(size: blob.size))) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (blob, layer) in jobs { group.addTask { try await fetch(blob, layer, ingest, unpacked) } }
            // The first failure leaves the loop, and with it the others are cancelled.
            for try await _ in group {}
        }
    }

    private func fetch(
        _ blob: Descriptor, _ layer: ImageLayer, _ ingest: ImageIngest, _ unpacked: UnpackedLayers
    ) async throws {
        let isStored = try ingest.has(blob)
        let isUnpacked = layers.find(layer) != nil
        if isStored, isUnpacked { return report(.layer(blob.digest, .alreadyThere)) }
        let job = LayerJob(layer, blob: blob.digest)
        if !isStored {
            let arrival =
                isUnpacked ? nil : ArrivingLayer(job, service, ingest: ingest, unpacked: unpacked, limit: arriving)
            try await bring(blob, arrival, ingest)
            if let arrival, await arrival.isUnpacked { return report(.layer(blob.digest, .complete)) }
        } else {
            report(.layer(blob.digest, .downloaded))
        }
        if !isUnpacked {
            try await unpacking.run {
                report(.layer(blob.digest, .extracting))
                try await onOwnThread { try service.unpackEarly(job, ingest: ingest, unpacked: unpacked) }
            }
        }
        report(.layer(blob.digest, .complete))
    }

    /// Has the blob fetched into the store: by us, or by whoever does it already.
    private func bring(_ blob: Descriptor, _ arrival: ArrivingLayer?, _ ingest: ImageIngest) async throws {
        loop: while true {
            switch try ingest.claim(blob) {
            case .stored: break loop
            case .busy: try await awaitOther(blob, ingest)
            case .taken(let partial):
                try await fetch(blob, into: partial, arrival, ingest)
                return
            }
        }
        report(.layer(blob.digest, .downloaded))
    }

    private func fetch(
        _ blob: Descriptor, into partial: PartialBlob, _ arrival: ArrivingLayer?, _ ingest: ImageIngest
    ) async throws {
        if await downloads.isFull { report(.layer(blob.digest, .waiting)) }
        let fetch = BlobFetch(client: client, downloads: downloads, blob: blob, arriving: arrival) { done in
            report(.layer(blob.digest, .downloading(done: done, of: blob.size)))
        }
        do {
            try await fetch.run(partial)
            report(.layer(blob.digest, .downloaded))
            if let arrival, arrival.hasBegun { report(.layer(blob.digest, .extracting)) }
            try await onOwnThread { try partial.keep(for: ingest) }
        } catch {
            // What it has begun is nobody's only when it has ended.
            _ = await arrival?.isUnpacked
            throw error
        }
    }

    /// Waits until nobody else fetches the blob any more, be it done or not, and shows how far he has come.
    private func awaitOther(_ blob: Descriptor, _ ingest: ImageIngest) async throws {
        report(.layer(blob.digest, .waiting))
        var told: Int64 = 0
        while let done = try ingest.progress(of: blob) {
            if done > told {
                told = done
                report(.layer(blob.digest, .followed(done: done, of: blob.size)))
            }
            // A lock can be waited for only by a thread that nothing could call off.
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
