import Linux
import OCI

/// The part of a container's description that lists show, written in front of its JSON: reading 1,200 of them takes
/// milliseconds, decoding as many JSON documents most of a second.
///
/// A body is a zero byte (no JSON begins with it), the summary's length, the summary, and the JSON.
package enum ContainerSummary {
    private static let marker: UInt8 = 0
    private static let version: UInt32 = 0x6173_0001

    /// The body of a record whose description is `json`.
    static func body(_ description: ContainerDescription, json: [UInt8]) -> [UInt8] {
        var encoder = WireEncoder()
        write(description, to: &encoder)
        var length = WireEncoder()
        length.writeInteger(UInt32(encoder.bytes.count))
        return [marker] + length.bytes + encoder.bytes + json
    }

    /// The JSON in `body`.
    static func json(in body: [UInt8]) -> ArraySlice<UInt8> {
        guard let range = range(in: body) else { return body[...] }
        return body[range.upperBound...]
    }

    /// What lists show of the container whose record has `body`; nil where the body has no summary.
    package static func read(_ body: [UInt8], id: String) -> ContainerDescription? {
        guard let range = range(in: body) else { return nil }
        var decoder = WireDecoder(Array(body[range]))
        guard let description = try? read(&decoder, id: id), decoder.remaining == 0 else { return nil }
        return description
    }

    private static func range(in body: [UInt8]) -> Range<Int>? {
        guard body.first == marker, body.count > 5 else { return nil }
        var decoder = WireDecoder(Array(body[1..<5]))
        guard let length = try? decoder.readInteger(UInt32.self), 5 + Int(length) <= body.count else { return nil }
        return 5..<(5 + Int(length))
    }

    private static func write(_ description: ContainerDescription, to encoder: inout WireEncoder) {
        let (options, image) = (description.options, description.imageConfig)
        encoder.write(version)
        encoder.write(description.name)
        encoder.write(description.created)
        encoder.write(options.image)
        encoder.write(description.imageReference)
        encoder.write(description.imageID?.description)
        encoder.write(description.platform?.description)
        encoder.write(description.command)
        encoder.write(description.hostname)
        encoder.write(options.labels)
        encoder.write(image.labels ?? [:])
        encoder.write(options.exposedPorts)
        encoder.write(image.exposedPorts.map { $0.keys.sorted() } ?? [])
        encoder.write(options.networkMode.inspected)
        encoder.write(options.autoRemove)
        encoder.writeInteger(UInt32(options.mounts.count))
        for mount in options.mounts {
            switch mount.kind {
            case .bind(let bind): encoder.write(Optional(bind.source))
            case .tmpfs: encoder.write(String?.none)
            }
            encoder.write(mount.destination)
            encoder.write(mount.readOnly)
        }
    }

    private static func read(_ decoder: inout WireDecoder, id: String) throws -> ContainerDescription {
        guard try decoder.read(UInt32.self) == version else { throw WireError.invalidValue("version") }
        let name = try decoder.read(String.self)
        let created = try decoder.read(String.self)
        var options = RunOptions(image: try decoder.read(String.self))
        let reference = try decoder.read(String?.self)
        let imageID = try decoder.read(String?.self).flatMap { Digest($0) }
        let platform = try decoder.read(String?.self).flatMap { try? Platform(parsing: $0) }
        let command = try decoder.read([String].self)
        let hostname = try decoder.read(String.self)
        options.labels = try decoder.read([String: String].self)
        var image = ContainerConfig()
        image.labels = try decoder.read([String: String].self)
        options.exposedPorts = try decoder.read([String].self)
        let ports = try decoder.read([String].self)
        if !ports.isEmpty { image.exposedPorts = Dictionary(ports.map { ($0, EmptyObject()) }) { $1 } }
        options.networkMode = (try? NetworkMode(option: try decoder.read(String.self))) ?? .automatic
        options.autoRemove = try decoder.read(Bool.self)
        for _ in 0..<(try decoder.readInteger(UInt32.self)) {
            let source = try decoder.read(String?.self)
            var mount = MountOption(
                destination: try decoder.read(String.self),
                kind: source.map { .bind(.init(source: $0)) } ?? .tmpfs(.init()))
            mount.readOnly = try decoder.read(Bool.self)
            options.mounts.append(mount)
        }
        return ContainerDescription(
            id: id, name: name, created: created, options: options, imageConfig: image, imageReference: reference,
            imageID: imageID, platform: platform, command: command, hostname: hostname)
    }
}
