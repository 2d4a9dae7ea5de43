import CLinux
import Glibc

/// Programs that guard the devices of a cgroup (bpf(2), BPF_CGROUP_DEVICE); each call throws `SystemError`.
package enum DeviceGuard {
    /// Loads a program of such instructions, eight bytes each. It takes CAP_BPF.
    package static func load(_ instructions: [UInt64]) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("bpf", "BPF_PROG_LOAD") {
                apus_bpf_load_device(instructions, UInt32(instructions.count))
            })
    }

    /// Attaches a program to the cgroup, beside those that are there.
    package static func attach(
        _ program: borrowing FileDescriptor, to cgroup: borrowing FileDescriptor
    ) throws(SystemError) {
        let (program, cgroup) = (program.rawValue, cgroup.rawValue)
        try check("bpf", "BPF_PROG_ATTACH") { apus_bpf_attach_device(cgroup, program) }
    }

    /// The numbers of the programs that are attached to the cgroup itself.
    package static func attached(to cgroup: borrowing FileDescriptor) throws(SystemError) -> [UInt32] {
        let number = cgroup.rawValue
        var found = [UInt32](repeating: 0, count: 64)
        let count = try check("bpf", "BPF_PROG_QUERY") {
            apus_bpf_query_device(number, &found, UInt32(found.count))
        }
        return Array(found.prefix(Int(count)))
    }

    /// Takes the program of that number off the cgroup.
    package static func detach(_ program: UInt32, from cgroup: borrowing FileDescriptor) throws(SystemError) {
        let number = cgroup.rawValue
        try check("bpf", "BPF_PROG_DETACH") { apus_bpf_detach_device(number, program) }
    }
}
