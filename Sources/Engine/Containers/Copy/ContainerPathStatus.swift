import Glibc
package import Linux

/// What is at a path of a container, as Docker's clients are told it (`X-Docker-Container-Path-Stat`).
package struct ContainerPathStatus: Hashable, Sendable {
    /// The last component of the path.
    package var name: [UInt8]
    /// In bytes.
    package var size: Int
    /// Type and permissions as stat(2) has them.
    package var mode: FileMode
    package var modified: (seconds: Int, nanoseconds: Int) { (seconds, nanoseconds) }
    /// Where a symbolic link leads in the container, all links on the way followed as far as there is something; empty for
    /// anything else.
    package var linkTarget: [UInt8]
    var seconds: Int
    var nanoseconds: Int

    package var isDirectory: Bool { mode & 0o170000 == 0o040000 }
    package var isSymbolicLink: Bool { mode & 0o170000 == 0o120000 }
    package var isRegular: Bool { mode & 0o170000 == 0o100000 }

    init(name: [UInt8], _ status: FileStatus, linkTarget: [UInt8]) {
        self.name = name
        size = status.size
        mode = FileMode(status.raw.st_mode)
        self.linkTarget = linkTarget
        seconds = status.modificationTime.seconds
        nanoseconds = status.modificationTime.nanoseconds
    }

    /// The mode in the bits of Go's `os.FileMode`, which the header of Docker's API has.
    package var goMode: UInt32 {
        var bits = mode & 0o777
        switch mode & 0o170000 {
        case 0o040000: bits |= 1 << 31
        case 0o120000: bits |= 1 << 27
        case 0o060000: bits |= 1 << 26
        case 0o010000: bits |= 1 << 25
        case 0o140000: bits |= 1 << 24
        case 0o020000: bits |= 1 << 26 | 1 << 21
        default: break
        }
        if mode & 0o4000 != 0 { bits |= 1 << 23 }
        if mode & 0o2000 != 0 { bits |= 1 << 22 }
        if mode & 0o1000 != 0 { bits |= 1 << 20 }
        return bits
    }
}

extension ContainerPathStatus: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(data: name)
        encoder.write(size)
        encoder.writeInteger(mode)
        encoder.write(data: linkTarget)
        encoder.write(seconds)
        encoder.write(nanoseconds)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        name = try decoder.readData()
        size = try decoder.read()
        mode = try decoder.readInteger()
        linkTarget = try decoder.readData()
        seconds = try decoder.read()
        nanoseconds = try decoder.read()
    }
}

/// Why something that is no directory and no file cannot be copied onto, in Docker's words; nil where it can.
func refusedDestination(_ mode: FileMode) -> String? {
    switch mode & 0o170000 {
    case 0o020000, 0o060000: "got a device"
    default: nil
    }
}
