import Errors
import Glibc
package import Linux
package import Logs
import Store

extension Engine {
    /// Notes one event; it is lost where the disk is full.
    func note(_ event: Event) { eventLog.append([event]) }

    /// Hands all events from `since` on (nil: from now) to `take`, in the order in which they were noted, and those that
    /// come until `until` (nil: for ever) or until `stop` holds. Throws what `take` throws.
    package func events(
        since: Timestamp?, until: Timestamp?, stop: StopConditions, _ take: (StoredEvent) throws -> Void
    ) throws {
        let (directory, name) = Files.split(eventLog.path)
        let series: RotatedFiles
        do throws(SystemError) { series = try RotatedFiles(name, in: directory) } catch {
            throw EngineError("cannot read the events: \(error)")
        }
        var reader = EventReader(consume series, since: since, until: until)
        let wait = LogWait(directories: [directory], supervisor: nil, stop: stop)
        while true {
            let isLast = until.map { Timestamp.now() > $0 } ?? false
            try reader.readAll(take)
            if isLast || !wait.next(until: until) { return }
        }
    }
}
