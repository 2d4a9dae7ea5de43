import Archive
import Bytes
import Errors
import Glibc
import Linux
import OCI
import Registry

/// A file that a web server has.
enum WebFile {
    /// The most bytes of one.
    static let limit: Int64 = 1 << 35

    /// What was fetched, in a directory of the build's own.
    struct Fetched: Sendable {
        let tree: TemporaryTree
        /// The file's name in it.
        let name: String
        /// `Last-Modified`; the beginning of 1970 where the server says nothing of it.
        let modification: FileTime
    }

    /// Fetches `address`. `checksum`: the digest that it must have. Throws `EngineError`.
    static func fetch(_ address: String, checksum: Digest? = nil, _ tools: BuildTools) throws(EngineError) -> Fetched {
        let tree = try TemporaryTree(tools)
        let name = name(of: address)
        let cancellation = tools.cancellation
        let head: WebDownload.Head
        do {
            let file = try FileDescriptor.open(
                "\(tree.path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600
            ).release()
            defer { close(file) }
            let number = file
            head = try waitFor {
                try await WebDownload(limit: limit).fetch(address) { bytes in
                    if cancellation.isCancelled { throw EngineError("context canceled", .cancelled) }
                    var done = 0
                    while done < bytes.count {
                        let rest = bytes.baseAddress.map { $0 + done }
                        done += try check("write", name) { write(number, rest, bytes.count - done) }
                    }
                }
            }
        } catch RegistryError.refused(_, let status, _) {
            throw EngineError(
                "\(address.excerpt): invalid response status \(status)", status == 404 ? .notFound : .unavailable)
        } catch RegistryError.unreachable(let host, let cause) {
            throw EngineError("cannot fetch \(address.excerpt): \(host): \(cause)", .unavailable)
        } catch RegistryError.violation(_, let cause) {
            throw EngineError("cannot fetch \(address.excerpt): \(cause)", .invalid)
        } catch let error as EngineError { throw error } catch {
            throw EngineError("cannot fetch \(address.excerpt): \(error)")
        }
        if let checksum {
            let found = try engine {
                let file = try FileDescriptor.open("\(tree.path)/\(name)", O_RDONLY)
                return try Digest.ofFile(file, checksum.algorithm).digest
            }
            guard found == checksum else {
                throw EngineError("digest mismatch \(found): \(address.excerpt) should have \(checksum)", .invalid)
            }
        }
        let seconds = head.lastModified.flatMap { HTTPDate.seconds(of: $0) } ?? 0
        return Fetched(tree: tree, name: name, modification: FileTime(seconds: seconds, nanoseconds: 0))
    }

    /// What a file of this address is called: the last name of its path.
    static func name(of address: String) -> String {
        var rest = Array(address.utf8)
        if let end = rest.firstIndex(where: { "?#".utf8.contains($0) }) { rest.removeSubrange(end...) }
        // Behind "https://host".
        let parts = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst(3)
        let name = decoded(Array(parts.last { !$0.isEmpty } ?? []))
        let isName = !name.isEmpty && name != [46] && name != [46, 46] && !name.contains(47) && !name.contains(0)
        guard isName, name.count <= 255, let text = String(validating: name, as: UTF8.self) else {
            return "__unnamed__"
        }
        return text
    }

    // "%20" and its like.
    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var place = 0
        while place < text.count {
            if text[place] == UInt8(ascii: "%"), place + 2 < text.count,
                let byte = UInt8(String(decoding: text[(place + 1)...(place + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                place += 3
            } else {
                bytes.append(text[place])
                place += 1
            }
        }
        return bytes
    }
}
