package import Errors
import Images
package import OCI
import Store

extension Engine {
    /// Whether there is a container that `text` names. Throws where several could be meant.
    package func hasContainer(_ text: String) throws(EngineError) -> Bool {
        do throws(StoreError) {
            _ = try containers.find(text)
            return true
        } catch {
            if case .unknownContainer = error { return false }
            throw EngineError(error)
        }
    }

    /// The id of the image that `text` names; nil where there is none. Throws for what can be no
    /// image's name, and where several could be meant.
    package func imageID(_ text: String) throws(EngineError) -> Digest? {
        let name = try TypedName.expanded(text)
        do throws(StoreError) { return try images.image(name, platform: nil).id } catch {
            if case .unknownImage = error { return nil }
            throw EngineError(error)
        }
    }
}
