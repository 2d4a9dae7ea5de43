import Glibc
import Linux

/// What becomes known of a container's network while it runs.
extension ContainerStore {
    private func portsPath(_ id: String) -> String { runDirectory(id) + "/ports" }

    /// Writes down which ports of the host lead to the container; none takes back what an earlier run had.
    package func writePorts(_ ports: [BoundPort], of id: String) throws(StoreError) {
        try doing("write the ports of container \(id.prefix(12))") { () throws(SystemError) in
            guard !ports.isEmpty else {
                do throws(SystemError) { try Files.unlink(portsPath(id)) } catch {
                    if error.errno != .noEntry { throw error }
                }
                return
            }
            var encoder = WireEncoder()
            encoder.write(ports)
            try Files.replace(portsPath(id), with: encoder.bytes, mode: 0o600, durable: false)
        }
    }

    /// The ports of the host that lead to the container, while it runs; none where nothing is known of any.
    package func ports(of id: String) throws(StoreError) -> [BoundPort] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(portsPath(id), limit: 1 << 20) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory || error.errno == .notRegular { return [] }
            throw .failed(action: "read the ports of container \(id.prefix(12))", error)
        }
        var decoder = WireDecoder(bytes)
        return (try? decoder.read([BoundPort].self)) ?? []
    }

    /// Adds a line about something that the container was refused to a file of its directory, which does not grow beyond a
    /// megabyte.
    package func noteRefusal(_ line: String, of id: String) {
        let path = directory(id) + "/egress.log"
        guard
            let file = try? FileDescriptor.open(
                path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, mode: 0o600),
            let status = try? Files.status(of: file.rawValue), status.size < 1 << 20
        else { return }
        try? file.writeAll("\(Timestamp.now().rfc3339) \(line)\n".utf8)
    }
}
