import Glibc
import Linux

extension SpecBuilder {
    /// The paths that Docker 28 hides.
    package static let maskedPaths: [String] = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ]

    /// The paths that Docker 28 makes read-only.
    package static let readOnlyPaths: [String] = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]

    func hiddenPaths() -> (masked: [String], readOnly: [String]) {
        let security = options.security
        if options.privileged || security.systemPathsUnconfined { return (security.mask, []) }
        let masked = (Self.maskedPaths + throttlePaths()).filter { !isUnmasked($0) }
        return (
            masked + security.mask.filter { !masked.contains($0) },
            Self.readOnlyPaths.filter { !isUnmasked($0) }
        )
    }

    // They tell one container how hot another makes the processor (GHSA-6fw5-f8r9-fgfm).
    private func throttlePaths() -> [String] {
        func path(_ number: Int) -> String { "/sys/devices/system/cpu/cpu\(number)/thermal_throttle" }
        guard host.exists(path(0)) else { return [] }
        return (0..<KernelFacts.processorCount()).map(path).filter(host.exists)
    }

    private func isUnmasked(_ path: String) -> Bool {
        options.security.unmask.contains { wanted in
            if wanted.uppercased() == "ALL" { return true }
            // As podman does, a pattern is one of shells.
            return wanted.contains { "*?[".contains($0) }
                ? fnmatch(wanted, path, FNM_PATHNAME) == 0 : cleanPath(wanted) == path
        }
    }
}
