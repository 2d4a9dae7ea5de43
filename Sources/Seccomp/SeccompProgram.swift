/// A filter as seccomp(2) takes it.
package struct SeccompProgram: Equatable, Sendable {
    /// Instructions of classic BPF (`struct sock_filter`, 8 bytes each, in the machine's byte order).
    package var instructions: [UInt8]
    /// Flags of SECCOMP_SET_MODE_FILTER. With `needsListener` the call returns the listener's descriptor.
    package var flags: UInt32
    /// Names in the profile that no architecture of the filter has, for a warning; none where the program came
    /// from the cache.
    package var ignoredCalls: [String]

    /// The number of instructions.
    package var count: Int { instructions.count / 8 }

    /// Whether a rule notifies a supervisor, whose socket the profile's `listenerPath` names.
    package var needsListener: Bool { flags & SeccompFlag.newListenerBit != 0 }
}
