import AsyncHTTPClient
import NIOHTTP1
import OCI

extension RegistryClient.Access {
    /// Whoever may not do this with a repository, which is a `familiarName`.
    func denied(_ repository: String, _ detail: String?) -> RegistryError {
        switch self {
        case .pull: .accessDenied(repository: repository, detail: detail)
        case .push: .pushDenied(repository: repository, detail: detail)
        case .delete: .deleteDenied(repository: repository, detail: detail)
        }
    }
}

extension RegistryClient {
    /// What an answer that is no success means, of which the body says `said`.
    func failure(
        _ answer: Transport.Answer, _ said: ErrorBody, _ subject: Subject, _ limit: RateLimit?
    ) -> RegistryError {
        let host = answer.origin.description
        switch answer.response.status.code {
        case 401, 403: return access.denied(repository.familiarName, said.text)
        case 404 where said.code == "NAME_UNKNOWN": return .repositoryUnknown(repository.familiarName)
        case 429: return .tooManyRequests(host: host, detail: said.text, limit: limit)
        case let status:
            return failure(status, said, subject, host)
                ?? .refused(host: host, status: Int(status), detail: said.text)
        }
    }

    // What depends on what was asked for.
    private func failure(_ status: UInt, _ said: ErrorBody, _ subject: Subject, _ host: String) -> RegistryError? {
        switch (status, subject) {
        case (404, .manifest(let name)), (404, .doomed(let name, _)):
            // "Tag … was deleted or has expired", as Quay says.
            .manifestUnknown(name, detail: said.code == "TAG_EXPIRED" ? said.text : nil)
        case (404, .blob(let digest)): .blobUnknown(digest, repository: repository.familiarName)
        case (404, .tags): .repositoryUnknown(repository.familiarName)
        case (413, .upload(let blob)):
            .tooLarge(what: "blob \(blob.digest)", size: blob.size, host: host, detail: said.text)
        case (413, .newManifest(let name, let size)):
            .tooLarge(what: "the manifest of \(name)", size: Int64(size), host: host, detail: said.text)
        case (400, .upload(let blob)) where said.code == "DIGEST_INVALID":
            .damaged(what: "blob \(blob.digest)", host: host, detail: said.text)
        case (400, .newManifest(let name, _)) where said.code == "DIGEST_INVALID":
            .damaged(what: "the manifest of \(name)", host: host, detail: said.text)
        case (400..<500, .newManifest(let name, _))
        where said.code == "MANIFEST_BLOB_UNKNOWN" || said.code == "BLOB_UNKNOWN" || said.code == "MANIFEST_UNKNOWN":
            .partsUnknown(manifest: name, host: host, detail: said.text)
        case (400..<500, .newManifest(let name, _)) where status != 408:
            .notTaken(manifest: name, host: host, status: Int(status), detail: said.text)
        // By the distribution specification 405; by old ones, which know digests alone, 400.
        case (405, .doomed(_, let isTag)), (501, .doomed(_, let isTag)):
            .undeletable(what: isTag ? "tags" : "manifests", host: host, remedy: nil, detail: said.text)
        case (400, .doomed(_, isTag: true)):
            .undeletable(
                what: "tags", host: host, remedy: nil,
                // They take the tag for a digest, which tells nobody anything.
                detail: said.code == "DIGEST_INVALID" ? nil : said.text)
        default: nil
        }
    }
}
