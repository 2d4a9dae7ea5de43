import ContainerSpec
import Dockerfile
import Errors
import Images
package import Linux
import OCI
import Store
import Synchronization

extension Builder {
    /// Builds what `request` says. `report` gets what happens, in order, one call at a time, from any thread. `cancellation` ends the build:
    /// nothing of it runs any more when this has thrown. Throws `BuildError`.
    package func build(
        _ request: BuildRequest, cancellation: Cancellation, report: @escaping @Sendable (BuildEvent) -> Void
    ) throws(BuildError) -> BuildResult {
        let watch: CancellationWatch
        do throws(SystemError) { watch = try CancellationWatch(cancellation) } catch { throw BuildError("\(error)") }
        defer { watch.end() }
        // What failed steps have left, and what somebody else had made first. Nobody holds it any more: what the build knows has gone.
        defer { removeLeftovers(of: request) }
        do throws(BuildError) {
            return try BuildRun(self, request, watch.inner, asked: cancellation, Reporter(report)).build()
        } catch {
            if cancellation.isCancelled { throw BuildError("context canceled", .cancelled, step: error.step) }
            throw error
        }
    }

    private func removeLeftovers(of request: BuildRequest) {
        let isFromRegistry = request.cacheSources.contains { if case .image = $0 { true } else { false } }
        let isForRegistry = request.cacheTargets.contains { if case .registry = $0.place { true } else { false } }
        if isFromRegistry || isForRegistry {
            // With a cache came or went blobs that no image has.
            _ = try? images.sweep()
        } else {
            try? images.removeAbandonedLayers()
        }
    }

    /// What `--check` says: reads the Dockerfile of `request`, and builds nothing. Throws as `build`.
    package func check(_ request: BuildRequest, cancellation: Cancellation) throws(BuildError) -> CheckedDockerfile {
        try BuildRun(self, request, cancellation, asked: cancellation, Reporter { _ in }).check()
    }
}

/// Ends a build by its own failure as well as by its caller.
private final class CancellationWatch: Sendable {
    let inner: Cancellation
    private let over: Cancellation
    private let thread: PendingCall<Void>

    init(_ outer: Cancellation) throws(SystemError) {
        let (inner, over) = (try Cancellation(), try Cancellation())
        (self.inner, self.over) = (inner, over)
        thread = try begin {
            var poll = PollSet()
            let cancelled = poll.add(outer.number)
            poll.add(over.number)
            _ = try? poll.wait()
            if poll.isReadable(cancelled) { inner.cancel() }
        }
    }

    func end() {
        over.cancel()
        try? thread.wait()
    }
}
