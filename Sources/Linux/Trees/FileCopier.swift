import Glibc

/// Copies single files with everything that belongs to them: content with its holes, owner, mode, extended
/// attributes and times. Remembers which fast ways the file systems refused.
package struct FileCopier {
    private var canShare = true
    private var canCopyRange = true
    /// The number of files whose blocks are shared with their source.
    private(set) var sharedFiles = 0
    /// The bytes of content that were copied, without holes and shared blocks.
    private(set) var copiedBytes = 0
    /// Attributes of overlayfs are left out, and so are those that the target's file system refuses.
    var keepsOverlayAttributes = false

    var owners: OwnerMap?

    // Kept from part to part: fresh memory from the kernel for each costs as much as the copy.
    private var buffer: Buffer?

    private final class Buffer {
        static let size = 1 << 18
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        deinit { memory.deallocate() }
    }

    package init() {}

    /// Copies `name`, which is no directory and has `status`, to the new name `target`. Throws `SystemError`.
    package mutating func copy(
        _ name: RawName, in directory: CInt, _ status: FileStatus, to target: RawName, in targetDirectory: CInt
    ) throws(SystemError) {
        switch status.type {
        case S_IFREG:
            let source = try Files.open(raw: name, in: directory, O_RDONLY)
            let file = try Files.open(raw: target, in: targetDirectory, O_WRONLY | O_CREAT | O_EXCL)
            try copyContent(source, to: file, size: status.size)
            return try copyDescription(of: source.rawValue, status, to: file.rawValue)
        case S_IFLNK:
            try Files.makeSymbolicLink(
                raw: target, in: targetDirectory, to: Files.readLink(raw: name, in: directory))
        default:
            try Files.makeNode(
                raw: target, in: targetDirectory, mode: status.type | 0o600, device: status.device)
        }
        let owner = try owner(status)
        try Files.setOwner(raw: target, in: targetDirectory, user: owner.user, group: owner.group)
        if !status.isSymbolicLink { try Files.setMode(raw: target, in: targetDirectory, status.permissions) }
        for attribute in try ExtendedAttributes.list(of: name, in: directory) where isCopied(attribute) {
            guard let value = try ExtendedAttributes.get(attribute, of: name, in: directory) else { continue }
            try Self.tolerating { () throws(SystemError) in
                try ExtendedAttributes.set(attribute, of: target, in: targetDirectory, to: value)
            }
        }
        try Files.setTimes(
            raw: target, in: targetDirectory, access: status.accessTime, modification: status.modificationTime)
    }

    /// Gives the open file or directory `target` what the open `source` has. Throws `SystemError`.
    func copyDescription(of source: CInt, _ status: FileStatus, to target: CInt) throws(SystemError) {
        let owner = try owner(status)
        try Files.setOwner(raw: [0], in: target, user: owner.user, group: owner.group)
        // After the owner: chown(2) takes the set-user-ID bit and the capabilities away.
        try Files.setMode(of: target, status.permissions)
        for attribute in try ExtendedAttributes.list(of: source) where isCopied(attribute) {
            guard let value = try ExtendedAttributes.get(attribute, of: source) else { continue }
            try Self.tolerating { () throws(SystemError) in
                try ExtendedAttributes.set(attribute, of: target, to: value)
            }
        }
        try Files.setTimes(of: target, access: status.accessTime, modification: status.modificationTime)
    }

    private func owner(_ status: FileStatus) throws(SystemError) -> (user: UInt32, group: UInt32) {
        guard let owners else { return (status.user, status.group) }
        // The whiteouts of a layer belong to nobody in particular.
        if status.isWhiteout { return (owners.user(0) ?? 0, owners.group(0) ?? 0) }
        guard let user = owners.user(status.user), let group = owners.group(status.group) else {
            throw SystemError(
                "chown", "\(status.user):\(status.group), which no id of the user namespace is for", .invalid)
        }
        return (user, group)
    }

    private func isCopied(_ attribute: RawName) -> Bool {
        keepsOverlayAttributes || !OverlayAttributes.reserves(attribute)
    }

    /// Attributes that the source's file system or security module gives and the target's refuses are not the
    /// user's.
    private static func tolerating(_ set: () throws(SystemError) -> Void) throws(SystemError) {
        do throws(SystemError) {
            try set()
        } catch  where error.errno == .notSupported || error.errno == .notPermitted {}
    }

    /// Copies the first `size` bytes of `source` into the empty file `target`, with its holes, or has it share the blocks.
    /// Throws `SystemError`.
    package mutating func copyContent(
        _ source: borrowing FileDescriptor, to target: borrowing FileDescriptor, size: Int
    ) throws(SystemError) {
        guard size > 0 else { return }
        if canShare {
            do throws(SystemError) {
                try target.share(blocksOf: source)
                sharedFiles += 1
                return
            } catch {
                guard Self.isRefusal(error.errno) else { throw error }
                canShare = false
            }
        }
        var offset = 0
        var end = 0
        while offset < size, let data = try source.nextData(from: offset) {
            offset = data.lowerBound
            while offset < data.upperBound {
                let copied = try copyPart(of: source, to: target, at: offset, length: data.upperBound - offset)
                // The source became shorter meanwhile.
                if copied == 0 { return }
                offset += copied
                end = offset
                copiedBytes += copied
            }
        }
        // A hole at the end.
        if end < size { try target.setSize(size) }
    }

    private mutating func copyPart(
        of source: borrowing FileDescriptor, to target: borrowing FileDescriptor, at offset: Int, length: Int
    ) throws(SystemError) -> Int {
        if canCopyRange {
            do throws(SystemError) {
                return try target.copyRange(from: source, at: offset, length: min(length, 1 << 30))
            } catch {
                guard Self.isRefusal(error.errno) else { throw error }
                canCopyRange = false
            }
        }
        let buffer = buffer ?? Buffer()
        self.buffer = buffer
        let got = try source.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<min(length, Buffer.size)]), at: offset)
        try target.write(UnsafeRawBufferPointer(rebasing: buffer.memory[..<got]), at: offset)
        return got
    }

    private static func isRefusal(_ errno: Errno) -> Bool {
        switch errno {
        case .notSupported, .crossDevice, .invalid, .notImplemented, .notPermitted, Errno(ENOTTY), Errno(EBADF): true
        default: false
        }
    }
}
