import Bytes
import Linux
import OCI

/// The part of a container's description that lists show, written in front of its JSON: reading 1,200 of them takes
/// milliseconds, decoding as many JSON documents most of a second.
///
/// A body is a zero byte (no JSON begins with it), the summary's length, the summary, and the JSON.
package enum ContainerSummary {
    private static let marker: UInt8 = 0
    // Of the form, not of the fields.
    private static let version: UInt32 = 0x6173_0002

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

    /// What a summary tells, each by the number that it has in records: a number is never given away again.
    private enum Field: UInt8 {
        case name = 1
        case created
        case image
        case imageReference
        case imageID
        case platform
        case command
        case hostname
        case labels
        case imageLabels
        case exposedPorts
        case imagePorts
        case networkMode
        case autoRemove
        case mounts
        case networks
        case publishes
        case volumes
    }

    private static func write(_ description: ContainerDescription, to encoder: inout WireEncoder) {
        func put(_ field: Field, _ write: (inout WireEncoder) -> Void) {
            var content = WireEncoder()
            write(&content)
            encoder.writeInteger(field.rawValue)
            encoder.write(data: content.bytes)
        }
        let (options, image) = (description.options, description.imageConfig)
        encoder.write(version)
        put(.name) { $0.write(description.name) }
        put(.created) { $0.write(description.created) }
        put(.image) { $0.write(options.image) }
        if let reference = description.imageReference { put(.imageReference) { $0.write(reference) } }
        if let id = description.imageID { put(.imageID) { $0.write(id.description) } }
        if let platform = description.platform { put(.platform) { $0.write(platform.description) } }
        put(.command) { $0.write(description.command) }
        put(.hostname) { $0.write(description.hostname) }
        put(.labels) { $0.write(options.labels) }
        put(.imageLabels) { $0.write(image.labels ?? [:]) }
        put(.exposedPorts) { $0.write(options.exposedPorts) }
        let imagePorts = image.exposedPorts.map { $0.names } ?? []
        put(.imagePorts) { $0.write(imagePorts) }
        put(.networkMode) { $0.write(options.networkMode.inspected) }
        var networks: [String] = []
        for endpoint in options.endpoints { networks.append(endpoint.network) }
        if !networks.isEmpty { put(.networks) { $0.write(networks) } }
        if !options.publish.isEmpty || options.publishAll { put(.publishes) { $0.write(options.publish) } }
        put(.autoRemove) { $0.write(options.autoRemove) }
        let mounts = options.mounts.map { Mount($0) }
        put(.mounts) { $0.write(mounts) }
        // By their places among the mounts, and not as a member of each, which an older version could not read.
        if mounts.contains(where: \.isVolume) { put(.volumes) { $0.write(mounts.map(\.volumeName)) } }
    }

    // A field that a newer version has written is passed over, and one that an older one has not is what it is without.
    private static func read(_ decoder: inout WireDecoder, id: String) throws -> ContainerDescription {
        guard try decoder.read(UInt32.self) == version else { throw WireError.invalidValue("version") }
        var summary = ContainerDescription(
            id: id, name: "", created: "", options: RunOptions(image: ""), imageConfig: ContainerConfig(),
            imageReference: nil, imageID: nil, platform: nil, command: [], hostname: "")
        while decoder.remaining > 0 {
            let field = Field(rawValue: try decoder.readInteger())
            var content = WireDecoder(try decoder.readData())
            switch field {
            case .name: summary.name = try content.read()
            case .created: summary.created = try content.read()
            case .image: summary.options.image = try content.read()
            case .imageReference: summary.imageReference = try content.read(String.self)
            case .imageID: summary.imageID = Digest(try content.read())
            case .platform: summary.platform = try? Platform(parsing: try content.read())
            case .command: summary.command = try content.read()
            case .hostname: summary.hostname = try content.read()
            case .labels: summary.options.labels = try content.read()
            case .imageLabels: summary.imageConfig.labels = try content.read()
            case .exposedPorts: summary.options.exposedPorts = try content.read()
            case .imagePorts:
                let ports = try content.read([String].self)
                if !ports.isEmpty {
                    summary.imageConfig.exposedPorts = Dictionary(ports.map { (ByteKey($0), EmptyObject()) }) { $1 }
                }
            case .networkMode:
                summary.options.networkMode = (try? NetworkMode(option: try content.read())) ?? .automatic
            case .networks:
                summary.options.endpoints = try content.read([String].self).map { EndpointOptions(network: $0) }
            case .publishes:
                summary.options.publish = try content.read()
                summary.options.publishAll = summary.options.publish.isEmpty
            case .autoRemove: summary.options.autoRemove = try content.read()
            case .mounts: summary.options.mounts = try content.read([Mount].self).map { $0.option }
            case .volumes:
                let names = try content.read([String].self)
                for (place, name) in names.enumerated() where !name.isEmpty && place < summary.options.mounts.count {
                    summary.options.mounts[place].kind = .volume(.init(name: name))
                }
            case nil: continue
            }
        }
        return summary
    }
}

/// What lists show of a mount.
private struct Mount: WireCodable {
    /// nil for a tmpfs.
    var source: String?
    var destination: String
    var readOnly: Bool

    // Those of records are in a field of their own.
    var volumeName = ""
    var isVolume: Bool { !volumeName.isEmpty }

    init(_ option: MountOption) {
        switch option.kind {
        case .bind(let bind): source = bind.source
        case .tmpfs: source = nil
        case .image(let image): source = image.source
        case .volume(let volume): volumeName = volume.name ?? ""
        }
        (destination, readOnly) = (option.destination, option.readOnly)
    }

    var option: MountOption {
        var option = MountOption(
            destination: destination, kind: source.map { .bind(.init(source: $0)) } ?? .tmpfs(.init()))
        option.readOnly = readOnly
        return option
    }

    func encode(to encoder: inout WireEncoder) {
        encoder.write(source)
        encoder.write(destination)
        encoder.write(readOnly)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        source = try decoder.read(String?.self)
        destination = try decoder.read()
        readOnly = try decoder.read()
    }
}
