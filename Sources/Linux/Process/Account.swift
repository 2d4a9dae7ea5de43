import Glibc

/// The accounts of the machine, as its files have them: they are read here, not through the name service.
package enum Account {
    /// The login name of `uid` in `/etc/passwd`; nil when the file has none.
    package static func name(of uid: UInt32) -> String? {
        fields(of: uid, in: "/etc/passwd", atLeast: 4).map { text($0[0]) }
    }

    /// The name of the group `gid` in `/etc/group`; nil when the file has none.
    package static func groupName(of gid: UInt32) -> String? {
        fields(of: gid, in: "/etc/group", atLeast: 3).map { text($0[0]) }
    }

    /// The home directory of `uid` in `/etc/passwd`; nil when the file has none.
    package static func home(of uid: UInt32) -> String? {
        fields(of: uid, in: "/etc/passwd", atLeast: 6).flatMap { $0[5].isEmpty ? nil : text($0[5]) }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field, as: UTF8.self) }

    // The first line with that number in its third field (passwd(5), group(5)). By bytes: a start of a container waits for
    // it, and splitting text into characters takes ten times as long.
    private static func fields(of id: UInt32, in file: String, atLeast count: Int) -> [ArraySlice<UInt8>]? {
        let digits = Array(String(id).utf8)
        for line in ((try? Files.read(file, limit: 16 << 20)) ?? []).split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            if fields.count >= count, fields[2].elementsEqual(digits) { return fields }
        }
        return nil
    }
}
