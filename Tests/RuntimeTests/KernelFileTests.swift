import Glibc
import Linux
import Testing

@testable import Runtime

@Suite struct KernelFileTests {
    @Test(arguments: [
        ("/proc/kcore", "kcore"), ("/proc/timer_list", "timer_list"), ("/proc/kcore/", nil), ("/proc//kcore", nil),
        ("/proc/acpi", nil), ("/proc/self", nil), ("/proc/../kcore", nil), ("/sys/kcore", nil), ("kcore", nil),
        ("/proc/kcore\u{301}", nil), ("/proc/", nil),
    ])
    func onlyNamesThatAreSurelyTheKernelsAreTakenForThem(_ path: String, _ name: String?) {
        #expect(KernelFile.name(path, in: KernelFile.files) == name)
    }

    // On the machine that runs this: what is there is no link, and a file where it is said to be one.
    @Test func theyAreNeverLinks() throws {
        for name in KernelFile.files + KernelFile.orders {
            guard let status = try Files.status(raw: RawName("/proc/" + name), in: AT_FDCWD) else { continue }
            #expect(!status.isSymbolicLink, "\(name)")
            #expect(!status.isDirectory || KernelFile.orders.contains(name), "\(name)")
        }
    }
}
