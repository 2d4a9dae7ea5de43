package import Build
package import Errors
import Images
package import Linux

extension Engine {
    // What all of these call.
    private var builder: Builder {
        Builder(paths, images: imageService, executable: executable, storageDriver: storageDriver)
    }

    /// `build`: see `Builder.build`. Throws `BuildError`.
    package func build(
        _ request: BuildRequest, cancellation: Cancellation, report: @escaping @Sendable (BuildEvent) -> Void
    ) throws(BuildError) -> BuildResult {
        try builder.build(request, cancellation: cancellation, report: report)
    }

    /// `build --check`: reads the Dockerfile of `request`, and builds nothing. Throws `BuildError`.
    package func checkDockerfile(
        _ request: BuildRequest, cancellation: Cancellation
    ) throws(BuildError) -> CheckedDockerfile {
        try builder.check(request, cancellation: cancellation)
    }

    /// What the cache of builds has. Throws where that cannot be seen.
    package func buildCache() throws(EngineError) -> [BuildCacheRecord] { try builder.cacheUsage() }

    /// `builder prune`. Throws where the cache cannot be seen.
    package func pruneBuildCache(_ prune: BuildCachePrune) throws(EngineError) -> BuildCacheOutcome {
        try builder.pruneCache(prune)
    }
}
