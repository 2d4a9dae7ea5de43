import Archive
import Glibc
import Linux
import OCI

/// Everything that two trees are compared by: type, mode, owner, times, attributes, content, links.
struct Snapshot: Equatable {
    struct Node: Equatable, CustomStringConvertible {
        var type: FileMode
        var mode: FileMode
        var user: UInt32
        var group: UInt32
        var modification: FileTime?
        var device: DeviceNumber
        var content: String
        var attributes: [String: [UInt8]]
        /// All names of the file in the tree.
        var names: [String]
        var description: String {
            """
            \(String(type | mode, radix: 8)) \(user):\(group) \(modification.map { "\($0.seconds).\($0.nanoseconds)" } ?? "") \
            \(device) \(content) \(attributes) \(names)
            """
        }
    }

    /// By path relative to the root, which is ".".
    var nodes: [String: Node] = [:]

    /// The tree at `path`; attributes are those that `includes` takes.
    init(_ path: String, times: Bool = true, attributes includes: (String) -> Bool = { !$0.hasPrefix("user.overlay.") })
        throws
    {
        var names: [FileIdentity: [String]] = [:]
        try walk(path, ".", times, includes, &names)
        for group in names.values where group.count > 1 { for name in group { nodes[name]!.names = group.sorted() } }
    }

    private mutating func walk(
        _ root: String, _ relative: String, _ times: Bool, _ includes: (String) -> Bool,
        _ names: inout [FileIdentity: [String]]
    ) throws {
        // Names that are no UTF-8 keep their bytes in the key and on the way to the kernel.
        let folder = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        try add([46, 0], in: folder.rawValue, relative, times, includes, &names)
        for name in try Files.rawNames(of: folder.rawValue) {
            try visit(name, in: folder.rawValue, relative + "/" + escaped(name), times, includes, &names)
        }
    }

    private mutating func visit(
        _ name: RawName, in parent: CInt, _ relative: String, _ times: Bool, _ includes: (String) -> Bool,
        _ names: inout [FileIdentity: [String]]
    ) throws {
        try add(name, in: parent, relative, times, includes, &names)
        guard try Files.status(raw: name, in: parent)!.isDirectory else { return }
        let folder = try Files.open(raw: name, in: parent, O_RDONLY | O_DIRECTORY)
        for child in try Files.rawNames(of: folder.rawValue) {
            try visit(child, in: folder.rawValue, relative + "/" + escaped(child), times, includes, &names)
        }
    }

    private mutating func add(
        _ name: RawName, in parent: CInt, _ relative: String, _ times: Bool, _ includes: (String) -> Bool,
        _ names: inout [FileIdentity: [String]]
    ) throws {
        let status = try Files.status(raw: name, in: parent)!
        var content = ""
        if status.isRegular {
            let (digest, size) = try Digest.ofFile(Files.open(raw: name, in: parent, O_RDONLY))
            content = "\(size) \(digest.short)"
        } else if status.isSymbolicLink {
            content = escaped(try Files.readLink(raw: name, in: parent))
        }
        var attributes: [String: [UInt8]] = [:]
        for attribute in try ExtendedAttributes.list(of: name, in: parent) where includes(attribute.printable) {
            attributes[attribute.printable] = try ExtendedAttributes.get(attribute, of: name, in: parent)
        }
        if !status.isDirectory { names[status.identity, default: []].append(relative) }
        let isDevice = status.type == S_IFCHR || status.type == S_IFBLK
        nodes[relative] = Node(
            type: status.type, mode: status.permissions, user: status.user, group: status.group,
            modification: times ? status.modificationTime : nil, device: isDevice ? status.device : 0,
            content: content, attributes: attributes, names: [])
    }

    /// What differs, for a message; empty where nothing does.
    func differences(from other: Snapshot) -> [String] {
        Set(nodes.keys).union(other.nodes.keys).sorted().compactMap { name in
            let (mine, theirs) = (nodes[name], other.nodes[name])
            if mine == theirs { return nil }
            return
                "\(name): \(mine.map(String.init(describing:)) ?? "-") | \(theirs.map(String.init(describing:)) ?? "-")"
        }
    }
}

/// The bytes as text, those above 127 as numbers.
private func escaped(_ name: RawName) -> String {
    name.bytes.map { $0 < 128 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
}
