import Bytes
import Linux

/// The options of a mount, as the runtime specification lists them (config.md, Mounts and its Linux mount options).
/// What is not among them is data for the file system.
struct MountOptions: Equatable {
    /// Of the mount itself, and of its file system.
    var set: MountFlags = []
    /// Taken away explicitly ("suid", "rw").
    var clear: MountFlags = []
    /// Of the mount and all below it ("rro").
    var recursiveSet: MountFlags = []
    var recursiveClear: MountFlags = []
    var propagation: MountFlags = []
    var propagationIsRecursive = false
    var isBind = false
    var isRecursive = false
    var isRemount = false
    /// Fills a new tmpfs with what it covers.
    var copiesUp = false
    var mapsIDs = false
    var mapsIDsRecursively = false
    /// Comma-separated.
    var data = ""

    init(_ options: [String]) {
        for option in options { take(option) }
    }

    private mutating func take(_ option: String) {
        switch option {
        case "defaults": break
        case "bind": isBind = true
        case "rbind":
            isBind = true
            isRecursive = true
        case "remount": isRemount = true
        case "tmpcopyup": copiesUp = true
        case "idmap": mapsIDs = true
        case "ridmap":
            mapsIDs = true
            mapsIDsRecursively = true
        default:
            if let (flags, negated) = Self.flag(option) {
                add(flags, negated)
            } else if let (flags, recursive) = Self.propagation(option) {
                propagation = flags
                propagationIsRecursive = recursive
            } else if option.utf8.first == UInt8(ascii: "r"),
                let (flags, negated) = Self.flag(String(option.dropping(1))),
                flags.isSubset(of: .perMount)
            {
                addRecursively(flags, negated)
            } else {
                if !data.isEmpty { data += "," }
                data += option
            }
        }
    }

    private mutating func add(_ flags: MountFlags, _ negated: Bool) {
        if negated {
            clear.formUnion(flags)
            set.subtract(flags)
        } else {
            if !flags.isDisjoint(with: .accessTimes) { set.subtract(.accessTimes) }
            set.formUnion(flags)
            clear.subtract(flags)
        }
    }

    private mutating func addRecursively(_ flags: MountFlags, _ negated: Bool) {
        if negated {
            recursiveClear.formUnion(flags)
            recursiveSet.subtract(flags)
        } else {
            recursiveSet.formUnion(flags)
            recursiveClear.subtract(flags)
        }
    }

    private static func propagation(_ option: String) -> (MountFlags, recursive: Bool)? {
        switch option {
        case "private": (.private, false)
        case "rprivate": (.private, true)
        case "slave": (.slave, false)
        case "rslave": (.slave, true)
        case "shared": (.shared, false)
        case "rshared": (.shared, true)
        case "unbindable": (.unbindable, false)
        case "runbindable": (.unbindable, true)
        default: nil
        }
    }

    // By their lengths first: every mount of every start goes through these.
    private static func flag(_ option: String) -> (MountFlags, negated: Bool)? {
        switch option.utf8.count {
        case 2, 3, 4: shortFlag(option)
        case 5, 6, 7, 8: mediumFlag(option)
        default: longFlag(option)
        }
    }

    private static func shortFlag(_ option: String) -> (MountFlags, negated: Bool)? {
        switch option {
        case "ro": (.readOnly, false)
        case "rw": (.readOnly, true)
        case "dev": (.noDevices, true)
        case "suid": (.noSUID, true)
        case "exec": (.noExec, true)
        case "sync": (.synchronous, false)
        case "mand": (.mandatoryLocks, false)
        case "loud": (.silent, true)
        default: nil
        }
    }

    private static func mediumFlag(_ option: String) -> (MountFlags, negated: Bool)? {
        switch option {
        case "nosuid": (.noSUID, false)
        case "nodev": (.noDevices, false)
        case "noexec": (.noExec, false)
        case "relatime": (.relativeAccessTimes, false)
        case "noatime": (.noAccessTimes, false)
        case "atime": (.noAccessTimes, true)
        case "diratime": (.noDirectoryAccessTimes, true)
        case "async": (.synchronous, true)
        case "dirsync": (.synchronousDirectories, false)
        case "nomand": (.mandatoryLocks, true)
        case "lazytime": (.lazyTimes, false)
        case "silent": (.silent, false)
        case "iversion": (.inodeVersion, false)
        default: nil
        }
    }

    private static func longFlag(_ option: String) -> (MountFlags, negated: Bool)? {
        switch option {
        case "nosymfollow": (.noSymlinkFollow, false)
        case "symfollow": (.noSymlinkFollow, true)
        case "nodiratime": (.noDirectoryAccessTimes, false)
        case "norelatime": (.relativeAccessTimes, true)
        case "strictatime": (.strictAccessTimes, false)
        case "nostrictatime": (.strictAccessTimes, true)
        case "nolazytime": (.lazyTimes, true)
        case "noiversion": (.inodeVersion, true)
        default: nil
        }
    }
}
