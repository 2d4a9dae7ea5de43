import Bytes
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

    /// Notes what a removal did, one event each; `id` is the image's, where that is known. Docker names these events by ids.
    package func note(_ removals: [ImageRemoval], of id: Digest? = nil) {
        // A prune tells of several images, of each the names first.
        func image(_ place: Int) -> Digest? {
            for case .deleted(let id) in removals[place...] { return id }
            return id
        }
        eventLog.append(
            removals.enumerated().map { place, removal in
                switch removal {
                case .untagged(let name):
                    let subject = image(place)?.description ?? name
                    return Event(.image, "untag", id: subject, attributes: ["name": subject])
                case .deleted(let id):
                    return Event(.image, "delete", id: id.description, attributes: ["name": id.description])
                }
            })
    }
}
