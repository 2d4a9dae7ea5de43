import Glibc

/// The user namespace that the calling process is in (user_namespaces(7)).
package enum OwnUserNamespace {
    /// Whether it is the machine's, by the number that the kernel gives that (PROC_USER_INIT_INO of linux/proc_ns.h since 3.8).
    package static var isInitial: Bool {
        var status = stat()
        return stat("/proc/self/ns/user", &status) == 0 && status.st_ino == 0xEFFF_FFFD
    }

    /// Of what an id is.
    package enum Kind { case user, group }

    /// Whether each number is an id there, and the same one outside, as in the machine's; nil where `/proc` does not say.
    package static func hasAllIDs(_ kind: Kind) -> Bool? {
        if isInitial { return true }
        guard let map = try? Files.readControl(kind == .user ? "/proc/self/uid_map" : "/proc/self/gid_map") else {
            return nil
        }
        // The first id inside, the first one outside, and how many: all but 2^32 - 1, which is none.
        let all = ["0", "0", "4294967295"]
        return map.split { $0 <= UInt8(ascii: " ") }.elementsEqual(all) { $0.elementsEqual($1.utf8) }
    }
}
