import Bytes
package import Errors
import Linux
import OCI

/// The texts of `--cache-from` and `--cache-to`.
package enum CacheOption {
    /// Where a build's cache goes.
    package enum Destination: Sendable, Equatable {
        /// Into the image itself.
        case inline
        case target(BuildCacheTarget)
    }

    private typealias Attributes = [(key: String, value: String)]

    // MARK: --cache-to

    /// What `text` of `--cache-to` says; nil where it is empty. `directory` is what relative paths are relative to. Throws `OptionError` for
    /// places where no cache can be written.
    package static func destination(_ text: String, directory: String) throws(OptionError) -> Destination? {
        guard let (type, attributes) = try read(text, reference: "ref") else { return nil }
        switch type {
        case "inline":
            for (key, value) in attributes {
                guard key == "mode" else {
                    throw .refused("--cache-to type=inline,\(key.excerpt)=…", "an inline cache has only a mode")
                }
                _ = try extent(value)
            }
            return .inline
        case "local": return .target(try local(attributes, directory))
        case "registry": return .target(try registry(attributes))
        default: throw refusal("--cache-to", type, "written to")
        }
    }

    private static func local(_ attributes: Attributes, _ directory: String) throws(OptionError) -> BuildCacheTarget {
        guard let path = attributes.last(where: { $0.key == "dest" })?.value, !path.isEmpty else {
            throw OptionError("local cache exporter requires dest")
        }
        let absolute = OptionFields.absolute(path, directory)
        let status: FileStatus?
        do throws(SystemError) { status = try OptionFields.status(absolute) } catch {
            throw OptionError("--cache-to dest=\(path.excerpt) cannot be used: \(error.errno)")
        }
        guard status?.isDirectory ?? true else {
            throw OptionError("--cache-to dest=\(path.excerpt) is no directory")
        }
        var tag = "latest"
        for (key, value) in attributes where key == "tag" { tag = try self.tag(value) }
        return try target(.directory(absolute, tag: tag), "local", attributes, besides: ["dest", "tag"])
    }

    private static func registry(_ attributes: Attributes) throws(OptionError) -> BuildCacheTarget {
        let reference = try reference(attributes, "exporter")
        guard reference.digest == nil else {
            throw OptionError("a cache cannot be written to \(reference.familiar.excerpt): name a tag, and no digest")
        }
        return try target(.registry(reference), "registry", attributes, besides: ["ref"])
    }

    private static func reference(_ attributes: Attributes, _ user: String) throws(OptionError) -> Reference {
        guard let text = attributes.last(where: { $0.key == "ref" })?.value, !text.isEmpty else {
            throw OptionError("registry cache \(user) requires ref")
        }
        let full = try BuildOption.typed(text)
        do throws(ReferenceError) { return try Reference(full) } catch {
            throw OptionError("invalid cache reference \(goQuoted(text.excerpt)): \(error)")
        }
    }

    /// What the keys say that all places have in common; `others` were read before.
    private static func target(
        _ place: BuildCacheTarget.Place, _ type: String, _ attributes: Attributes, besides others: [String]
    ) throws(OptionError) -> BuildCacheTarget {
        var target = BuildCacheTarget(place)
        for (key, value) in attributes where !others.has(key) {
            func refuse(_ why: String) -> OptionError {
                .refused("--cache-to type=\(type),\(key.excerpt)=\(value.excerpt)", why)
            }
            switch key {
            case "mode": target.extent = try extent(value)
            case "ignore-error": target.ignoresErrors = try flag(key, value)
            case "compression":
                guard value == "uncompressed" else { throw refuse("layers are stored and written as they are") }
            case "compression-level": throw refuse("layers are written uncompressed")
            // There are no others than those that are written uncompressed.
            case "force-compression": _ = try flag(key, value)
            case "oci-mediatypes":
                if try !flag(key, value) { throw refuse("a cache is written by OCI's media types") }
            case "image-manifest":
                if try !flag(key, value) { throw refuse("a cache is an image's manifest, and no index") }
            default: throw OptionError("--cache-to type=\(type) has no key \(goQuoted(key.excerpt))", .unsupported)
            }
        }
        return target
    }

    private static func extent(_ text: String) throws(OptionError) -> BuildCacheTarget.Extent {
        guard let extent = BuildCacheTarget.Extent(rawValue: text) else {
            throw OptionError("unknown cache mode: \(text.excerpt)")
        }
        return extent
    }

    private static func flag(_ key: String, _ text: String) throws(OptionError) -> Bool {
        guard let flag = goBool(text) else {
            throw OptionError("non-bool value specified for \(key): \(text.excerpt)")
        }
        return flag
    }

    // It is what the index of a layout calls the cache: any text, but one that is there.
    private static func tag(_ text: String) throws(OptionError) -> String {
        guard !text.isEmpty else { throw OptionError("a cache's tag cannot be empty") }
        return text
    }

    // MARK: --cache-from

    /// What `text` of `--cache-from` names; nil for an empty text. `directory` is what relative paths are relative to. Throws `OptionError` for
    /// places where no cache can be read.
    package static func source(_ text: String, directory: String) throws(OptionError) -> BuildCacheSource? {
        guard let (type, attributes) = try read(text, reference: "ref") else { return nil }
        switch type {
        case "registry": return .image(try reference(attributes, "importer").familiar)
        case "local": return .layout(try layout(attributes, directory))
        default: throw refusal("--cache-from", type, "read from")
        }
    }

    private static func layout(
        _ attributes: Attributes, _ directory: String
    ) throws(OptionError) -> BuildCacheSource.Layout {
        guard let path = attributes.last(where: { $0.key == "src" })?.value, !path.isEmpty else {
            throw OptionError("local cache importer requires src")
        }
        var layout = BuildCacheSource.Layout(path: OptionFields.absolute(path, directory))
        for (key, value) in attributes {
            switch key {
            case "src": continue
            case "tag": layout.tag = try tag(value)
            case "digest":
                guard let digest = Digest(value) else {
                    throw OptionError("--cache-from digest=\(value.excerpt) is no digest")
                }
                layout.digest = digest
            default: throw OptionError("--cache-from type=local has no key \(goQuoted(key.excerpt))", .unsupported)
            }
        }
        return layout
    }

    // MARK: both

    private static func refusal(_ flag: String, _ type: String, _ verb: String) -> OptionError {
        switch type {
        case "inline": .refused("\(flag) type=inline", "an image is named by its reference, or by type=registry,ref=…")
        case "gha", "s3", "azblob":
            .refused(
                "\(flag) type=\(type)",
                "no cache is \(verb) such a service; use type=registry or type=local, or leave it out")
        default: OptionError("unknown cache type \(goQuoted(type.excerpt)) in \(flag)")
        }
    }

    /// The type that `text` names and all else that it says; nil where it is empty. A text without "=" is a reference of an image.
    private static func read(
        _ text: String, reference: String
    ) throws(OptionError) -> (type: String, attributes: Attributes)? {
        guard !text.isEmpty else { return nil }
        let fields = try OptionFields.split(text)
        guard text.has("=") else { return ("registry", fields.map { (reference, $0) }) }
        var type = ""
        var attributes: Attributes = []
        for field in fields {
            guard let pair = OptionFields.pair(field) else { throw .usage("invalid value \(field.excerpt)") }
            if pair.key == "type" { type = pair.value } else { attributes.append(pair) }
        }
        guard !type.isEmpty else { throw .usage("type required form> \(goQuoted(text.excerpt))") }
        return (type, attributes)
    }
}
