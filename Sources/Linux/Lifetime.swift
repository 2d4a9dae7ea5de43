// Overloads, and no generic function: those would look types up at run time, in every start and between fork and exec.

/// Closes `descriptor` here, and not before.
///
/// A value of which nothing is used any more may come to its end earlier, whatever a `_ = consume` below says: the optimiser of
/// Swift 6.3 has moved the end of a network's helper, written so, in front of the container that it was for. Of a
/// descriptor often only the number is in use, which the compiler does not see.
@inline(never)
package func endLifetime(_ descriptor: consuming FileDescriptor) {}

/// Closes the descriptor, if there is one, here, and not before.
@inline(never)
package func endLifetime(_ descriptor: consuming FileDescriptor?) {}

/// Lets go of `lock` here, and not before.
@inline(never)
package func endLifetime(_ lock: consuming FileLock) {}

/// Lets go of the lock, if there is one, here, and not before.
@inline(never)
package func endLifetime(_ lock: consuming FileLock?) {}

/// Closes `socket` here, and not before.
@inline(never)
package func endLifetime(_ socket: consuming PacketSocket) {}
