import Bytes
package import Errors

/// The text of `--output`: a directory, "-" for a tar archive on the standard output, or "type=…,dest=…" and more.
package struct OutputOption: Sendable {
    /// What becomes of the result.
    package enum Kind: String, Sendable, CaseIterable {
        case image, registry, docker, oci, local, tar, cacheonly
    }

    /// What becomes of it.
    package internal(set) var kind: Kind
    /// Where it goes; nil where nothing is said, "-" for the standard output.
    package let destination: String?
    /// All else that is said.
    let attributes: [(key: String, value: String)]

    /// An output of this kind, without more.
    init(_ kind: Kind) {
        self.kind = kind
        destination = nil
        attributes = []
    }

    /// Reads `text`; nil where it is empty. Throws `OptionError`.
    package init?(_ text: String) throws(OptionError) {
        guard !text.isEmpty else { return nil }
        let fields = try OptionFields.split(text)
        // One that begins otherwise is a path, whatever is in it.
        if fields.count == 1, fields[0].isSame(as: text), !text.begins(with: "type=") {
            kind = text == "-" ? .tar : .local
            destination = text
            attributes = []
            return
        }
        var (type, destination) = ("", "")
        var attributes: [(key: String, value: String)] = []
        for field in fields {
            guard let (key, value) = OptionFields.pair(field) else { throw .usage("invalid value \(field.excerpt)") }
            switch key {
            case "type": type = value
            case "dest": destination = value
            // Keys of annotations have letters of both sizes.
            default: attributes.append((Self.writtenKey(field, key), value))
            }
        }
        guard !type.isEmpty else { throw .usage("type is required for output") }
        guard let kind = Kind(rawValue: type) else {
            throw OptionError("failed to solve: exporter \(goQuoted(type.excerpt)) could not be found")
        }
        self.kind = kind
        self.destination = destination.isEmpty ? nil : destination
        self.attributes = attributes
    }

    private static func writtenKey(_ field: String, _ key: String) -> String {
        key.begins(with: "annotation") ? String(field.until("=")) : key
    }

    /// Whether it is an image of the store.
    var isStored: Bool {
        switch kind {
        case .image, .registry: true
        case .docker: destination == nil
        case .oci, .local, .tar, .cacheonly: false
        }
    }

    /// Whether it is files, and no image.
    var isFiles: Bool { kind == .local || kind == .tar }
}
