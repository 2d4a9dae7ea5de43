package import Errors

extension Builder {
    /// What the cache has. Throws where that cannot be seen.
    package func cacheUsage() throws(EngineError) -> [BuildCacheRecord] {
        // No build has kept anything yet.
        []
    }

    /// Removes what `prune` says. Throws where the cache cannot be seen.
    package func pruneCache(_ prune: BuildCachePrune) throws(EngineError) -> BuildCacheOutcome {
        BuildCacheOutcome()
    }
}
