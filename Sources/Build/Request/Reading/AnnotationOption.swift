import Bytes
package import Errors

/// The text of `--annotation`: "KEY=VALUE", or "TYPE:KEY=VALUE" with what is annotated.
package enum AnnotationOption {
    private static let types = ["manifest", "index", "manifest-descriptor", "index-descriptor"]

    /// The annotation of images' manifests that `text` says; nil where it is empty. Throws `OptionError` for what is none, and for one of an index or a
    /// descriptor.
    package static func read(_ text: String) throws(OptionError) -> (key: String, value: String)? {
        guard !text.isEmpty else { return nil }
        guard let place = text.place(of: "=") else {
            throw OptionError("parse annotations: invalid annotation \(goQuoted(text.excerpt)), expected key=value")
        }
        let value = String(text.behind(place))
        let name = text[..<place]
        guard let colon = name.place(of: ":") else { return (String(name), value) }
        for written in name[..<colon].split(on: ",", omittingEmptySubsequences: false) {
            let type = String(written.until("["))
            guard types.has(type) else {
                throw OptionError("parse annotations: unknown annotation type \(goQuoted(written.excerpt))")
            }
            guard type == "manifest" else {
                throw OptionError(
                    type.begins(with: "index")
                        ? "index annotations not supported: an image of this store has one manifest"
                        : "annotations of descriptors are refused: only manifests are annotated", .unsupported)
            }
            guard written.isSame(as: type) else {
                throw OptionError(
                    "annotations for one of several platforms are refused: leave \(written[type.endIndex...].excerpt) out",
                    .unsupported)
            }
        }
        return (String(name.behind(colon)), value)
    }
}
