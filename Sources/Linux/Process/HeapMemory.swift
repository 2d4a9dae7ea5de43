import CLinux

/// The memory that the C library hands out.
package enum HeapMemory {
    /// From now on what is large goes back to the kernel as soon as it is not used any more (mallopt(3), M_MMAP_THRESHOLD). Otherwise glibc keeps, for each
    /// of its arenas, up to twice as much as the largest piece that was ever given back.
    package static func keepLittle() { apus_set_mapping_threshold(1 << 20) }
}
