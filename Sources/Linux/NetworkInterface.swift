import CLinux

/// Network interfaces of the calling process's namespace.
package enum NetworkInterface {
    /// Whether the kernel lets an interface have this name (dev_valid_name() of Linux): 1 to 15 bytes, none of them blank, a slash
    /// or a colon, and no directory's own. One with a percent sign would be a pattern.
    package static func isName(_ name: String) -> Bool {
        guard (1...15).contains(name.utf8.count), !name.utf8.elementsEqual(".".utf8),
            !name.utf8.elementsEqual("..".utf8)
        else { return false }
        for byte in name.utf8 {
            switch byte {
            // isspace() of Linux, whose letters are Latin-1's; '%', '/', ':'.
            case 0, 9...13, 32, 0xa0, 37, 47, 58: return false
            default: continue
            }
        }
        return true
    }

    /// Sets IFF_UP (netdevice(7)).
    package static func bringUp(_ name: String) throws(SystemError) {
        try check("ioctl SIOCSIFFLAGS", name) { apus_interface_up(name) }
    }
}
