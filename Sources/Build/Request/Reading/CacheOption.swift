import Bytes
package import Errors
import OCI

/// The texts of `--cache-from` and `--cache-to`.
package enum CacheOption {
    /// Whether `text` of `--cache-to` wants the cache's records in the image. Throws `OptionError` for places where no cache can be written.
    package static func isInline(destination text: String) throws(OptionError) -> Bool {
        guard let (type, attributes) = try read(text, reference: "ref") else { return false }
        guard type == "inline" else { throw refusal("--cache-to", type, "written to") }
        for (key, value) in attributes {
            guard key == "mode" else {
                throw .refused("--cache-to type=inline,\(key.excerpt)=…", "an inline cache has only a mode")
            }
            guard value == "min" || value == "max" else {
                throw OptionError("unknown cache mode: \(value.excerpt)")
            }
        }
        return true
    }

    /// The image that `text` of `--cache-from` names; nil for an empty text. Throws `OptionError` for places where no cache can be read: but
    /// that of the store, images alone bring one.
    package static func source(_ text: String) throws(OptionError) -> String? {
        guard let (type, attributes) = try read(text, reference: "ref") else { return nil }
        if type == "registry" {
            guard let reference = attributes.last(where: { $0.key == "ref" })?.value, !reference.isEmpty else {
                throw OptionError("registry cache importer requires ref")
            }
            do throws(ReferenceError) { return try Reference(reference).familiar } catch {
                throw OptionError("invalid cache reference \(goQuoted(reference.excerpt)): \(error)")
            }
        }
        if type == "local", !attributes.contains(where: { $0.key == "src" }) {
            throw OptionError("local cache importer requires src")
        }
        throw refusal("--cache-from", type, "read from")
    }

    private static func refusal(_ flag: String, _ type: String, _ verb: String) -> OptionError {
        switch type {
        case "registry", "local", "inline", "gha", "s3", "azblob":
            .refused(
                "\(flag) type=\(type)",
                "the cache of builds is in the store, and none is \(verb) "
                    + (type == "local"
                        ? "a directory" : type == "registry" || type == "inline" ? "registries" : "such a service")
                    + "; leave it out")
        default: OptionError("unknown cache type \(goQuoted(type.excerpt)) in \(flag)")
        }
    }

    /// The type that `text` names and all else that it says; nil where it is empty. A text without "=" is a reference of an image.
    private static func read(
        _ text: String, reference: String
    ) throws(OptionError) -> (type: String, attributes: [(key: String, value: String)])? {
        guard !text.isEmpty else { return nil }
        let fields = try OptionFields.split(text)
        guard text.has("=") else { return ("registry", fields.map { (reference, $0) }) }
        var type = ""
        var attributes: [(key: String, value: String)] = []
        for field in fields {
            guard let pair = OptionFields.pair(field) else { throw .usage("invalid value \(field.excerpt)") }
            if pair.key == "type" { type = pair.value } else { attributes.append(pair) }
        }
        guard !type.isEmpty else { throw .usage("type required form> \(goQuoted(text.excerpt))") }
        return (type, attributes)
    }
}
