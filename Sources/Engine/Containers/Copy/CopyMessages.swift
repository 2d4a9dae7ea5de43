import Archive
import Errors
import Glibc
import Linux

/// What the process in the container's namespaces is asked for, one at a time.
enum CopyCommand {
    /// What is at a path.
    case status([UInt8])
    /// All that is at a path, entry by entry, the topmost being called `name` ("." for the content of a directory).
    case send([UInt8], name: [UInt8])
    /// The same as a tar archive into the worker's stream.
    case archive([UInt8])
    /// Entries go into a directory; they belong to the container's root, or to those that the entries name.
    case receive(into: [UInt8], keepsOwners: Bool)
    /// The worker's stream is a tar archive whose entries go into a directory.
    case extract(into: [UInt8])
}

/// What it answers.
enum CopyReply {
    case status(ContainerPathStatus)
    /// It is ready for entries.
    case ready
    /// A file's description. `content` is the content of a small file; that of others is a descriptor that goes with the packet.
    case entry(TarEntry, content: [UInt8]?)
    /// All was copied; the number is the archive's size in bytes where there is one.
    case done(Int)
    case failed(EngineError)
}

// MARK: - Wire

extension CopyCommand: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .status(let path):
            encoder.writeInteger(UInt8(0))
            encoder.write(data: path)
        case .send(let path, let name):
            encoder.writeInteger(UInt8(1))
            encoder.write(data: path)
            encoder.write(data: name)
        case .archive(let path):
            encoder.writeInteger(UInt8(2))
            encoder.write(data: path)
        case .receive(let path, let keepsOwners):
            encoder.writeInteger(UInt8(3))
            encoder.write(data: path)
            encoder.write(keepsOwners)
        case .extract(let path):
            encoder.writeInteger(UInt8(4))
            encoder.write(data: path)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 0: self = .status(try decoder.readData())
        case 1: self = .send(try decoder.readData(), name: try decoder.readData())
        case 2: self = .archive(try decoder.readData())
        case 3: self = .receive(into: try decoder.readData(), keepsOwners: try decoder.read())
        case 4: self = .extract(into: try decoder.readData())
        default: throw .invalidValue("command")
        }
    }
}

extension CopyReply: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .status(let status):
            encoder.writeInteger(UInt8(0))
            encoder.write(status)
        case .ready: encoder.writeInteger(UInt8(1))
        case .entry(let entry, let content):
            encoder.writeInteger(UInt8(2))
            encoder.write(WireEntry(entry: entry))
            encoder.write(content != nil)
            if let content { encoder.write(data: content) }
        case .done(let size):
            encoder.writeInteger(UInt8(3))
            encoder.write(size)
        case .failed(let error):
            encoder.writeInteger(UInt8(4))
            encoder.writeInteger(Self.number(error.kind))
            // What is longer does not fit into a packet.
            encoder.write(error.message.utf8.count > 16384 ? String(error.message.prefix(4096)) : error.message)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 0: self = .status(try decoder.read())
        case 1: self = .ready
        case 2:
            let entry = try decoder.read(WireEntry.self).entry
            self = .entry(entry, content: try decoder.read() ? try decoder.readData() : nil)
        case 3: self = .done(try decoder.read())
        case 4:
            let kind = Self.kind(try decoder.readInteger())
            self = .failed(EngineError(try decoder.read(), kind))
        default: throw .invalidValue("reply")
        }
    }

    private static let kinds: [ErrorKind] = [.system, .notFound, .invalid, .conflict, .forbidden, .unsupported]

    private static func number(_ kind: ErrorKind) -> UInt8 { UInt8(kinds.firstIndex(of: kind) ?? 0) }

    private static func kind(_ number: UInt8) -> ErrorKind {
        Int(number) < kinds.count ? kinds[Int(number)] : .system
    }
}

/// A file's description between the two processes.
struct WireEntry: WireCodable {
    var entry: TarEntry

    init(entry: TarEntry) { self.entry = entry }

    func encode(to encoder: inout WireEncoder) {
        encoder.write(data: entry.name.bytes)
        switch entry.kind {
        case .regular: encoder.writeInteger(UInt8(0))
        case .directory: encoder.writeInteger(UInt8(1))
        case .fifo: encoder.writeInteger(UInt8(2))
        case .symbolicLink(let target):
            encoder.writeInteger(UInt8(3))
            encoder.write(data: target.bytes)
        case .hardLink(let target):
            encoder.writeInteger(UInt8(4))
            encoder.write(data: target.bytes)
        case .characterDevice(let device):
            encoder.writeInteger(UInt8(5))
            encoder.writeInteger(UInt64(device))
        case .blockDevice(let device):
            encoder.writeInteger(UInt8(6))
            encoder.writeInteger(UInt64(device))
        case .other: encoder.writeInteger(UInt8(7))
        }
        encoder.writeInteger(entry.mode)
        encoder.writeInteger(entry.user)
        encoder.writeInteger(entry.group)
        encoder.write(entry.size)
        encoder.write(entry.modification.seconds)
        encoder.write(entry.modification.nanoseconds)
        encoder.writeInteger(UInt32(entry.attributes.count))
        for (name, value) in entry.attributes {
            encoder.write(data: name.bytes)
            encoder.write(data: value)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        func name() throws(WireError) -> RawName { try decoder.readData().map(CChar.init(bitPattern:)) + [0] }
        let path = try name()
        let kind: TarEntry.Kind
        switch try decoder.readInteger(UInt8.self) {
        case 0: kind = .regular
        case 1: kind = .directory
        case 2: kind = .fifo
        case 3: kind = .symbolicLink(target: try name())
        case 4: kind = .hardLink(target: try name())
        case 5: kind = .characterDevice(DeviceNumber(try decoder.readInteger(UInt64.self)))
        case 6: kind = .blockDevice(DeviceNumber(try decoder.readInteger(UInt64.self)))
        case 7: kind = .other
        default: throw .invalidValue("kind")
        }
        let (mode, user, group): (UInt32, UInt32, UInt32) = (
            try decoder.readInteger(), try decoder.readInteger(), try decoder.readInteger()
        )
        let size: Int = try decoder.read()
        let time = FileTime(seconds: try decoder.read(), nanoseconds: try decoder.read())
        guard size >= 0, (0..<1_000_000_000).contains(time.nanoseconds) else { throw .invalidValue("entry") }
        entry = TarEntry(
            name: path, kind, mode: mode & 0o7777, user: user, group: group, size: size, modification: time)
        for _ in 0..<(try decoder.readInteger(UInt32.self)) {
            let attribute = try name()
            entry.attributes.append((attribute, try decoder.readData()))
        }
    }
}
