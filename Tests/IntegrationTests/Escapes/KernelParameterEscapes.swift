import Linux
import TestSupport
import Testing

/// Attempts to change the machine by what a container may set or write.
@Suite struct KernelParameterEscapes {
    /// CVE-2022-0811: a second parameter is smuggled in the value of an allowed one.
    @Test(arguments: TestUser.available)
    func aValueOfAParameterIsOneValue(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let pattern = try Files.readText("/proc/sys/kernel/core_pattern")
            for value in [
                "1+kernel.msgmax=1234", "1\nkernel.msgmax=1234", "1 kernel.msgmax=1234", "1,kernel.msgmax=1234",
            ] {
                let result = try sandbox.run(
                    ["--sysctl", "kernel.shm_rmid_forced=\(value)"], "cat", "/proc/sys/kernel/msgmax")
                #expect(!result.text.contains("1234"), "\(value.debugDescription): \(result)")
            }
            for name in [
                "kernel.core_pattern", "kernel/core_pattern", "net.ipv4.../../../kernel.core_pattern",
                "net/../kernel/core_pattern", "fs.mqueue./../../kernel/core_pattern",
            ] {
                let result = try sandbox.run(["--sysctl", "\(name)=|/evil"], "true")
                #expect(result.code == 125, "\(name): \(result)")
            }
            #expect(try Files.readText("/proc/sys/kernel/core_pattern") == pattern)

            // Without the guard: a helper that splits its argument, as the one of the advisory did, sets both.
            let control = """
                IFS=+; for pair in $0; do name=${pair%%=*}; echo "${pair#*=}" >/proc/sys/$(echo $name | tr . /); done
                cat /proc/sys/kernel/msgmax
                """
            let text = try sandbox.standIn(
                "exec unshare --ipc /bin/sh -c '\(control.split(separator: "\n").joined(separator: "; "))' \"$0\"",
                "kernel.shm_rmid_forced=1+kernel.msgmax=1234")
            #expect(text == "1234")
        }
    }

    /// CVE-2023-25809: a container without a cgroup namespace of its own can write to the host's groups.
    @Test(arguments: TestUser.available)
    func theHostsControlGroupsAreReadOnly(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = """
                find /sys/fs/cgroup -maxdepth 2 -type d | while read d; do mkdir "$d/apus-escape" 2>/dev/null && echo "made $d"; done
                mount -o remount,bind,rw /sys/fs/cgroup 2>/dev/null && echo remounted
                mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo remounted
                for m in $(awk '$5 ~ "^/sys" { print $5 ":" $6 }' /proc/self/mountinfo); do
                    case $m in *:rw*) echo "writable $m" ;; esac; done; true
                """
            for flags in [[], ["--cgroupns", "host"], ["--pid", "host"], ["--cap-add", "DAC_OVERRIDE"]] {
                #expect(try sandbox.shell(flags, script) == "", "\(flags)")
            }
            // Without the guard the tree is there to be written to.
            let control = "awk '$5 == \"/sys/fs/cgroup\" { print substr($6, 1, 2) }' /proc/self/mountinfo"
            #expect(try sandbox.shell([], control) == "ro")
            #expect(try sandbox.shell(["--privileged"], control) == "rw")
        }
    }
}
