import Glibc
package import Linux

/// What distinguishes an unpacked layer from what its archive says: names, types, owners, modes, attributes, links, and contents byte by byte.
/// Times are left out: they harm nobody, and what a build keeps has its own.
package enum TreeDifference {
    /// The first thing in which the tree of the open directory `actual` differs from that of `expected`, as a part of a sentence that is
    /// about the first; nil where there is none. Nothing changes `expected` meanwhile. Throws `SystemError` for what cannot be read.
    package static func find(_ expected: CInt, _ actual: CInt) throws(SystemError) -> String? {
        var other = DirectoryTrail(root: actual)
        var way: [RawName] = []
        var found = try differenceOfNames(expected, actual, "")
        if found != nil { return found }
        func text(_ name: RawName) -> String {
            (way + [name]).map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: "/")
        }
        try Files.walk(below: expected) { directory, name throws(SystemError) in
            guard found == nil else { return false }
            guard let status = try Files.status(raw: name, in: directory) else { return false }
            guard let own = try Files.status(raw: name, in: other.current) else {
                found = "it lacks \"\(text(name))\""
                return false
            }
            if let cause = try difference(name, (directory, status), (other.current, own)) {
                found = "\"\(text(name))\" has \(cause)"
                return false
            }
            guard status.isDirectory else { return false }
            let folder = try Files.open(raw: name, in: directory, O_RDONLY | O_DIRECTORY)
            let ownFolder = try Files.open(raw: name, in: other.current, O_RDONLY | O_DIRECTORY)
            found = try differenceOfNames(folder.rawValue, ownFolder.rawValue, text(name) + "/")
            guard found == nil else { return false }
            try other.enter(name, ownFolder)
            way.append(name)
            return true
        } leave: { _, _ throws(SystemError) in
            try other.leave()
            way.removeLast()
        }
        return found
    }

    private static func differenceOfNames(
        _ expected: CInt, _ actual: CInt, _ way: String
    ) throws(SystemError) -> String? {
        let wanted = Set(try Files.rawNames(of: expected))
        let there = Set(try Files.rawNames(of: actual))
        func text(_ names: Set<RawName>) -> String {
            way + (names.map { String(decoding: $0.bytes, as: UTF8.self) }.min() ?? "")
        }
        let missing = wanted.subtracting(there)
        if !missing.isEmpty { return "it lacks \"\(text(missing))\"" }
        let added = there.subtracting(wanted)
        return added.isEmpty ? nil : "it has \"\(text(added))\", which its archive does not have"
    }

    private static func difference(
        _ name: RawName, _ expected: (directory: CInt, status: FileStatus),
        _ actual: (directory: CInt, status: FileStatus)
    ) throws(SystemError) -> String? {
        let (status, own) = (expected.status, actual.status)
        guard status.type == own.type else { return "another type" }
        guard status.user == own.user, status.group == own.group else { return "another owner" }
        guard status.isSymbolicLink || status.permissions == own.permissions else { return "another mode" }
        if status.isSymbolicLink {
            let isSame =
                try Files.readLink(raw: name, in: expected.directory) == Files.readLink(raw: name, in: actual.directory)
            return isSame ? nil : "another target"
        }
        guard status.isRegular || status.isDirectory else {
            return status.device == own.device ? nil : "another device number"
        }
        guard try attributes(name, expected.directory) == attributes(name, actual.directory) else {
            return "other attributes"
        }
        guard status.isRegular else { return nil }
        guard status.size == own.size else { return "another size" }
        return try hasSameContent(name, expected.directory, actual.directory) ? nil : "another content"
    }

    // overlayfs and its kin note there what a build has done; of that only opaqueness is a layer's own.
    private static func attributes(_ name: RawName, _ directory: CInt) throws(SystemError) -> [RawName: [UInt8]] {
        var found: [RawName: [UInt8]] = [:]
        for attribute in try ExtendedAttributes.list(of: name, in: directory) {
            guard let value = try ExtendedAttributes.get(attribute, of: name, in: directory) else { continue }
            if OverlayAttributes.reserves(attribute) {
                guard attribute == RawName("user.overlay.opaque"), value == [UInt8(ascii: "y")] else { continue }
            }
            found[attribute] = value
        }
        return found
    }

    private static func hasSameContent(_ name: RawName, _ one: CInt, _ other: CInt) throws(SystemError) -> Bool {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let first = try Files.open(raw: name, in: one, flags)
        let second = try Files.open(raw: name, in: other, flags)
        let size = 1 << 18
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 4096)
        defer { buffer.deallocate() }
        let halves = (
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]),
            UnsafeMutableRawBufferPointer(rebasing: buffer[size...])
        )
        var offset = 0
        while true {
            let count = try first.read(into: halves.0, at: offset)
            guard try second.read(into: halves.1, at: offset) == count else { return false }
            if count == 0 { return true }
            guard memcmp(halves.0.baseAddress!, halves.1.baseAddress!, count) == 0 else { return false }
            offset += count
        }
    }
}
