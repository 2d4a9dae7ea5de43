package import DockerTypes
package import Errors
import OCI
package import Store

extension Engine {
    /// All images, the newest first, as `docker images` lists them; and a sentence for each that cannot be read.
    package func imageSummaries() throws(EngineError) -> (images: [ImageSummary], problems: [String]) {
        try engine {
            let (list, problems) = try images.images()
            var users: [String: Int] = [:]
            for user in try imageUsers() { users[user.image.hex, default: 0] += 1 }
            // RFC 3339 in UTC sorts as text.
            let sorted = list.sorted { ($0.config.created ?? "", $0.id.hex) > ($1.config.created ?? "", $1.id.hex) }
            return (
                sorted.map { ImageSummary(image: $0, size: size(of: $0), containers: users[$0.id.hex] ?? 0) }, problems
            )
        }
    }

    /// The size of an image's layers in bytes.
    package func size(of image: StoredImage) -> Int64 {
        layerSizes(of: image).reduce(0, +)
    }

    /// The containers and the images that they were made from. A record that is damaged names no image; throws for one
    /// that cannot be read, which may name any.
    func imageUsers() throws(StoreError) -> [ImageUser] {
        var users: [ImageUser] = []
        for id in try containers.list() {
            do throws(StoreError) {
                let record = try containers.readRecord(id)
                let images = (record.image.map { [$0] } ?? []) + record.mountedImages
                guard !images.isEmpty else { continue }
                let isRunning = try containers.state(id).isActive
                for image in images { users.append(ImageUser(container: id, image: image, isRunning: isRunning)) }
            } catch {
                if case .failed = error { throw error }
            }
        }
        return users
    }
}
