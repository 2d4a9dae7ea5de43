import Linux

/// Capabilities by their numbers (linux/capability.h), as profiles condition rules on them.
enum ProfileCapability: UInt8, CaseIterable {
    case chown, dacOverride, dacReadSearch, fowner, fsetid, kill, setgid, setuid, setpcap, linuxImmutable
    case netBindService, netBroadcast, netAdmin, netRaw, ipcLock, ipcOwner, sysModule, sysRawio, sysChroot, sysPtrace
    case sysPacct, sysAdmin, sysBoot, sysNice, sysResource, sysTime, sysTtyConfig, mknod, lease, auditWrite
    case auditControl, setfcap, macOverride, macAdmin, syslog, wakeAlarm, blockSuspend, auditRead, perfmon, bpf
    case checkpointRestore

    /// "CAP_SYS_ADMIN".
    var name: String { Capability.names[Int(rawValue)] }

    /// Takes "CAP_SYS_ADMIN"; nil for a capability that the kernel does not have.
    init?(name: String) {
        guard let number = Capability.number(of: name) else { return nil }
        self.init(rawValue: number)
    }
}
