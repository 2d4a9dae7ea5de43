package import Errors
import JSON
package import OCI
package import Store

/// What the engine keeps of a container, as JSON in the body of the store's record.
package struct ContainerDescription: Codable, Hashable, Sendable {
    package var id: String
    package var name: String
    /// RFC 3339, UTC.
    package var created: String
    package var options: RunOptions
    /// The image's configuration when the container was made.
    package var imageConfig: ContainerConfig
    /// The canonical name of the image; nil where it was named by its id, or with `--rootfs`.
    package var imageReference: String?
    package var imageID: Digest?
    package var platform: Platform?
    /// The whole command: entrypoint and arguments.
    package var command: [String]
    package var hostname: String

    package init(
        id: String, name: String, created: String, options: RunOptions, imageConfig: ContainerConfig,
        imageReference: String?, imageID: Digest?, platform: Platform?, command: [String], hostname: String
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.options = options
        self.imageConfig = imageConfig
        self.imageReference = imageReference
        self.imageID = imageID
        self.platform = platform
        self.command = command
        self.hostname = hostname
    }
}

extension ContainerDescription {
    /// The record's body: a summary for lists, and JSON.
    package func encoded() throws(EngineError) -> [UInt8] {
        do { return ContainerSummary.body(self, json: try json()) } catch {
            throw EngineError("cannot encode the record of container \(id.prefix(12)): \(error)")
        }
    }

    /// What the store keeps of it; `layers` are its image's. Throws `EngineError`.
    package func record(layers: [Digest]) throws(EngineError) -> ContainerRecord {
        var record = ContainerRecord(image: imageID, layers: layers, body: try encoded())
        for mount in options.mounts {
            guard case .image(let image) = mount.kind else { continue }
            if let id = image.id { record.mountedImages.append(id) }
            record.mountedLayers += image.layers
        }
        return record
    }

    /// Reads what `encoded` wrote. Throws a sentence that names the container `id`.
    package init(decoding body: [UInt8], id: String) throws(EngineError) {
        do throws(JSONError) {
            self = try JSONTree.decode(from: Array(ContainerSummary.json(in: body)))
        } catch {
            throw EngineError("the record of container \(id.prefix(12)) cannot be read: \(error)")
        }
    }
}
