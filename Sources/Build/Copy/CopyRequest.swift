import ContainerSpec
import Errors
import Linux
import Store

/// What a process that reads or writes files for COPY is told, in a memory file.
struct CopyRequest: Sendable {
    /// A root that files are taken from.
    enum Root: Sendable {
        /// A directory as the caller sees it.
        case directory(String)
        /// Layers, the lowest first.
        case layers([String])
    }

    var runDirectory: String
    /// A directory for what only this process needs.
    var temporary: String
    var driver: StorageDriver?
    var work: Work

    enum Work: Sendable {
        /// Find the sources in the layers, and write the groups to descriptor 4.
        case select([String], SelectionSources)
        /// Copy the groups that are in descriptor 4.
        case copy(Copy)
        /// Make the destination, a directory, with those that it is in.
        case makeDirectory(Copy)
    }

    /// Where the groups go.
    struct Copy: Sendable {
        var roots: [Root]
        /// The layers below, the lowest first.
        var lowers: [String]
        /// Where what is written goes.
        var scratch: String
        /// The destination, absolute; a slash at its end says that it is a directory.
        var destination: [UInt8]
        /// `--chown`; nil: everybody keeps what is theirs.
        var owner: String?
        /// `--chmod`.
        var mode: String?
        /// Whether the result does not stand on `lowers`.
        var isLinked: Bool
    }
}

extension CopyRequest: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.write(runDirectory)
        encoder.write(temporary)
        encoder.write(driver?.rawValue ?? "")
        switch work {
        case .select(let layers, let sources):
            encoder.writeInteger(UInt8(0))
            encoder.write(layers)
            encoder.write(sources)
        case .copy(let copy), .makeDirectory(let copy):
            let isCopy = if case .copy = work { true } else { false }
            encoder.writeInteger(UInt8(isCopy ? 1 : 2))
            encoder.write(copy.roots)
            encoder.write(copy.lowers)
            encoder.write(copy.scratch)
            encoder.write(data: copy.destination)
            encoder.write(copy.owner)
            encoder.write(copy.mode)
            encoder.write(copy.isLinked)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        runDirectory = try decoder.read()
        temporary = try decoder.read()
        driver = StorageDriver(rawValue: try decoder.read())
        let kind = try decoder.readInteger(UInt8.self)
        switch kind {
        case 0:
            let layers: [String] = try decoder.read()
            work = .select(layers, try decoder.read())
        case 1, 2:
            let roots: [Root] = try decoder.read()
            let lowers: [String] = try decoder.read()
            let scratch: String = try decoder.read()
            let destination = try decoder.readData()
            let owner: String? = try decoder.read()
            let mode: String? = try decoder.read()
            let copy = Copy(
                roots: roots, lowers: lowers, scratch: scratch, destination: destination, owner: owner, mode: mode,
                isLinked: try decoder.read())
            work = kind == 1 ? .copy(copy) : .makeDirectory(copy)
        default: throw .invalidValue("work")
        }
    }
}

extension CopyRequest.Root: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .directory(let path):
            encoder.writeInteger(UInt8(0))
            encoder.write(path)
        case .layers(let layers):
            encoder.writeInteger(UInt8(1))
            encoder.write(layers)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 0: self = .directory(try decoder.read())
        case 1: self = .layers(try decoder.read())
        default: throw .invalidValue("root")
        }
    }
}

extension SelectionSources: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        encoder.write(sources)
        encoder.write(excluded)
        encoder.write(keepsParents)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        sources = try decoder.read()
        excluded = try decoder.read()
        keepsParents = try decoder.read()
    }
}

extension SelectionSources.Source: WireCodable {
    // What only files that were fetched have does not travel: those are looked for by the caller.
    func encode(to encoder: inout WireEncoder) {
        encoder.write(data: path)
        encoder.write(hasWildcards)
        encoder.write(isUnpacked)
        encoder.write(data: pivot)
        encoder.writeInteger(root)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        path = try decoder.readData()
        hasWildcards = try decoder.read()
        isUnpacked = try decoder.read()
        pivot = try decoder.readData()
        root = try decoder.readInteger()
    }
}

/// What such a process says at its end, on its standard output.
enum CopyAnswer: WireCodable {
    case done
    case failed(EngineError)

    private static let kinds: [ErrorKind] = [
        .system, .notFound, .conflict, .invalid, .notModified, .unsupported, .forbidden, .unavailable, .cancelled,
    ]

    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .done: encoder.writeInteger(UInt8(0))
        case .failed(let error):
            encoder.writeInteger(UInt8(1))
            encoder.writeInteger(UInt8(Self.kinds.firstIndex(of: error.kind) ?? 0))
            encoder.write(error.message)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 0: self = .done
        case 1:
            let kind = Int(try decoder.readInteger(UInt8.self))
            guard kind < Self.kinds.count else { throw .invalidValue("kind") }
            self = .failed(EngineError(try decoder.read(), Self.kinds[kind]))
        default: throw .invalidValue("answer")
        }
    }
}
