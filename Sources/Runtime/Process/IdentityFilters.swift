/// Filters for calls that would need another id than the one that there is, compiled for seccomp(2), 8 bytes an
/// instruction. They stand beside the container's own.
package struct IdentityFilters: Sendable {
    /// One that asks a listener; empty for none.
    package var asked: [UInt8]
    /// One that has the calls succeed without effect, for where the kernel takes no listener; empty for none.
    package var ignored: [UInt8]

    package init(asked: [UInt8], ignored: [UInt8]) {
        self.asked = asked
        self.ignored = ignored
    }
}
