import Bytes
import Errors
import Linux
import OCI
import Registry
import Store

/// One image on its way from the store to a registry: layers and configurations side by side, then manifests, and what the name is for
/// last.
///
/// Whatever ends it early leaves blobs at the registry that nothing names, for the next push to find.
struct ImagePush: Sendable {
    let service: ImageService
    let client: RegistryClient
    let options: PushOptions
    let uploads: ConcurrencyLimit
    /// Where the registry may have blobs already.
    let repositories: [Digest: [String]]
    let report: @Sendable (PushEvent) -> Void

    private var images: ImageStore { service.images }

    /// Pushes what is behind `top` as `reference`, which has a tag. Throws `EngineError`, or an error of the registry or the store.
    func run(_ top: Descriptor, as reference: Reference) async throws -> PushedImage {
        // No sweep takes what is being sent.
        let ingest = try images.beginIngest()
        defer { ingest.end() }
        let content = try await content(of: top, reference, ingest)
        for blob in content.blobs { tell(blob, .preparing(size: blob.descriptor.size)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for blob in content.blobs { group.addTask { try await send(blob, reference) } }
            // The first failure leaves the loop, and with it the others are cancelled.
            for try await _ in group {}
        }
        guard let last = content.documents.last else { throw StoreError.missingBlob(top.digest) }
        for document in content.documents {
            let tag = document.descriptor.digest == last.descriptor.digest ? reference.tag : nil
            try await client.push(manifest: document.bytes, document.descriptor, tag: tag)
        }
        try images.notePush(of: last.descriptor.digest, as: reference, from: top)
        let pushed = PushedImage(reference: reference, descriptor: last.descriptor)
        report(.pushed(pushed))
        return pushed
    }

    // MARK: - What is pushed

    /// What the registry is to have, by Docker's rules: of an index the one manifest for the platform that was asked for; else the index,
    /// if all that it lists is here or there; else the one manifest of it that is here, or is for this machine.
    private func content(
        of top: Descriptor, _ reference: Reference, _ ingest: ImageIngest
    ) async throws -> PushContent {
        try ingest.protect([top.digest])
        if let platform = options.platform {
            let one = try images.manifestDescriptor(top, platform: platform, name: reference.familiar)
            return try PushContent(one, in: images, ingest)
        }
        let whole = try PushContent(top, in: images, ingest)
        guard MediaType.isIndex(top.mediaType), try await !isComplete(whole) else { return whole }
        let one = try images.manifestDescriptor(top, platform: nil, name: reference.familiar)
        report(.reduced(index: top.digest, to: one.digest))
        return try PushContent(one, in: images, ingest)
    }

    /// Whether all of an index is here or, as far as it is not, at the registry.
    private func isComplete(_ content: PushContent) async throws -> Bool {
        for manifest in content.missing {
            if try await !client.hasManifest(manifest) { return false }
        }
        for blob in content.blobs where !blob.isForeign && repositories[blob.descriptor.digest] == nil {
            if try images.presentSize(of: blob.descriptor.digest) != nil { continue }
            if try await !client.hasBlob(blob.descriptor) { return false }
        }
        return true
    }

    // MARK: - Blobs

    private func tell(_ blob: PushContent.Blob, _ state: PushEvent.LayerState) {
        if let label = blob.label { report(.layer(label, state)) }
    }

    private func send(_ blob: PushContent.Blob, _ reference: Reference) async throws {
        if blob.isForeign { return tell(blob, .foreign) }
        if await uploads.isFull { tell(blob, .waiting) }
        let outcome = try await uploads.run { try await upload(blob, reference) }
        switch outcome {
        case .existed: tell(blob, .alreadyThere)
        case .mounted(let repository): tell(blob, .mounted(from: repository))
        case .sent: tell(blob, .pushed)
        }
    }

    private func upload(_ blob: PushContent.Blob, _ reference: Reference) async throws -> UploadOutcome {
        let descriptor = blob.descriptor
        let steps = StepCounter(descriptor.size)
        do throws(RegistryError) {
            return try await client.upload(
                descriptor, from: try source(descriptor), mounting: repositories[descriptor.digest] ?? []
            ) { sent in
                if steps.isWorthTelling(sent) { tell(blob, .pushing(done: sent, of: descriptor.size)) }
            }
        } catch {
            guard case .blobUnknown = error else { throw error }
            throw EngineError(
                "a part of \(reference.familiar) is neither in the store nor in its repository: \(descriptor.digest.short):"
                    + " pull or load the image again", .notFound)
        }
    }

    /// The blob's content; nil where it is not here. Throws `RegistryError.unreadable`.
    private func source(_ descriptor: Descriptor) throws(RegistryError) -> UploadSource? {
        do throws(StoreError) {
            let file = try images.open(descriptor.digest)
            let size: Int64
            do throws(SystemError) { size = Int64(try file.status().size) } catch {
                throw .failed(action: "look at blob \(descriptor.digest)", error)
            }
            guard size == descriptor.size else {
                throw .wrongSize(digest: descriptor.digest, expected: descriptor.size, actual: size)
            }
            return UploadSource(file, of: descriptor.digest)
        } catch {
            if case .missingBlob = error { return nil }
            throw .unreadable(descriptor.digest, cause: "\(error)")
        }
    }
}
