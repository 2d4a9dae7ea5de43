import ContainerSpec
package import Errors
import Glibc
import Linux
import OCI
import Store
import Supervision

extension Engine {
    /// Stops the container that `text` names: with `signal` and `timeout` (in seconds; negative: wait without end)
    /// where they are given, else with those of its own. One that does not run is as it should be. Throws `EngineError`
    ///.
    package func stopContainer(_ text: String, signal: Int32? = nil, timeout: Int? = nil) throws(EngineError) {
        let id = try containerID(text)
        guard try state(id).isActive else { return }
        let reply = try ask(
            id, .stop(signal: signal, timeout: timeout), seconds: try stopPatience(id, timeout))
        switch reply {
        case .frame(.failed(_, let message)):
            throw EngineError("cannot stop container \(text): \(message)")
        case .frame, .gone: return
        case .stuck:
            try forceEnd(id)
            _ = try holdEnded(id)
        }
    }

    /// How long a supervisor may take to stop its container, in seconds; nil: for ever.
    func stopPatience(_ id: String, _ timeout: Int?) throws(EngineError) -> Int? {
        var seconds = timeout
        if seconds == nil {
            let description = try description(id)
            seconds = description.options.stopTimeout ?? description.imageConfig.stopTimeout ?? 10
        }
        guard let seconds, seconds >= 0 else { return nil }
        let (sum, isTooLong) = seconds.addingReportingOverflow(Self.patience + 5)
        return isTooLong ? nil : sum
    }

    /// What was kept of the container `id`. Throws `EngineError`.
    func description(_ id: String) throws(EngineError) -> ContainerDescription {
        let record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        return try ContainerDescription(decoding: record.body, id: id)
    }
}
