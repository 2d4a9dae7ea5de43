import Linux
import OCI

// What is done first of all, while the process is still its parent's image in its parent's namespaces.
extension ProcessSetup {
    /// Sets the OOM score before the process becomes undumpable: then the file would belong to the machine's root.
    static func setOOMScore(_ score: Int?) throws(LaunchError) {
        guard let score else { return }
        do throws(SystemError) {
            try Files.writeControl(String(score), to: "/proc/self/oom_score_adj")
        } catch {
            throw LaunchError(
                .limits, error,
                sentence: error.errno == .access || error.errno == .notPermitted
                    ? "cannot set the OOM score to \(score): only a privileged process may lower it" : nil)
        }
    }

    /// Moves the process into a cgroup v2 directory, where clone3(2) could not: with the rights that its parent has.
    static func enter(cgroup: CInt) throws(LaunchError) {
        try step(.cgroup) { () throws(SystemError) in try Files.writeControl("0", to: "cgroup.procs", in: cgroup) }
    }
}
