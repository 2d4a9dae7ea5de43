import JSON

extension Platform {
    /// What the configuration of an image says of the machine that it is for; nil where `configuration` is no JSON object. An artifact's says
    /// nothing: then its parts are empty.
    package init?(ofConfiguration configuration: [UInt8]) {
        do throws(JSONError) { self = try JSONTree.decode(from: configuration) } catch { return nil }
        if variant?.isEmpty == true { variant = nil }
        if osVersion?.isEmpty == true { osVersion = nil }
        if osFeatures?.isEmpty == true { osFeatures = nil }
    }

    /// Whether there are images for such a machine: the pairs that Docker's `manifest annotate` takes, and those that Go has had since.
    package var isKnown: Bool { Self.known[os]?.contains(architecture) ?? false }

    private static let known: [String: Set<String>] = [
        "darwin": ["386", "amd64", "arm", "arm64"],
        "dragonfly": ["amd64"],
        "freebsd": ["386", "amd64", "arm", "arm64", "riscv64"],
        "linux": [
            "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
            "riscv64", "s390x",
        ],
        "netbsd": ["386", "amd64", "arm", "arm64"],
        "openbsd": ["386", "amd64", "arm", "arm64"],
        "plan9": ["386", "amd64"],
        "solaris": ["amd64"],
        "wasip1": ["wasm"],
        "windows": ["386", "amd64", "arm", "arm64"],
    ]
}
