import Bytes
package import Errors
import Glibc

extension Platform: CustomStringConvertible {
    /// "linux/arm/v7".
    package var description: String { "\(os)/\(architecture)" + (variant.map { "/" + $0 } ?? "") }

    /// Parses "os/architecture[/variant]", or one of the two alone ("arm64", "linux"), which takes the other
    /// from `host`; aliases of architectures ("x86_64", "aarch64", "armhf") become their normal names.
    /// Throws for anything else.
    package init(parsing text: String, host: Platform = .host) throws(PlatformError) {
        let parts = text.lowercased().split(on: "/", omittingEmptySubsequences: false).map(String.init)
        let allowed = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    (48...57).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
                }
        }
        guard allowed else { throw PlatformError(text: text) }
        switch parts.count {
        case 1 where Platform.systems.contains(parts[0]):
            self.init(os: parts[0], architecture: host.architecture, variant: host.variant)
        case 1:
            self = Platform(os: host.os, architecture: parts[0]).normalized
            guard Platform.architectures.contains(architecture) else { throw PlatformError(text: text) }
        case 2: self = Platform(os: parts[0], architecture: parts[1]).normalized
        case 3: self = Platform(os: parts[0], architecture: parts[1], variant: parts[2]).normalized
        default: throw PlatformError(text: text)
        }
    }

    /// The platform of the kernel that runs this process.
    package static let host: Platform = {
        var names = utsname()
        guard uname(&names) == 0 else { return Platform(architecture: "unknown") }
        let machine = withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return Platform(machine: machine)
    }()

    /// The platform of a Linux machine by the name that uname(2) has for it.
    package init(machine: String) {
        switch machine {
        case "armv8l": self = Platform(architecture: "arm", variant: "v8")
        case let name where name.begins(with: "armv"):
            self = Platform(architecture: "arm", variant: String(name.dropFirst(3).prefix(2)))
        default: self = Platform(architecture: machine).normalized
        }
    }

    /// The same platform by the names that Go and so image-spec have for it, without a variant that is the
    /// architecture's default (amd64's v1, arm64's v8), and with arm's (v7).
    package var normalized: Platform {
        var result = self
        result.os = os.lowercased() == "macos" ? "darwin" : os.lowercased()
        let variant = (variant ?? "").lowercased()
        var name = architecture.lowercased()
        var kept = variant
        switch name {
        case "x86_64", "x86-64", "amd64":
            name = "amd64"
            if kept == "v1" { kept = "" }
        case "i386", "i486", "i586", "i686", "386":
            name = "386"
            kept = ""
        case "aarch64", "arm64":
            name = "arm64"
            kept =
                ["8", "v8", "v8.0"].contains(variant) ? "" : (["9", "9.0", "v9.0"].contains(variant) ? "v9" : variant)
        case "armhf":
            name = "arm"
            kept = "v7"
        case "armel":
            name = "arm"
            kept = "v6"
        case "arm": kept = variant.isEmpty ? "v7" : (variant.count == 1 ? "v" + variant : variant)
        case "loongarch64": name = "loong64"
        default: break
        }
        result.architecture = name
        result.variant = kept.isEmpty ? nil : kept
        return result
    }

    /// The platforms whose programs run on this one, best first: older variants, then 32-bit architectures.
    package var compatible: [Platform] {
        let own = normalized
        func same(_ variants: [String?]) -> [Platform] {
            variants.map { Platform(os: own.os, architecture: own.architecture, variant: $0) }
        }
        switch own.architecture {
        case "amd64":
            let level = own.variant.flatMap { Int($0.dropFirst()) } ?? 1
            let levels: [String?] = level > 1 ? Platform.variants(from: 2, to: level) : []
            return same(levels + [nil]) + [Platform(os: own.os, architecture: "386")]
        case "arm":
            let level = own.variant.flatMap { Int($0.dropFirst()) } ?? 7
            return same(level > 5 ? Platform.variants(from: 5, to: level) : [own.variant])
        case "arm64":
            return same(Platform.arm64Variants(from: own.variant))
                + Platform(os: own.os, architecture: "arm", variant: "v8").compatible
        default: return [own]
        }
    }

    /// "v7", "v6", "v5". Of levels that no machine has, which a Dockerfile may ask for by the billion, just the one that was named is tried.
    private static func variants(from lowest: Int, to level: Int) -> [String?] {
        level < 10 ? (lowest...level).reversed().map { "v\($0)" } : ["v\(level)"]
    }

    /// Armv9.n has what Armv8.(n+5) has, and each minor version what the one before it has.
    private static func arm64Variants(from variant: String?) -> [String?] {
        guard let variant else { return [nil] }
        let numbers = variant.dropFirst().split(on: ".").map { Int($0) ?? -1 }
        let minor = numbers.count > 1 ? numbers[1] : 0
        guard variant.firstLetter == "v", (1...2).contains(numbers.count), [8, 9].contains(numbers[0]),
            (0...9).contains(minor)
        else { return [variant] }
        func below(_ major: Int, _ minor: Int) -> [String?] {
            (0...minor).reversed().map { $0 == 0 ? (major == 8 ? nil : "v\(major)") : "v\(major).\($0)" }
        }
        return numbers[0] == 9 ? below(9, minor) + below(8, minor + 5) : below(8, minor)
    }

    private static let systems: Set<String> = ["linux", "darwin", "windows", "freebsd", "netbsd", "openbsd", "solaris"]
    private static let architectures: Set<String> = [
        "amd64", "386", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le",
        "riscv64", "s390x", "wasm",
    ]
}

extension ImageIndex {
    /// The manifest for `platform`: the best of those whose programs run on it, the first of equals.
    ///
    /// Entries that are no images (attestations, which buildkit lists as "unknown/unknown" or annotates) are
    /// passed over. Where nothing matches, the first entry that names no platform is taken, as image-spec
    /// allows it to be for any. nil where there is none of these.
    package func manifest(for platform: Platform) -> Descriptor? {
        let images = manifests.filter {
            !$0.isAttestation && (MediaType.isManifest($0.mediaType) || MediaType.isIndex($0.mediaType))
        }
        let offered = images.map { ($0, $0.platform?.normalized) }
        for wanted in platform.compatible {
            let match = offered.first { _, own in
                own.map { $0.os == wanted.os && $0.architecture == wanted.architecture && $0.variant == wanted.variant }
                    ?? false
            }
            if let match { return match.0 }
        }
        return offered.first { $0.1 == nil }?.0
    }

    /// The platforms of the images of the index, as they are listed.
    package var platforms: [Platform] { manifests.filter { !$0.isAttestation }.compactMap(\.platform) }
}

extension Descriptor {
    /// Whether the manifest describes another image of its index instead of being one.
    package var isAttestation: Bool {
        annotations?["vnd.docker.reference.type"] == "attestation-manifest"
            || platform?.os == "unknown" && platform?.architecture == "unknown"
    }
}

/// Text that names no platform.
package struct PlatformError: KindedError, Equatable, Sendable, CustomStringConvertible {
    package let text: String

    package var kind: ErrorKind { .invalid }

    package var description: String {
        "error parsing specified platform: \"\(text)\": unknown operating system or architecture: invalid argument: give "
            + "os/architecture[/variant], such as linux/amd64 or linux/arm64/v8"
    }
}
