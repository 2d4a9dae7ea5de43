import CLinux

/// Network interfaces of the calling process's namespace.
package enum NetworkInterface {
    /// Sets IFF_UP (netdevice(7)).
    package static func bringUp(_ name: String) throws(SystemError) {
        try check("ioctl SIOCSIFFLAGS", name) { apus_interface_up(name) }
    }
}
