import Linux

/// The name of an archive's entry, cleaned: the directory it is in and its last component, both relative to
/// the layer's root.
struct EntryPath: Equatable {
    /// Components joined by "/"; empty (a final zero alone) for the root.
    let parent: RawName
    /// The last component; empty for the root itself.
    let name: RawName

    /// The deepest path that is unpacked, in components: what removes a tree later holds descriptors per level.
    static let maximumDepth = 400

    private static let slash = CChar(bitPattern: UInt8(ascii: "/"))
    private static let dot = CChar(bitPattern: UInt8(ascii: "."))

    /// Cleans `raw` by its letters alone, as Docker does: absolute names begin at the layer's root, "." and
    /// doubled slashes vanish, ".." removes the component before it.
    /// Throws `ArchiveError.escapes` where ".." would lead out, and `badName` for an empty name.
    init(_ raw: RawName) throws(ArchiveError) {
        guard raw.count > 1 else { throw .badName("", "its name is empty") }
        var components: [ArraySlice<CChar>] = []
        for part in Self.split(raw) {
            if part.count == 2, part.allSatisfy({ $0 == Self.dot }) {
                guard components.popLast() != nil else { throw .escapes(raw.printable) }
            } else {
                components.append(part)
            }
        }
        guard components.count <= Self.maximumDepth else {
            throw .badName(raw.printable, "its path has more than \(Self.maximumDepth) components")
        }
        guard let last = components.popLast() else {
            parent = [0]
            name = [0]
            return
        }
        name = RawName(last) + [0]
        parent = components.joined(separator: [Self.slash]) + [0]
    }

    /// The components of `path` without empty and "." ones; ".." stays.
    static func split(_ path: RawName) -> [ArraySlice<CChar>] {
        path.dropLast().split(separator: slash).filter { !($0.count == 1 && $0.first == dot) }
    }

    /// Whether the path is the layer's root.
    var isRoot: Bool { name.count == 1 }

    /// Parent and name, joined; empty for the root.
    var whole: RawName { parent.count == 1 ? name : parent.dropLast() + [Self.slash] + name }

    /// Whether the last component begins with `prefix`.
    func hasPrefix(_ prefix: StaticString) -> Bool {
        guard name.count > prefix.utf8CodeUnitCount else { return false }
        return (0..<prefix.utf8CodeUnitCount).allSatisfy {
            UInt8(bitPattern: name[$0]) == prefix.utf8Start[$0]
        }
    }
}
