import Linux

/// What the runtime knows by name, for those who ask before they configure (runtime-spec, features.md).
package enum RuntimeFeatures {
    /// All capabilities, in the order of their numbers.
    package static var capabilities: [String] { Capability.names }

    /// All options of a mount that are no data for its file system.
    package static let mountOptions: [String] =
        simple + perMount.flatMap { [$0, "r" + $0] }
        + ["private", "slave", "shared", "unbindable"].flatMap { [$0, "r" + $0] }

    private static let simple = [
        "defaults", "bind", "rbind", "remount", "tmpcopyup", "idmap", "ridmap", "sync", "async", "dirsync", "mand",
        "nomand", "lazytime", "nolazytime", "iversion", "noiversion", "silent", "loud",
    ]

    private static let perMount = [
        "ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nosymfollow", "symfollow", "noatime", "atime",
        "nodiratime", "diratime", "relatime", "norelatime", "strictatime", "nostrictatime",
    ]
}
