import Glibc
import Linux

/// What stands before the verb on the command line.
package struct RuntimeOptions: Sendable {
    /// The form of messages.
    package enum LogFormat: String, Sendable { case text, json }

    /// The directory with one directory for each container; absolute.
    package var root: String
    /// The file that messages are appended to; nil for standard error alone.
    package var log: String?
    package var logFormat = LogFormat.text
    package var debug = false
    /// `linux.cgroupsPath` names a slice and a scope, which systemd makes.
    package var usesSystemd = false
    /// Whether a cgroup that cannot be made is no error where no limit is asked for; nil: where the caller is no root of
    /// the machine.
    package var rootless: Bool?

    package init(root: String? = nil) { self.root = root ?? Self.standardRoot }

    /// `/run/apus-oci` for root, `$XDG_RUNTIME_DIR/apus-oci` for others, `/tmp/apus-oci-UID` where that says nothing.
    /// Anybody may have made the last one: `PrivateDirectory` judges it at each use.
    package static var standardRoot: String {
        if let directory = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), directory.utf8.first == 47,
            !isMachineRoot
        {
            return directory + "/apus-oci"
        }
        return isMachineRoot ? "/run/apus-oci" : "/tmp/apus-oci-\(geteuid())"
    }

    /// Where compiled filters are kept, whatever `--root` says: callers use many roots with the same few filters. nil
    /// where somebody else could put one there.
    static func cache(below root: String = standardRoot) -> String? {
        do throws(PrivateDirectory.Refusal) { _ = try PrivateDirectory.make(root) } catch { return nil }
        return root + "/.cache"
    }

    /// Whether the caller is root and not in a user namespace of somebody's.
    static var isMachineRoot: Bool { geteuid() == 0 && OwnUserNamespace.hasAllIDs(.user) ?? true }

    var toleratesMissingCgroup: Bool { rootless ?? !Self.isMachineRoot }
}
