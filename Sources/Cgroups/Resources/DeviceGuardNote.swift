import Glibc
import Linux

/// A note in a run directory, which the next boot empties, that programs which guard devices can be loaded: the kernel takes longer to
/// take one than for most of what a start asks it. It is true for whoever has the same capabilities, outside of every user namespace, and
/// whose calls nothing filters.
package struct DeviceGuardNote {
    private let path: String

    /// Looks at nothing yet.
    package init(_ runDirectory: String) { path = "\(runDirectory)/device-guard" }

    /// Whether the calling process can guard devices by programs (`Cgroup.apply`): the note says so, or one could be loaded, which is
    /// noted then.
    package func canGuardDevices() -> Bool {
        let caller = Self.caller
        if let caller, (try? Files.readLink(path)) == caller { return true }
        // return 1
        let program: [UInt64] = [0x1_0000_00b7, 0x95]
        guard (try? DeviceGuard.load(program)) != nil else { return false }
        if let caller {
            unlink(path)
            symlink(caller, path)
        }
        return true
    }

    /// Takes it back, where it has turned out to be wrong.
    package func retract() { unlink(path) }

    // What the note is about; nil: of such a caller it says nothing.
    private static var caller: String? {
        guard !KernelFacts.hasCallFilter, OwnUserNamespace.isInitial else { return nil }
        return withUnsafeBytes(of: Capability.effective.bigEndian) { hex($0) }
    }
}
