import OCI
import Store

extension Engine {
    /// Notes that `action` was done to the image `id` (or, as with Docker, to the name that was pulled).
    func noteImage(_ action: String, _ id: Digest, name: String? = nil) {
        note(Event(.image, action, id: id.description, attributes: ["name": name ?? id.description]))
    }

    /// Notes that `reference` was pulled: Docker names the event by the name that was asked for.
    func notePull(_ reference: Reference) {
        note(
            Event(.image, "pull", id: reference.familiar, attributes: ["name": reference.familiarName]))
    }

    /// Notes what a removal did, one event each.
    func note(_ removals: [ImageRemoval]) {
        let deleted = removals.compactMap { removal -> Digest? in
            if case .deleted(let id) = removal { id } else { nil }
        }
        eventLog.append(
            removals.map { removal in
                switch removal {
                case .untagged(let name):
                    Event(.image, "untag", id: deleted.first?.description ?? name, attributes: ["name": name])
                case .deleted(let id):
                    Event(.image, "delete", id: id.description, attributes: ["name": id.description])
                }
            })
    }
}
