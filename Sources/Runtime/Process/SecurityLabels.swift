import Glibc
import Linux
import OCI

/// What a Linux security module is told about the program to be executed. Its files are opened while the host's /proc is
/// in reach: the container's own could be anything.
struct SecurityLabels {
    private var writes: [(file: CInt, text: String)] = []

    static var hasSELinux: Bool { access("/sys/fs/selinux/enforce", F_OK) == 0 }
    private static var hasAppArmor: Bool { access("/sys/kernel/security/apparmor", F_OK) == 0 }

    init(_ process: RuntimeSpec.Process) throws(LaunchError) {
        if let profile = process.apparmorProfile, !profile.isEmpty {
            guard Self.hasAppArmor else {
                throw LaunchError(
                    .labels,
                    sentence: "the AppArmor profile \"\(profile)\" was asked for, and this machine has no AppArmor")
            }
            // Linux 5.8 has the directory; before, the file is shared with whichever module comes first.
            let path =
                access("/proc/self/attr/apparmor/exec", F_OK) == 0
                ? "/proc/self/attr/apparmor/exec" : "/proc/self/attr/exec"
            try open(path, "exec " + profile)
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            guard Self.hasSELinux else {
                throw LaunchError(
                    .labels, sentence: "the SELinux label \"\(label)\" was asked for, and this machine has no SELinux")
            }
            try open("/proc/self/attr/exec", label)
        }
    }

    private mutating func open(_ path: String, _ text: String) throws(LaunchError) {
        // Undumpable processes cannot open them: they are the machine's root's then.
        Hardening.setDumpable(true)
        defer { Hardening.setDumpable(false) }
        let file = try step(.labels) { () throws(SystemError) in try FileDescriptor.open(path, O_WRONLY).release() }
        writes.append((file, text))
    }

    /// Writes them, which takes effect with the next execve(2), and closes the files.
    func apply() throws(LaunchError) {
        for (file, text) in writes {
            let descriptor = FileDescriptor(owning: file)
            try step(.labels, text) { () throws(SystemError) in try descriptor.writeAll(text.utf8) }
        }
    }
}
