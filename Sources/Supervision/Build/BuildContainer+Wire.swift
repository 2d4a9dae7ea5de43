package import Linux

extension BuildContainer: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(layers)
        encoder.write(scratch)
        encoder.write(mounts)
        encoder.write(targets)
        encoder.write(descriptorCount)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        layers = try decoder.read()
        scratch = try decoder.read()
        mounts = try decoder.read()
        targets = try decoder.read()
        descriptorCount = try decoder.read()
    }
}

extension BuildMount: WireCodable {
    private enum Kind: UInt8, WireCodable { case layers, cache, file, socket }

    package func encode(to encoder: inout WireEncoder) {
        encoder.write(destination)
        encoder.write(isReadOnly)
        switch source {
        case .layers(let layers, let subpath):
            encoder.write(Kind.layers)
            encoder.write(layers)
            encoder.write(subpath)
        case .cache(let cache):
            encoder.write(Kind.cache)
            encoder.write(cache)
        case .file(let content, let owner):
            encoder.write(Kind.file)
            encoder.write(data: content)
            encoder.write(owner)
        case .socket(let number, let owner):
            encoder.write(Kind.socket)
            encoder.write(number)
            encoder.write(owner)
        }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        destination = try decoder.read()
        isReadOnly = try decoder.read()
        switch try decoder.read(Kind.self) {
        case .layers:
            let layers: [String] = try decoder.read()
            source = .layers(layers, subpath: try decoder.read())
        case .cache: source = .cache(try decoder.read())
        case .file:
            let content = try decoder.readData()
            source = .file(content, try decoder.read())
        case .socket:
            let number: CInt = try decoder.read()
            source = .socket(number, try decoder.read())
        }
    }
}

extension BuildFileOwner: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(user)
        encoder.write(group)
        encoder.write(mode)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        user = try decoder.read()
        group = try decoder.read()
        mode = try decoder.read()
    }
}

extension BuildCacheMount: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(directory)
        encoder.write(initial)
        encoder.write(initialPath)
        encoder.write(owner)
        encoder.write(subpath)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        directory = try decoder.read()
        initial = try decoder.read()
        initialPath = try decoder.read()
        owner = try decoder.read()
        subpath = try decoder.read()
    }
}
