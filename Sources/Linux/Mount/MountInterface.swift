import CLinux
import Glibc

/// Which parts of the newer mount interface the kernel offers, and the filters that this process is under let through.
/// Each is asked once, by a call that can only fail: with EBADF or EFAULT where it is there. To be asked with
/// CAP_SYS_ADMIN in the mount namespace's user namespace, without which all of them say EPERM.
///
/// A part alone is of no use: what fsopen(2) made is attached by move_mount(2). So a start either has all of
/// them, or goes the old ways from its first step on.
package enum MountInterface {
    /// fsopen(2), fsconfig(2), fsmount(2), open_tree(2) and move_mount(2): Linux 5.2.
    package static let hasTrees: Bool = {
        isThere(apus_move_mount(-1, "", -1, "", 0x44)) && isThere(apus_open_tree(-1, "", 0x1000))
            && isThere(apus_fsmount(-1, 1, 0)) && isThere(apus_fsconfig(-1, 6, nil, nil, 0))
            && isThere(apus_fsopen(nil, 1))
    }()

    /// mount_setattr(2): Linux 5.12.
    package static let hasAttributes = isThere(apus_mount_setattr(-1, "", 0x1000, 1, 0, 0, -1))

    private static func isThere(_ result: CInt) -> Bool {
        result >= 0 || !(Errno.current == .notImplemented || Errno.current == .notPermitted)
    }

    static func requireTrees(_ call: String, _ object: String?) throws(SystemError) {
        if !hasTrees { throw SystemError(call, object, .notImplemented) }
    }
}
