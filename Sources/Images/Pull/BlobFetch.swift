import Linux
import OCI
import Registry
import Store
import Synchronization

/// Brings what is missing of one blob into its file, large blobs in pieces side by side, and verifies the whole.
struct BlobFetch: Sendable {
    let client: RegistryClient
    /// What all downloads of a pull share. The fetch has one place of it while it loads, and more that nobody else wants.
    let downloads: ConcurrencyLimit
    let blob: Descriptor
    /// Is given what comes, where the blob is a layer that is to be unpacked on the way.
    var arriving: ArrivingLayer?
    /// Is told how many bytes are there, one call at a time.
    let tell: @Sendable (Int64) -> Void

    /// The most pieces at a time.
    private static let width = 4

    /// Fetches into `partial` until its content is the blob. What was there before and turns out to be something else is fetched once more.
    /// Throws an error of the registry or the store; what has come stays where another try can go on with it.
    func run(_ partial: PartialBlob) async throws {
        do {
            var isResumed = partial.received > 0
            while true {
                let actual = try await complete(partial)
                if actual == blob.digest { return }
                guard isResumed else {
                    throw RegistryError.wrongDigest(expected: blob.digest, actual: actual?.description ?? "unknown")
                }
                try partial.startOver()
                isResumed = false
            }
        } catch {
            switch error {
            // Of what is no part of the blob nobody has any use.
            case RegistryError.wrongDigest, RegistryError.wrongSize: partial.discard()
            default: partial.release()
            }
            throw error
        }
    }

    /// Fetches what is missing, while another thread follows with the digest. nil is no digest.
    private func complete(_ partial: PartialBlob) async throws -> Digest? {
        let digest = try await downloads.run {
            await arriving?.begin()
            let digest = Task { [arriving] in
                try await onOwnThread {
                    defer { arriving?.end() }
                    return try partial.contentDigest { arriving?.take($0) }
                }
            }
            do { try await fetch(partial) } catch {
                partial.stop()
                _ = try? await digest.value
                throw error
            }
            partial.stop()
            return digest
        }
        // The place is another's now: what reads behind may be slower than what loads.
        return try await digest.value
    }

    private func fetch(_ partial: PartialBlob) async throws {
        let progress = FetchProgress(blob, tell)
        progress.begin(partial.received)
        guard blob.size > 0 else { return try await client.download(blob) { _ in } }
        let missing = partial.missing
        guard let first = missing.first else { return }
        guard missing.count > 1 else { return try await fetch(first, into: partial, progress) }
        let stream = try await client.open(blob, first)
        do {
            guard stream.range.upperBound <= first.upperBound else { throw WithoutRanges() }
            try await fetch(missing, beginningWith: stream, into: partial, progress)
        } catch is WithoutRanges {
            // In one go, from the first gap to the end.
            let whole = stream.range.upperBound == blob.size ? stream : nil
            try await fetch(partial.rest, beginningWith: whole, into: partial, progress)
        }
    }

    private func fetch(
        _ range: Range<Int64>, beginningWith stream: BlobStream? = nil, into partial: PartialBlob,
        _ progress: FetchProgress
    ) async throws {
        try await client.fetch(blob, range, beginningWith: stream) { bytes, offset in
            try partial.write(bytes, at: offset)
            progress.tell(partial.received)
        }
    }

    // MARK: pieces

    /// A registry sends the whole blob where a piece was asked for.
    private struct WithoutRanges: Error {}

    /// Fetches pieces, as many at a time as there are places that nobody else wants.
    private func fetch(
        _ pieces: [Range<Int64>], beginningWith stream: BlobStream, into partial: PartialBlob, _ progress: FetchProgress
    ) async throws {
        var places = 1
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var left = pieces.dropFirst()
                var running = 1
                group.addTask { [first = pieces[0]] in
                    try await fetch(first, beginningWith: stream, into: partial, progress)
                }
                while true {
                    while running < Self.width, let piece = left.first {
                        if running == places {
                            guard await downloads.takeFree() else { break }
                            places += 1
                        }
                        left.removeFirst()
                        running += 1
                        group.addTask { try await fetch(piece: piece, into: partial, progress) }
                    }
                    if running == 0 { break }
                    _ = try await group.next()
                    running -= 1
                    while places > max(running, 1) {
                        if !left.isEmpty, await !downloads.isWanted { break }
                        await downloads.leave()
                        places -= 1
                    }
                }
            }
        } catch {
            for _ in 1..<places { await downloads.leave() }
            throw error
        }
    }

    private func fetch(piece: Range<Int64>, into partial: PartialBlob, _ progress: FetchProgress) async throws {
        let stream = try await client.open(blob, piece)
        guard stream.range.upperBound <= piece.upperBound else { throw WithoutRanges() }
        try await fetch(piece, beginningWith: stream, into: partial, progress)
    }
}

/// Tells how far a fetch has come, in steps that are enough for the eye.
private final class FetchProgress: Sendable {
    private let told = Mutex<Int64>(0)
    private let step: Int64
    private let report: @Sendable (Int64) -> Void

    init(_ blob: Descriptor, _ report: @escaping @Sendable (Int64) -> Void) {
        step = max(blob.size / 200, 65536)
        self.report = report
    }

    func begin(_ received: Int64) {
        told.withLock { told in
            told = received
            report(received)
        }
    }

    func tell(_ received: Int64) {
        told.withLock { told in
            // Of threads that come at the same time one is behind.
            guard received - told >= step else { return }
            told = received
            report(received)
        }
    }
}
