import Bytes
package import Errors

extension MountOption {
    /// Reads a `--tmpfs` value, `destination[:options]`. Throws `OptionError`.
    package init(tmpfs text: String) throws(OptionError) {
        var path = text
        var tmpfs = Tmpfs()
        if let (before, behind) = splitOnce(text, ":") {
            path = before
            tmpfs.options = behind.split(on: ",").map(String.init)
        }
        for option in tmpfs.options { try Tmpfs.check(option) }
        self.init(destination: try Self.destination(path), kind: .tmpfs(tmpfs))
        shortForm = tmpfs.options.joined(separator: ",")
        readOnly = tmpfs.options.last { $0 == "ro" || $0 == "rw" } == "ro"
    }
}

extension MountOption.Tmpfs {
    private static let flags: Set<String> = [
        "rw", "ro", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync", "atime", "noatime",
        "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "mand", "nomand",
        "tmpcopyup", "notmpcopyup", "private", "rprivate", "slave", "rslave",
    ]
    private static let keys: Set<String> = ["size", "mode", "nr_inodes", "nr_blocks", "mpol", "uid", "gid", "huge"]

    /// Throws `OptionError` for what is no option of a tmpfs.
    static func check(_ option: String) throws(OptionError) {
        if let (key, value) = splitOnce(option, "=") {
            guard keys.contains(key), !value.isEmpty else { throw OptionError("invalid tmpfs option \"\(option)\"") }
            switch key {
            case "mode":
                guard let mode = parseOctal(value), mode <= 0o7777 else {
                    throw OptionError("invalid tmpfs option \"\(option)\": the mode is not octal")
                }
            case "uid", "gid":
                guard UInt32(value) != nil else { throw OptionError("invalid tmpfs option \"\(option)\"") }
            default: break
            }
        } else if !flags.contains(option) {
            throw OptionError("invalid tmpfs option \"\(option)\"")
        }
    }

    // The two sides of each switch, so that the later one of a pair wins.
    private static func topic(_ option: String) -> String {
        if let (key, _) = splitOnce(option, "=") { return key + "=" }
        switch option {
        case "rw", "ro": return "rw"
        case "sync", "async": return "sync"
        case "private", "rprivate", "slave", "rslave", "shared", "rshared": return "propagation"
        case "atime", "noatime", "relatime", "norelatime", "strictatime", "nostrictatime": return "atime"
        default: return option.begins(with: "no") ? String(option.dropping(2)) : option
        }
    }

    /// Docker's defaults with the user's options over them; of two that contradict each other the later one stays.
    package func merged(readOnly: Bool) -> [String] {
        var merged = ["noexec", "nosuid", "nodev", "rprivate"]
        for option in options + (readOnly ? ["ro"] : []) {
            merged.removeAll { Self.topic($0) == Self.topic(option) }
            merged.append(option)
        }
        return merged.filter { $0 != "notmpcopyup" }
    }
}
