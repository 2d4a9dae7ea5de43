import Linux

/// Extended attributes that the kernel gives a meaning with numbers of users in it.
enum AttributeOwners {
    private static let capability = RawName("security.capability")
    private static let lists = [RawName("system.posix_acl_access"), RawName("system.posix_acl_default")]

    /// All that there are.
    static let names = [capability] + lists

    /// The value as `owners` moves its numbers. What is not of a known form stays as it is.
    static func move(_ value: [UInt8], of name: RawName, by owners: OwnerMap?) -> [UInt8] {
        guard let owners else { return value }
        if name == capability { return moveCapability(value, owners) }
        return lists.contains(name) ? moveList(value, owners) : value
    }

    // struct vfs_ns_cap_data (linux/capability.h): a little-endian word with the revision in its highest byte, two sets of
    // two words, and in revision 3 the root of the user namespace that they count in. To the archive's own root that is
    // revision 2.
    private static func moveCapability(_ value: [UInt8], _ owners: OwnerMap) -> [UInt8] {
        guard value.count == 24, value[3] == 3, let root = owners.user(word(value, 20)) else { return value }
        var moved = value
        if root == 0 {
            moved[3] = 2
            moved.removeLast(4)
        } else {
            put(root, &moved, 20)
        }
        return moved
    }

    // struct posix_acl_xattr_header and its entries (linux/posix_acl_xattr.h): a word 2, then for each a tag and
    // permissions of 16 bits and a number of 32.
    private static func moveList(_ value: [UInt8], _ owners: OwnerMap) -> [UInt8] {
        guard value.count >= 4, (value.count - 4) % 8 == 0, word(value, 0) == 2 else { return value }
        var moved = value
        for place in stride(from: 4, to: value.count, by: 8) {
            // ACL_USER and ACL_GROUP; the others have no number.
            switch UInt16(value[place]) | UInt16(value[place + 1]) << 8 {
            case 2: put(owners.user(word(value, place + 4)) ?? 65534, &moved, place + 4)
            case 8: put(owners.group(word(value, place + 4)) ?? 65534, &moved, place + 4)
            default: break
            }
        }
        return moved
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        var word: UInt32 = 0
        for offset in 0..<4 { word |= UInt32(bytes[place + offset]) << UInt32(8 * offset) }
        return word
    }

    private static func put(_ word: UInt32, _ bytes: inout [UInt8], _ place: Int) {
        for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: word >> UInt32(8 * offset)) }
    }
}
