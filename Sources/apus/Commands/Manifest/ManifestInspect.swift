import Engine
import Flags
import JSON
import Linux
import OCI
import Store

extension Verb {
    static let manifestInspect = Verb(
        id: "manifest inspect",
        syntax: CommandSyntax(
            summary: "Show a manifest, or a manifest list", usage: ["[OPTIONS] [MANIFEST_LIST] MANIFEST"],
            description: """
                Show a manifest, or a manifest list.
                What is no list of the store is asked of its registry, and nothing is pulled.
                """,
            flags: ManifestFlags.registry + [
                Flag("verbose", "v", .bool, "Show the platform, and of a list what it has, too")
            ],
            arguments: .between(1, 2))
    ) { parsed, context in
        let lists = try ManifestFlags.lists(parsed, context)
        let isWhole = parsed.bool("verbose")
        let found: InspectedManifest
        let words = parsed.positionals
        if words.count > 1 {
            found = try lists.inspect(words[1], of: words[0])
        } else {
            found = try waitFor { try await lists.inspect(words[0], isWhole: isWhole) }
        }
        try context.output.line(try ManifestText(found, isWhole: isWhole).text)
        return 0
    }
}

/// What `manifest inspect` prints, as Docker's client does.
struct ManifestText {
    let text: String

    /// The text for `found`; `isWhole`: what is known of a manifest beside its content, too. Throws `JSONError`.
    init(_ found: InspectedManifest, isWhole: Bool) throws {
        let bytes: [UInt8]
        switch found {
        case .index(let index): bytes = index.document
        case .manifest(let member) where !isWhole: bytes = try JSONLayout.indented(member.manifest, by: "\t")
        case .manifest(let member):
            var writer = JSONWriter(.markup)
            Self.write(member, to: &writer)
            bytes = try JSONLayout.indented(writer.bytes, by: "\t", escapesMarkup: true)
        case .members(let members):
            var writer = JSONWriter(.markup)
            writer.beginArray()
            for member in members { Self.write(member, to: &writer) }
            writer.endArray()
            bytes = try JSONLayout.indented(writer.bytes, by: "\t", escapesMarkup: true)
        }
        text = Self.visible(String(decoding: bytes, as: UTF8.self))
    }

    private static func write(_ member: ManifestList.Member, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.write("Ref", member.name.description)
        writer.name("Descriptor")
        member.descriptor.write(to: &writer)
        writer.write("Raw", Base64.encoded(member.manifest))
        let isOCI = member.descriptor.mediaType == MediaType.ociManifest
        writer.write(isOCI ? "OCIManifest" : "SchemaV2Manifest", json: member.manifest)
        writer.endObject()
    }

    /// The document with escapes for what a terminal would obey: JSON has no control characters of ASCII but DEL, and all others (ISO 6429, UAX #9) as
    /// they are. They can be nowhere but in texts.
    private static func visible(_ document: String) -> String {
        func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x7f...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
            default: false
            }
        }
        guard document.unicodeScalars.contains(where: isObeyed) else { return document }
        var safe = String.UnicodeScalarView()
        for scalar in document.unicodeScalars {
            guard isObeyed(scalar) else {
                safe.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            safe.append(
                contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).unicodeScalars)
        }
        return String(safe)
    }
}
