import AsyncHTTPClient
import NIOHTTP1
import OCI

/// A blob on its way to a registry.
struct Transfer: Sendable {
    let descriptor: Descriptor
    let source: UploadSource
    /// nil where the registry has to be asked for one.
    var session: UploadSession?
    /// The parts for a registry that names a least size of them, in bytes.
    let usualPart: Int64
    let report: @Sendable (Int64) -> Void
    /// The largest part that a request may have, in bytes; nil: any.
    private(set) var limit: Int64?
    /// Whether the registry may have the whole blob without having said so.
    var isEnding = false
    /// Whether it goes on where another request ended, which the registry and we may have other ideas of.
    private(set) var isContinued = false

    init(
        descriptor: Descriptor, source: UploadSource, session: UploadSession?, usualPart: Int64,
        report: @escaping @Sendable (Int64) -> Void
    ) {
        self.descriptor = descriptor
        self.source = source
        self.session = session
        self.usualPart = usualPart
        self.report = report
    }

    var size: Int64 { descriptor.size }
    var offset: Int64 { session?.offset ?? 0 }

    /// The largest part after a registry, or a proxy in front of it, has called the whole too large; and the smallest. In bytes.
    private static let limits: ClosedRange<Int64> = (256 << 10)...(48 << 20)
    /// What the next request may have of the blob; nil where all may go with the request that ends the upload.
    func nextPart(_ session: UploadSession) -> Range<Int64>? {
        if session.offset == 0, limit == nil, session.minimum <= 0 || size <= session.minimum { return nil }
        let wanted = limit ?? (session.minimum > 0 ? usualPart : size)
        return session.offset..<session.offset + min(max(wanted, session.minimum), size - session.offset)
    }

    /// Makes parts smaller; false where there is no size left that the registry could like better.
    mutating func shrink() -> Bool {
        let next = min((limit ?? size) / 4, Self.limits.upperBound)
        guard next >= max(session?.minimum ?? 0, Self.limits.lowerBound) else { return false }
        limit = next
        return true
    }

    /// Takes over where the registry has the upload.
    mutating func proceed(in session: UploadSession) {
        self.session = session
        isContinued = true
    }

    /// Begins anew and at its first byte what the registry has put together wrongly; false where that was no fault of the parts.
    mutating func restart() -> Bool {
        guard isContinued else { return false }
        session = nil
        isContinued = false
        return true
    }

    func slice(_ range: Range<Int64>) -> Transport.Content {
        // A body of known length that is none at all needs no file.
        range.isEmpty ? .bytes([]) : .slice(UploadSlice(source: source, range: range, report: report))
    }
}

extension RegistryClient {
    /// Sends what the registry does not have of a blob, in as many requests as it takes. Throws `RegistryError`.
    func send(_ transfer: inout Transfer) async throws(RegistryError) {
        var (failures, mark) = (0, Int64(0))
        while true {
            // Sent without, a part would be sent in vain.
            if transfer.session != nil, await needsFreshCredentials { await locate(&transfer) }
            let session: UploadSession
            if let known = transfer.session { session = known } else { session = try await begin(transfer.descriptor) }
            transfer.session = session
            do throws(Refusal) {
                if try await proceed(&transfer, session) { return }
            } catch {
                if case .damaged = error.error, failures < options.attempts, transfer.restart() {
                    failures += 1
                    transfer.isEnding = false
                    transfer.report(0)
                    continue
                }
                if error.status != 413 || !transfer.shrink() {
                    failures += 1
                    guard mayPass(error) || Self.isMisplaced(error), failures < options.attempts else {
                        throw error.error
                    }
                    try await pause(before: failures, atLeast: error.wait)
                    // It is the answer that may have been lost.
                    if transfer.isEnding, try await hasBlob(transfer.descriptor) { return }
                }
                await locate(&transfer)
                if transfer.offset > mark { (failures, mark) = (0, transfer.offset) }
                transfer.report(transfer.offset)
            }
            transfer.isEnding = false
        }
    }

    /// Makes the next request of an upload. Whether the registry has the blob then.
    private func proceed(_ transfer: inout Transfer, _ known: UploadSession) async throws(Refusal) -> Bool {
        var session = known
        let part = transfer.nextPart(session)
        if let part, !part.isEmpty {
            let request = Transport.Request(
                method: .PATCH, url: session.url,
                headers: [
                    "Content-Type": "application/octet-stream",
                    "Content-Range": "\(part.lowerBound)-\(part.upperBound - 1)",
                ], content: transfer.slice(part))
            let answer = try await once(request, .upload(transfer.descriptor))
            do throws(RegistryError) { try session.advance(answer, sent: part.upperBound) } catch {
                throw Refusal(error: error)
            }
            transfer.session = session
            guard session.offset > part.lowerBound else {
                throw Refusal(error: .violation(host: host, cause: "it keeps nothing of what it is sent"))
            }
            return false
        }
        let digest = transfer.descriptor.digest
        guard let url = session.ending(digest.description) else {
            throw Refusal(error: .violation(host: host, cause: "the address of its upload takes no digest"))
        }
        let request = Transport.Request(
            method: .PUT, url: url, headers: ["Content-Type": "application/octet-stream"],
            content: transfer.slice(part == nil ? 0..<transfer.size : 0..<0))
        transfer.isEnding = true
        let answer = try await once(request, .upload(transfer.descriptor))
        if let named = answer.response.headers.first(name: "Docker-Content-Digest"), named != digest.description {
            throw Refusal(
                error: .violation(host: host, cause: "it calls blob \(digest) \"\(ErrorBody.oneLine(named))\""))
        }
        return true
    }

    /// Whether the registry has another idea of where the upload is, or does not know it any more.
    private static func isMisplaced(_ refusal: Refusal) -> Bool {
        switch refusal.status {
        case 404, 416: true
        case 400: ["BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "RANGE_INVALID"].contains(refusal.code)
        default: false
        }
    }

    /// Asks how much of an upload the registry has. One of which it has nothing, or does not say so, begins anew.
    private func locate(_ transfer: inout Transfer) async {
        let known = transfer.session
        transfer.session = nil
        guard var session = known, transfer.size > 1 else { return }
        // What a failure means is said by the next request, which begins anew.
        guard let answer = try? await once(Transport.Request(url: session.url), .upload(transfer.descriptor)),
            answer.response.headers.contains(name: "Range"),
            (try? session.advance(answer, sent: transfer.size)) != nil, session.offset > 0
        else { return }
        transfer.proceed(in: session)
    }
}
