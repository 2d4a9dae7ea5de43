import Synchronization

/// What the repositories of a stand-in have, and what becomes of it.
extension StandInCore {
    func content(_ request: HTTPServer.Request, _ place: StandInPlace) -> HTTPServer.Response {
        guard let name = place.repository else {
            return request.path == "/v2/" ? .text(200, "{}") : .text(404, "404 page not found\n")
        }
        if request.method == "HEAD", !manners.hasHead {
            return RegistryManners.Refusal(405, "UNSUPPORTED", "The operation is unsupported.").response
        }
        switch (place.kind, request.method) {
        case ("uploads", "POST"): return begin(request, name)
        case ("uploads", _): return proceed(request, name, place.reference)
        case ("blobs", "GET"), ("blobs", "HEAD"): return blob(name, place.reference)
        case ("manifests", "GET"), ("manifests", "HEAD"): return manifest(name, place.reference)
        case ("manifests", "PUT"): return put(request, name, place.reference)
        case ("manifests", "DELETE"): return delete(name, place.reference)
        case ("tags", "GET"): return tags(request, name)
        default: return .text(404, "404 page not found\n")
        }
    }

    private func error(_ status: Int, _ code: String, _ message: String) -> HTTPServer.Response {
        RegistryManners.Refusal(status, code, message).response
    }

    // MARK: - Blobs

    private func blob(_ name: String, _ digest: String) -> HTTPServer.Response {
        guard let bytes = state.withLock({ $0.repositories[name]?.blobs[digest] }) else {
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        }
        guard manners.hasStorage else {
            return HTTPServer.Response(headers: [("Content-Type", "application/octet-stream")], body: bytes)
        }
        let storage = hosts.withLock { $0.storage }
        let address = "http://\(storage)/bucket/\(digest.dropFirst("sha256:".count))"
        return .text(
            307, "",
            [
                (
                    "Location",
                    address + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=1200&X-Amz-Signature=abc%2F%2B%3D"
                )
            ])
    }

    private func begin(_ request: HTTPServer.Request, _ name: String) -> HTTPServer.Response {
        if manners.mounts, let digest = fields(request, "mount").first, let other = fields(request, "from").first {
            let isMounted = state.withLock { state in
                guard let bytes = state.repositories[other]?.blobs[digest] else { return false }
                state.repositories[name, default: .init()].blobs[digest] = bytes
                return true
            }
            if isMounted { return .text(201, "", [("Location", "/v2/\(name)/blobs/\(digest)")]) }
        }
        let session = state.withLock { state in
            state.count += 1
            state.uploads["\(state.count)"] = []
            return "\(state.count)"
        }
        return .text(202, "", location(name, session))
    }

    private func location(_ name: String, _ session: String) -> [(String, String)] {
        let path = "/v2/\(name)/blobs/uploads/\(session)"
        let query = "?_state=s%2F\(session)%3D&x=1"
        let address =
            switch manners.location {
            case .relative(hasQuery: false): path
            case .relative(hasQuery: true): path + query
            case .absolute: "http://\(hosts.withLock { $0.registry })\(path)\(query)"
            }
        return [("Location", address), ("Range", "0-0"), ("Docker-Upload-UUID", session)]
    }

    private func proceed(_ request: HTTPServer.Request, _ name: String, _ session: String) -> HTTPServer.Response {
        if case .relative(hasQuery: false) = manners.location {
        } else if fields(request, "_state") != ["s/\(session)="] || fields(request, "x") != ["1"] {
            return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        }
        guard let begun = state.withLock({ $0.uploads[session] }) else {
            return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        }
        switch request.method {
        case "PATCH":
            state.withLock { $0.uploads[session] = begun + request.body }
            return .text(202, "", location(name, session))
        case "PUT":
            guard let digest = fields(request, "digest").first else {
                return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            }
            state.withLock { state in
                state.uploads[session] = nil
                state.repositories[name, default: .init()].blobs[digest] = begun + request.body
            }
            return .text(
                201, "", [("Location", "/v2/\(name)/blobs/\(digest)"), ("Docker-Content-Digest", digest)])
        case "DELETE":
            state.withLock { $0.uploads[session] = nil }
            return .text(204, "")
        default: return error(405, "UNSUPPORTED", "The operation is unsupported.")
        }
    }

    // MARK: - Manifests

    private func manifest(_ name: String, _ reference: String) -> HTTPServer.Response {
        let found = state.withLock { state -> (digest: String, type: String, bytes: [UInt8])? in
            guard let repository = state.repositories[name] else { return nil }
            let digest = repository.tags[reference] ?? reference
            return repository.manifests[digest].map { (digest, $0.type, $0.bytes) }
        }
        guard let found else { return error(404, "MANIFEST_UNKNOWN", "manifest unknown") }
        return HTTPServer.Response(
            headers: [("Content-Type", found.type), ("Docker-Content-Digest", found.digest)], body: found.bytes)
    }

    private func put(_ request: HTTPServer.Request, _ name: String, _ reference: String) -> HTTPServer.Response {
        let digest = sha256(request.body)
        let isTag = !reference.hasPrefix("sha256:")
        guard isTag || reference == digest else {
            return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        }
        let (isTaken, misses) = state.withLock { state in
            let repository = state.repositories[name] ?? .init()
            let parts = String(decoding: request.body, as: UTF8.self).split(separator: "\"")
                .filter { $0.hasPrefix("sha256:") && $0.count == 71 }.map(String.init)
            return (
                repository.tags[reference].map { $0 != digest } ?? false,
                parts.contains { repository.blobs[$0] == nil && repository.manifests[$0] == nil }
            )
        }
        if isTag, let refusal = manners.tagPolicy(name, reference, isTaken) { return refusal.response }
        if misses { return error(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry") }
        state.withLock { state in
            let type = request.headers["content-type"] ?? ""
            state.repositories[name, default: .init()].manifests[digest] = (type, request.body)
            if isTag { state.repositories[name, default: .init()].tags[reference] = digest }
        }
        return .text(
            201, "", [("Location", "/v2/\(name)/manifests/\(digest)"), ("Docker-Content-Digest", digest)])
    }

    private func delete(_ name: String, _ reference: String) -> HTTPServer.Response {
        let isTag = !reference.hasPrefix("sha256:")
        guard manners.deletions.contains(isTag ? .tags : .manifests) else {
            return error(405, "UNSUPPORTED", "The operation is unsupported.")
        }
        let isGone = state.withLock { state in
            if isTag { return state.repositories[name]?.tags.removeValue(forKey: reference) != nil }
            guard state.repositories[name]?.manifests.removeValue(forKey: reference) != nil else { return false }
            let left = (state.repositories[name]?.tags ?? [:]).filter { $0.value != reference }
            state.repositories[name]?.tags = left
            return true
        }
        return isGone ? .text(202, "") : error(404, "MANIFEST_UNKNOWN", "manifest unknown")
    }

    private func tags(_ request: HTTPServer.Request, _ name: String) -> HTTPServer.Response {
        guard let all = state.withLock({ $0.repositories[name]?.tags.keys.sorted() }) else {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry")
        }
        let last = fields(request, "last").first ?? ""
        let size = fields(request, "n").first.flatMap { Int($0) } ?? manners.pageSize
        let rest = all.filter { $0 > last }
        let page = rest.prefix(size)
        let names = page.map { "\"\($0)\"" }.joined(separator: ",")
        var headers = [("Content-Type", "application/json")]
        if page.count < rest.count, let end = page.last {
            headers.append(("Link", "</v2/\(name)/tags/list?last=\(end)&n=\(size)>; rel=\"next\""))
        }
        return .text(200, #"{"name":"\#(name)","tags":[\#(names)]}"#, headers)
    }
}
