import Errors
import Linux

/// A result that one thread leaves and any number of others wait for.
final class Deferred<Value: Sendable>: Sendable {
    private let result = Monitor<Result<Value, BuildError>?>(nil)

    /// Leaves the result; the first counts.
    func set(_ result: Result<Value, BuildError>) { self.result.change { $0 = $0 ?? result } }

    /// The result, when it is there. Throws what was left in its place.
    func wait() throws(BuildError) -> Value { try result.when({ $0 != nil }, { $0! }).get() }
}
