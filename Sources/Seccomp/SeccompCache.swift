import Glibc
package import Linux
package import OCI

/// Compiled filters in files, so that the start of a container reads bytes instead of compiling.
///
/// A file carries what it was compiled from, whole: a name that two sources share, a changed profile or a new version
/// of the compiler is seen when it is read. What is damaged is compiled again and replaced. A directory that cannot be
/// written, or in which others could leave a filter (`PrivateDirectory`), costs time, not the container.
package struct SeccompCache: Sendable {
    private let directory: String?
    private let kernel: KernelVersion

    /// Keeps files in `directory`, which is made (mode 0700) when the first is written. nil: nothing is kept.
    package init(directory: String?, kernel: KernelVersion = .running) {
        self.directory = directory
        self.kernel = kernel
    }

    /// Docker's default profile for a bounding set of `capabilities` (bit n for capability n).
    package func defaultProgram(capabilities: UInt64) throws(SeccompError) -> SeccompProgram {
        let matter = capabilities & DefaultProfile.capabilitiesThatMatter
        var key = KeyWriter(.defaultProfile)
        key.append(UInt64(DefaultProfile.version))
        key.append(matter)
        key.append(DefaultProfile.kernelFeatures(kernel))
        return try program(key.bytes) { () throws(SeccompError) in
            DefaultProfile.specification(capabilities: matter, kernel: kernel)
        }!
    }

    /// The profile in `contents`, in Docker's JSON; `file` names it in errors. nil for a profile that filters nothing.
    package func program(
        profile contents: [UInt8], file: String, capabilities: UInt64
    ) throws(SeccompError) -> SeccompProgram? {
        var key = KeyWriter(.profileFile)
        key.append(capabilities)
        key.append(UInt64(kernel.major) << 32 | UInt64(kernel.minor))
        key.append(contents)
        return try program(key.bytes) { () throws(SeccompError) in
            try ProfileFile(contents, file: file).specification(capabilities: capabilities, kernel: kernel)
        }
    }

    /// The filter of a runtime specification, `linux.seccomp`, whose text is `contents`; what it says is asked of
    /// `source` only where the compiled one is not there. nil where that gives nil.
    package func program(
        specification contents: [UInt8], or source: () throws(SeccompError) -> RuntimeSpec.Seccomp?
    ) throws(SeccompError) -> SeccompProgram? {
        var key = KeyWriter(.specification)
        key.append(contents)
        return try program(key.bytes, or: source)
    }

    private func program(
        _ key: [UInt8], or source: () throws(SeccompError) -> RuntimeSpec.Seccomp?
    ) throws(SeccompError) -> SeccompProgram? {
        let name = "\(hex(checksum(key).bytes)).bpf"
        if let directory, let found = Self.read(name, of: directory, key) { return found }
        guard let specification = try source() else { return nil }
        let program = try SeccompCompiler.program(for: specification)
        // What goes wrong here goes wrong again at the next start, which compiles again: slower, and as safe.
        if let directory, let folder = try? PrivateDirectory.make(directory) {
            try? Files.replace(
                name, in: folder.rawValue, with: CacheRecord.bytes(of: program, key: key), mode: 0o600, durable: false)
        }
        return program
    }

    private static func read(_ name: String, of directory: String, _ key: [UInt8]) -> SeccompProgram? {
        guard let folder = try? PrivateDirectory.open(directory),
            let bytes = try? Files.read(name, in: folder.rawValue, limit: 1 << 24)
        else { return nil }
        return CacheRecord.program(in: bytes, key: key)
    }
}

/// What a compiled filter depends on, as bytes.
private struct KeyWriter {
    enum Kind: UInt64 { case defaultProfile, profileFile, specification }

    var bytes: [UInt8] = []

    init(_ kind: Kind) {
        append(CacheRecord.version)
        append(kind.rawValue)
        append(UInt64(SeccompArchitecture.native.auditValue))
    }

    mutating func append(_ number: UInt64) { bytes.append(contentsOf: number.bytes) }
    mutating func append(_ data: [UInt8]) { bytes.append(contentsOf: data) }
}

/// The layout of a file: seven numbers of 8 bytes (mark, version, checksum of the rest, flags, lengths of the key and of
/// the instructions, 0), the key, the instructions.
enum CacheRecord {
    /// Of the layout and of the compiler: raise it when the same profile compiles to something else.
    static let version: UInt64 = 1
    private static let mark: UInt64 = 0x6663_6573_7375_7061
    private static let headerLength = 56

    static func bytes(of program: SeccompProgram, key: [UInt8]) -> [UInt8] {
        var rest: [UInt8] = []
        let numbers = [UInt64(program.flags), UInt64(key.count), UInt64(program.instructions.count), 0]
        for number in numbers { rest.append(contentsOf: number.bytes) }
        rest.append(contentsOf: key)
        rest.append(contentsOf: program.instructions)
        return mark.bytes + version.bytes + checksum(rest).bytes + rest
    }

    /// The program in `bytes`; nil where they are damaged or belong to another key.
    static func program(in bytes: [UInt8], key: [UInt8]) -> SeccompProgram? {
        bytes.withUnsafeBytes { raw in
            func number(_ index: Int) -> UInt64 { raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
            guard raw.count >= headerLength, number(0) == mark, number(1) == version else { return nil }
            guard number(4) == UInt64(key.count), number(5) < 1 << 20, number(5) % 8 == 0, number(5) > 0 else {
                return nil
            }
            let length = Int(number(5))
            guard raw.count == headerLength + key.count + length, let flags = UInt32(exactly: number(3)) else {
                return nil
            }
            guard number(2) == checksum(UnsafeRawBufferPointer(rebasing: raw[24...])) else { return nil }
            guard raw[headerLength..<(headerLength + key.count)].elementsEqual(key) else { return nil }
            return SeccompProgram(
                instructions: Array(raw[(headerLength + key.count)...]), flags: flags, ignoredCalls: [])
        }
    }
}

/// FNV-1a over words of 8 bytes and the bytes that remain: against damage, not against intent.
func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let words = bytes.count / 8
    for index in 0..<words {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) &* 0x100_0000_01b3
        // Without this, the upper bits of a word would never reach the lower ones of the hash.
        hash ^= hash >> 32
    }
    for byte in bytes[(words * 8)...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}

func checksum(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { checksum($0) } }

extension UInt64 {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
