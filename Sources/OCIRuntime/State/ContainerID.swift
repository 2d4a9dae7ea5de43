/// The name that a caller gives a container.
enum ContainerID {
    /// Throws for what cannot be a directory's name of its own below the root: letters, digits and "_+-." alone, and no
    /// "." at the beginning.
    static func check(_ id: String) throws(OCIError) {
        func allowed(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard !id.isEmpty, id.utf8.count <= 1024, id.utf8.allSatisfy(allowed), id.utf8.first != UInt8(ascii: ".") else {
            throw OCIError(
                "invalid container id \"\(id)\": it may have letters, digits and \"_+-.\", and must not begin with \".\""
            )
        }
    }
}
