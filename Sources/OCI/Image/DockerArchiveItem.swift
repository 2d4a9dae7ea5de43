package import JSON

/// An image as the `manifest.json` of `docker save` lists it.
package struct DockerArchiveItem: Decodable, Hashable, Sendable {
    /// The name of the file that is the configuration.
    package let config: String
    package let repoTags: [String]?
    /// The names of the files that are the layers, from the base upwards.
    package let layers: [String]?

    enum CodingKeys: String, CodingKey {
        case config = "Config"
        case repoTags = "RepoTags"
        case layers = "Layers"
    }

    /// The images that `manifest`, the content of such a file, lists. Throws for what is none.
    package static func list(_ manifest: [UInt8]) throws(JSONError) -> [DockerArchiveItem] {
        try JSONTree.decode(from: manifest)
    }
}
