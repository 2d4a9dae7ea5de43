import Glibc
package import JSON

/// The configuration that `spec` writes: a shell on a terminal, as locked up as a container usually is.
package enum SpecTemplate {
    /// The document; `rootless` adds a user namespace in which the caller is root, and leaves out what an ordinary user
    /// cannot have.
    package static func document(rootless: Bool) -> JSONTree {
        .record([
            ("ociVersion", .string(OCIRuntime.specVersion)), ("process", process),
            ("root", .record([("path", .string("rootfs")), ("readonly", .bool(true))])), ("hostname", .string("apus")),
            ("mounts", .array(mounts(rootless))), ("linux", linux(rootless)),
        ])
    }

    private static let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

    private static var process: JSONTree {
        let sets = JSONTree.strings(capabilities)
        return .record([
            ("terminal", .bool(true)), ("user", .record([("uid", .integer(0)), ("gid", .integer(0))])),
            ("args", .strings(["sh"])),
            (
                "env",
                .strings(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"])
            ),
            ("cwd", .string("/")),
            ("capabilities", .record([("bounding", sets), ("effective", sets), ("permitted", sets)])),
            (
                "rlimits",
                .array([
                    .record([("type", .string("RLIMIT_NOFILE")), ("hard", .integer(1024)), ("soft", .integer(1024))])
                ])
            ), ("noNewPrivileges", .bool(true)),
        ])
    }

    private static func mount(_ destination: String, _ type: String, _ source: String, _ options: [String]) -> JSONTree
    {
        .record([
            ("destination", .string(destination)), ("type", .string(type)), ("source", .string(source)),
            ("options", options.isEmpty ? nil : .strings(options)),
        ])
    }

    private static func mounts(_ rootless: Bool) -> [JSONTree] {
        let closed = ["nosuid", "noexec", "nodev"]
        // The group "tty" has no number in a namespace with a single one.
        let tty = rootless ? [] : ["gid=5"]
        return [
            mount("/proc", "proc", "proc", []),
            mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount(
                "/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] + tty),
            mount("/dev/shm", "tmpfs", "shm", closed + ["mode=1777", "size=65536k"]),
            mount("/dev/mqueue", "mqueue", "mqueue", closed),
            rootless
                ? mount("/sys", "none", "/sys", ["rbind"] + closed + ["ro"])
                : mount("/sys", "sysfs", "sysfs", closed + ["ro"]),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", closed + ["relatime", "ro"]),
        ]
    }

    private static func linux(_ rootless: Bool) -> JSONTree {
        let kinds = ["pid", "ipc", "uts", "mount", "cgroup"] + (rootless ? ["user"] : ["network"])
        func map(_ id: UInt32) -> JSONTree {
            .array([.record([("containerID", .integer(0)), ("hostID", .integer(id)), ("size", .integer(1))])])
        }
        let allDenied = JSONTree.array([.record([("allow", .bool(false)), ("access", .string("rwm"))])])
        return .record([
            ("uidMappings", rootless ? map(geteuid()) : nil), ("gidMappings", rootless ? map(getegid()) : nil),
            ("resources", rootless ? nil : .record([("devices", allDenied)])),
            ("namespaces", .array(kinds.map { .record([("type", .string($0))]) })),
            (
                "maskedPaths",
                .strings([
                    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                    "/proc/latency_stats",
                    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
                    "/sys/devices/virtual/powercap", "/sys/firmware",
                ])
            ),
            (
                "readonlyPaths",
                .strings(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"])
            ),
        ])
    }
}
