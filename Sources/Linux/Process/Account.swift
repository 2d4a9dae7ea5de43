import Glibc

/// The account of the calling process, as `/etc/passwd` has it.
package enum Account {
    /// The login name of `uid`; nil when the file has none. Reads the file itself, not through the name service.
    package static func name(of uid: UInt32) -> String? {
        guard let text = try? Files.readText("/etc/passwd", limit: 16 << 20) else { return nil }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count >= 4, UInt32(fields[2]) == uid { return String(fields[0]) }
        }
        return nil
    }

    /// The name of the group `gid` in `/etc/group`; nil when the file has none.
    package static func groupName(of gid: UInt32) -> String? {
        guard let text = try? Files.readText("/etc/group", limit: 16 << 20) else { return nil }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count >= 3, UInt32(fields[2]) == gid { return String(fields[0]) }
        }
        return nil
    }

    /// The home directory of `uid` in `/etc/passwd`; nil when the file has none.
    package static func home(of uid: UInt32) -> String? {
        guard let text = try? Files.readText("/etc/passwd", limit: 16 << 20) else { return nil }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count >= 6, UInt32(fields[2]) == uid { return fields[5].isEmpty ? nil : String(fields[5]) }
        }
        return nil
    }
}
