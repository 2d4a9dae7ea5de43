import Logs
package import OCI
package import Store

extension ImageService {
    /// Notes that `action` was done to the image `id` (or, as with Docker, to the name that was pulled).
    package func noteImage(_ action: String, _ id: Digest, name: String? = nil) {
        eventLog.append([Event(.image, action, id: id.description, attributes: ["name": name ?? id.description])])
    }

    /// Notes that `reference` was pulled: Docker names the event by the name that was asked for.
    func notePull(_ reference: Reference) {
        eventLog.append([
            Event(.image, "pull", id: reference.familiar, attributes: ["name": reference.familiarName])
        ])
    }

    /// Notes what a removal did, one event each.
    package func note(_ removals: [ImageRemoval]) {
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
