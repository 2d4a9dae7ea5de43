import Linux

extension FileStamp: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(device)
        encoder.writeInteger(inode)
        encoder.writeInteger(size)
        encoder.writeInteger(modified)
        encoder.writeInteger(changed)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        device = try decoder.readInteger()
        inode = try decoder.readInteger()
        size = try decoder.readInteger()
        modified = try decoder.readInteger()
        changed = try decoder.readInteger()
    }
}

extension ContentSum: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(words.0)
        encoder.writeInteger(words.1)
        encoder.writeInteger(words.2)
        encoder.writeInteger(words.3)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        let (first, second): (UInt64, UInt64) = (try decoder.readInteger(), try decoder.readInteger())
        let (third, fourth): (UInt64, UInt64) = (try decoder.readInteger(), try decoder.readInteger())
        words = (first, second, third, fourth)
    }
}

extension SelectedFile.Kind: WireCodable {}

extension SelectedFile: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.write(name: path)
        encoder.write(kind)
        encoder.writeInteger(mode)
        encoder.writeInteger(user)
        encoder.writeInteger(group)
        encoder.writeInteger(device)
        encoder.writeInteger(modification.seconds)
        encoder.writeInteger(modification.nanoseconds)
        encoder.write(name: target)
        encoder.writeInteger(UInt32(attributes.count))
        for attribute in attributes {
            encoder.write(name: attribute.name)
            encoder.write(data: attribute.value)
        }
        guard kind == .regular else { return }
        encoder.write(stamp)
        encoder.write(sum)
        encoder.write(isFresh)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        path = try decoder.readName()
        kind = try decoder.read()
        mode = try decoder.readInteger()
        user = try decoder.readInteger()
        group = try decoder.readInteger()
        device = try decoder.readInteger()
        let seconds: Int = try decoder.readInteger()
        modification = FileTime(seconds: seconds, nanoseconds: try decoder.readInteger())
        target = try decoder.readName()
        for _ in 0..<(try decoder.readInteger(UInt32.self)) {
            let name = try decoder.readName()
            attributes.append(Attribute(name: name, value: try decoder.readData()))
        }
        stamp = FileStamp(device: 0, inode: 0, size: 0, modified: 0, changed: 0)
        guard kind == .regular else { return }
        stamp = try decoder.read()
        sum = try decoder.read()
        isFresh = try decoder.read()
    }
}

extension SelectedGroup: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(root)
        encoder.writeInteger(UInt32(top.count))
        for name in top { encoder.write(name: name) }
        encoder.write(name: name)
        encoder.write(isDirectory)
        encoder.write(isArchive)
        encoder.write(files)
        encoder.write(data: content)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        root = try decoder.readInteger()
        top = []
        for _ in 0..<(try decoder.readInteger(UInt32.self)) { top.append(try decoder.readName()) }
        name = try decoder.readName()
        isDirectory = try decoder.read()
        isArchive = try decoder.read()
        files = try decoder.read()
        content = try decoder.readData()
    }
}

extension WireEncoder {
    /// Writes a name without its final zero.
    mutating func write(name: RawName) { write(data: name.bytes) }
}

extension WireDecoder {
    /// Reads what `write(name:)` wrote.
    mutating func readName() throws(WireError) -> RawName {
        let bytes = try readData()
        if bytes.contains(0) { throw .invalidValue("name") }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }
}
