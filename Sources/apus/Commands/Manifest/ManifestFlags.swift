import Bytes
import DockerTypes
import Engine
import Errors
import Flags

/// What the verbs of `manifest` have in common.
enum ManifestFlags {
    /// Docker's flag for registries without TLS, and podman's.
    static let registry = [
        Flag("insecure", nil, .bool, "Speak to a registry without TLS, or whose certificate is unknown"),
        Flag("tls-verify", nil, .bool, "Want TLS and a known certificate of registries", defaultValue: "true"),
    ]

    /// What is said of a member of a list.
    static let annotation = [
        Flag("annotation", nil, .list, "Annotation of the entry, key=value", placeholder: "key=value"),
        Flag("arch", nil, .string, "Set architecture"),
        Flag("os", nil, .string, "Set operating system"),
        Flag("os-features", nil, .commaList, "Set operating system feature"),
        Flag("os-version", nil, .string, "Set operating system version"),
        Flag("variant", nil, .string, "Set architecture variant"),
    ]

    /// The lists of the store, for a client with the flags `registry`.
    static func lists(_ parsed: ParsedArguments, _ context: Context) throws -> ManifestLists {
        let isInsecure = parsed.isSet("insecure") && parsed.bool("insecure")
        if isInsecure, parsed.isSet("tls-verify"), parsed.bool("tls-verify") {
            throw CommandFailure("--insecure and --tls-verify contradict each other: leave one of them out")
        }
        return try context.engine().manifestLists(
            configuration: context.options.config, agent: "apus/\(VersionInfo.number)",
            isInsecure: isInsecure || !parsed.bool("tls-verify"))
    }

    /// The lists of the store, where no registry is asked.
    static func lists(_ context: Context) throws -> ManifestLists {
        try context.engine().manifestLists(
            configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
    }

    /// What the flags `annotation` say. Throws for an annotation without a value.
    static func annotation(_ parsed: ParsedArguments) throws -> ManifestLists.Annotation {
        func text(_ name: String) -> String? { parsed.string(name).flatMap { $0.isEmpty ? nil : $0 } }
        var annotation = ManifestLists.Annotation()
        annotation.os = text("os")
        annotation.architecture = text("arch")
        annotation.variant = text("variant")
        annotation.osVersion = text("os-version")
        annotation.osFeatures = parsed.list("os-features")
        for pair in parsed.list("annotation") {
            guard let equal = pair.place(of: "="), equal != pair.startIndex else {
                throw CommandFailure("the annotation \"\(pair)\" has no value: write it as key=value")
            }
            annotation.annotations[ByteKey(String(pair[..<equal]))] = String(pair.behind(equal))
        }
        return annotation
    }
}
