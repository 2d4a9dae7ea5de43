import Glibc

/// The accounts of the machine, as its files have them: they are read here, not through the name service.
package enum Account {
    /// The login name of `uid` in `/etc/passwd`; nil when the file has none.
    package static func name(of uid: UInt32) -> String? { entry(uid, in: "/etc/passwd", fields: 4)?.text(0) }

    /// The name of the group `gid` in `/etc/group`; nil when the file has none.
    package static func groupName(of gid: UInt32) -> String? { entry(gid, in: "/etc/group", fields: 3)?.text(0) }

    /// The home directory of `uid` in `/etc/passwd`; nil when the file has none.
    package static func home(of uid: UInt32) -> String? {
        entry(uid, in: "/etc/passwd", fields: 6).flatMap { $0.bytes(5).isEmpty ? nil : $0.text(5) }
    }

    private static func entry(_ id: UInt32, in file: String, fields: Int) -> AccountFile.Entry? {
        AccountFile.entry(id, in: (try? Files.read(file, limit: 16 << 20)) ?? [], fields: fields)
    }
}
