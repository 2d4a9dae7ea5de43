import Bytes
import Glibc

/// Whose a file would be, where one id is all that there is: kept beside the file in the extended attribute
/// `user.containers.override_stat`.
///
/// The text is that of containers/storage and fuse-overlayfs: `UID:GID:MODE`, the mode in octal, and for a device, for which
/// an empty file stands, `:char-MAJOR-MINOR` or `:block-MAJOR-MINOR` behind it. Other types that those write (`:file`, `:dir`
/// …) are read and say nothing that the file does not. A symbolic link, a FIFO and a socket can have no such attribute
/// (xattr(7)): they are always the one user's.
package struct KeptOwner: Hashable, Sendable {
    /// A device for which a file stands.
    package struct Node: Hashable, Sendable {
        /// `S_IFCHR` or `S_IFBLK`.
        package var type: FileMode
        package var device: DeviceNumber

        package init(type: FileMode, device: DeviceNumber) {
            self.type = type
            self.device = device
        }
    }

    package static let attribute = RawName("user.containers.override_stat")

    package var user: UInt32
    package var group: UInt32
    /// The permission bits, with set-user-ID, set-group-ID and sticky. Of a file that is no device its own count instead:
    /// chmod(2) does not know this attribute.
    package var mode: FileMode
    /// nil for what is what it looks like.
    package var node: Node?

    package init(user: UInt32, group: UInt32, mode: FileMode, node: Node? = nil) {
        self.user = user
        self.group = group
        self.mode = mode & 0o7777
        self.node = node
    }

    /// What an attribute's value says; nil for what is not of the form, as a program in a container may have written it.
    package init?(_ value: [UInt8]) {
        let fields = value.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 3 || fields.count == 4, let user = Self.number(fields[0], 10), user != .max,
            let group = Self.number(fields[1], 10), group != .max, let mode = Self.number(fields[2], 8)
        else { return nil }
        self.init(user: user, group: group, mode: FileMode(mode))
        guard fields.count == 4 else { return }
        let parts = fields[3].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            let plain = ["file", "dir", "symlink", "pipe", "socket"]
            guard plain.contains(where: { $0.utf8.elementsEqual(fields[3]) }) else { return nil }
            return
        }
        guard let major = Self.number(parts[1], 10), let minor = Self.number(parts[2], 10) else { return nil }
        let device = deviceNumber(major: major, minor: minor)
        if "char".utf8.elementsEqual(parts[0]) {
            node = Node(type: S_IFCHR, device: device)
        } else if "block".utf8.elementsEqual(parts[0]) {
            node = Node(type: S_IFBLK, device: device)
        } else {
            return nil
        }
    }

    /// The attribute's value.
    package var value: [UInt8] {
        var text = "\(user):\(group):0\(String(mode, radix: 8))"
        if let node {
            let parts = FileStatus.parts(of: node.device)
            text += ":\(node.type == S_IFCHR ? "char" : "block")-\(parts.major)-\(parts.minor)"
        }
        return Array(text.utf8)
    }

    /// Whether the file itself says all of it: it is root's.
    package var isPlain: Bool { user == 0 && group == 0 && node == nil }

    /// Of the open file or directory `descriptor`; nil where it has none. Throws `SystemError`.
    package static func of(_ descriptor: CInt) throws(SystemError) -> KeptOwner? {
        try ExtendedAttributes.get(attribute, of: descriptor).flatMap(KeptOwner.init)
    }

    /// Of what `file` names in `directory`. Throws `SystemError`.
    package static func of(_ file: RawName, in directory: CInt) throws(SystemError) -> KeptOwner? {
        try ExtendedAttributes.get(attribute, of: file, in: directory).flatMap(KeptOwner.init)
    }

    /// Keeps it beside the open regular file or directory `descriptor`, and removes the attribute where there is nothing to
    /// keep. Where the file system has no such attributes the owner is lost. Throws `SystemError`.
    package func keep(_ descriptor: CInt) throws(SystemError) {
        if isPlain { return try ExtendedAttributes.remove(Self.attribute, of: descriptor) }
        do throws(SystemError) {
            try ExtendedAttributes.set(Self.attribute, of: descriptor, to: value)
        } catch  where error.errno == .notSupported {}
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ radix: UInt32) -> UInt32? {
        guard !digits.isEmpty, digits.count <= 11 else { return nil }
        var number: UInt32 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), UInt32(digit - UInt8(ascii: "0")) < radix else { return nil }
            let (shifted, overflows) = number.multipliedReportingOverflow(by: radix)
            let (sum, carries) = shifted.addingReportingOverflow(UInt32(digit - UInt8(ascii: "0")))
            guard !overflows, !carries else { return nil }
            number = sum
        }
        return number
    }
}
