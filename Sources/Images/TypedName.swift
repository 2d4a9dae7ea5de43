package import Errors
package import OCI
import Registry

/// The name of an image as somebody typed it, where an alias of registries.conf may stand for a full one.
///
/// Whatever takes a name from a user asks here, once, at the door; all behind it knows full names alone, and has no need to ask again. What
/// an archive, a store or a registry calls an image is no typed name.
package enum TypedName {
    /// `text` with the full name of a repository in the place of its alias; `text` itself where it has none. Throws for a file of
    /// registries.conf that cannot be used.
    package static func expanded(_ text: String) throws(EngineError) -> String {
        do throws(RegistryError) { return try ShortNames().expanded(text) } catch { throw EngineError(error) }
    }
}

extension Reference {
    /// What somebody typed: as `init(_:defaultTag:)`, with aliases. Throws for a text that is no name, and as `TypedName.expanded`.
    package init(typed text: String, defaultTag: String? = Reference.defaultTag) throws {
        try self.init(try TypedName.expanded(text), defaultTag: defaultTag)
    }
}
