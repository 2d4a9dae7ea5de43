import Bytes
import Errors
import OCI

/// What an output says beside its type and its destination.
struct OutputAttributes {
    private(set) var names: [Reference] = []
    private(set) var annotations: [(key: String, value: String)] = []
    private(set) var pushes = false
    /// Whether files of new layers are no younger than the build's SOURCE_DATE_EPOCH.
    private(set) var rewritesTimes = true
    /// Whether an OCI layout is an archive.
    private(set) var isArchive = true

    /// Reads those of `output`. Throws `OptionError` for what is not known, and for what cannot be done.
    init(_ output: OutputOption) throws(OptionError) {
        for (key, value) in output.attributes { try take(key, value, output) }
        if output.kind == .registry { pushes = true }
    }

    private mutating func take(_ key: String, _ value: String, _ output: OutputOption) throws(OptionError) {
        func unknown() -> OptionError {
            OptionError("output type=\(output.kind.rawValue) has no key \(goQuoted(key.excerpt))", .unsupported)
        }
        func refuse(_ why: String) -> OptionError {
            .refused("output type=\(output.kind.rawValue),\(key)=\(value.excerpt)", why)
        }
        func flag() throws(OptionError) -> Bool {
            if value.isEmpty { return true }
            guard let flag = goBool(value) else {
                throw OptionError("non-bool value specified for \(key): \(value.excerpt)")
            }
            return flag
        }
        switch (output.kind, key) {
        case (.cacheonly, _): throw unknown()
        case (.local, "mode"):
            guard value == "copy" else { throw refuse("what is in the directory already stays there") }
        case (.local, "platform-split"), (.tar, "platform-split"):
            if try flag() { throw refuse("the files of one platform are written as they are") }
        case (.local, _), (.tar, _): throw unknown()
        case (_, "name"): for name in value.split(on: ",") { names.append(try BuildOption.tag(String(name))) }
        case (.image, "push"), (.registry, "push"): pushes = try flag()
        case (_, "compression"):
            guard value == "uncompressed" else { throw refuse("layers are stored and written as they are") }
        case (_, "force-compression"):
            if try flag() { throw refuse("the layers of base images stay as they are") }
        case (.docker, "oci-mediatypes"):
            if try flag(), output.destination != nil { throw refuse("an archive of Docker's has no media types") }
        case (_, "oci-mediatypes"):
            if try !flag() { throw refuse("images are stored and written by OCI's media types") }
        case (_, "rewrite-timestamp"): rewritesTimes = try flag()
        case (_, "store") where output.isStored, (_, "unpack") where output.isStored:
            if try !flag() { throw refuse("an image is a part of the store with all of its layers") }
        case (.oci, "tar"): isArchive = try flag()
        default:
            guard let annotation = try Self.annotation(key) else { throw unknown() }
            annotations.append((annotation, value))
        }
    }

    // "annotation.KEY", "annotation-manifest.KEY"
    private static func annotation(_ key: String) throws(OptionError) -> String? {
        guard key.begins(with: "annotation"), let dot = key.place(of: ".") else { return nil }
        switch key[..<dot] {
        case "annotation", "annotation-manifest": return String(key.behind(dot))
        default:
            throw .refused("output key \(goQuoted(key.excerpt))", "only manifests are annotated")
        }
    }
}
