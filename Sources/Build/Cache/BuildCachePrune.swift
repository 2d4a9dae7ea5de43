package import Linux

/// What `builder prune` is asked for. What is in use stays, whatever is asked.
package struct BuildCachePrune: Sendable {
    /// Whether what the builder keeps for itself goes, too, and what images have of it (`--all`).
    package var all = false
    /// Conditions of which each must hold.
    package var filters: [BuildCacheFilter] = []
    /// What was used in this many nanoseconds stays (`until`, `unused-for`); nil: that does not count.
    package var unusedFor: Int64?
    /// So many bytes of the cache stay in any case (`--reserved-space`, `--keep-storage`).
    package var reservedSpace: Int64?
    /// The cache may keep so many bytes, and what was used longest ago goes (`--max-used-space`); nil: nothing is kept for its size.
    package var maxUsedSpace: Int64?
    /// So many bytes of the file system are to be free afterwards (`--min-free-space`).
    package var minFreeSpace: Int64?

    package init() {}

    /// Whether `record` may go for its own sake at the moment `now`, whatever the limits of space are.
    package func admits(_ record: BuildCacheRecord, now: Timestamp) -> Bool {
        if record.isInUse { return false }
        if !all, record.kind == .internal || record.kind == .frontend { return false }
        if let unusedFor {
            let used = record.lastUsed ?? record.created
            let (age, isTooMuch) = now.nanosecondsSinceEpoch.subtractingReportingOverflow(used.nanosecondsSinceEpoch)
            if !isTooMuch, age < unusedFor { return false }
        }
        return filters.allSatisfy { $0.admits(record) }
    }
}
