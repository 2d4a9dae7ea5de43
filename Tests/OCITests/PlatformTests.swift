import Bytes
import OCI
import Testing

@Suite struct PlatformTests {
    let host = Platform(architecture: "amd64")

    @Test(arguments: [
        ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("Linux/AMD64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"), ("linux/arm64/v8", "linux/arm64"), ("linux/aarch64", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"), ("linux/arm/6", "linux/arm/v6"), ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"), ("linux/i386", "linux/386"), ("arm64", "linux/arm64"),
        ("linux", "linux/amd64"),
        ("windows", "windows/amd64"), ("linux/riscv64", "linux/riscv64"), ("loongarch64", "linux/loong64"),
    ])
    func parses(text: String, expected: String) throws {
        #expect(try Platform(parsing: text, host: host).description == expected)
    }

    @Test(arguments: ["", "/", "linux/", "/amd64", "linux/arm/v7/x", "linux/am d64", "nonsense", "linux/amd64\n"])
    func refuses(text: String) {
        #expect(throws: PlatformError.self) { try Platform(parsing: text, host: host) }
    }

    /// What a Dockerfile asks for must not be counted down from.
    @Test(arguments: ["amd64", "arm"]) func variantsThatNoMachineHasAreNotCountedDown(_ architecture: String) {
        for level in ["10", "9999999999", "9223372036854775807", "9223372036854775808"] {
            let platform = Platform(architecture: architecture, variant: "v\(level)")
            #expect(platform.compatible.count <= 3)
            let list = ImageIndex(manifests: [])
            #expect(list.manifest(for: platform) == nil)
        }
        #expect(Platform(architecture: "amd64", variant: "v3").compatible.map(\.variant) == ["v3", "v2", nil, nil])
        #expect(
            Platform(architecture: "arm", variant: "v9").compatible.map(\.variant) == ["v9", "v8", "v7", "v6", "v5"])
    }

    @Test func knowsTheMachinesOfUname() {
        #expect(Platform(machine: "x86_64").description == "linux/amd64")
        #expect(Platform(machine: "aarch64").description == "linux/arm64")
        #expect(Platform(machine: "armv7l").description == "linux/arm/v7")
        #expect(Platform(machine: "armv6l").description == "linux/arm/v6")
        #expect(Platform(machine: "armv8l").description == "linux/arm/v8")
        #expect(Platform(machine: "i686").description == "linux/386")
        #expect(Platform(machine: "s390x").description == "linux/s390x")
        #expect(Platform.host.os == "linux")
    }

    private func index(_ platforms: [String?]) throws -> ImageIndex {
        ImageIndex(
            manifests: try platforms.enumerated().map { position, text in
                let digit = String(position, radix: 16)
                let digest = try #require(Digest(.sha256, hex: String(repeating: digit, count: 64)))
                var platform: Platform?
                if let parts = text?.split(separator: "/").map(String.init) {
                    platform = Platform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
                }
                return Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 1, platform: platform)
            })
    }

    private func choice(_ platform: String, of platforms: [String?]) throws -> Int? {
        let index = try index(platforms)
        let found = index.manifest(for: try Platform(parsing: platform, host: host))
        return index.manifests.firstIndex { $0 == found }
    }

    @Test func choosesTheBestManifestThatRuns() throws {
        #expect(try choice("linux/amd64", of: ["linux/arm64", "linux/amd64"]) == 1)
        #expect(try choice("linux/amd64", of: ["linux/386", "linux/amd64"]) == 1)
        #expect(try choice("linux/amd64", of: ["linux/arm64", "linux/386"]) == 1)
        #expect(try choice("linux/amd64", of: ["linux/amd64/v3", "linux/amd64/v1"]) == 1)
        #expect(try choice("linux/amd64/v3", of: ["linux/amd64", "linux/amd64/v4", "linux/amd64/v2"]) == 2)
        #expect(try choice("linux/arm64", of: ["linux/arm/v7", "linux/arm64/v8"]) == 1)
        #expect(try choice("linux/arm64", of: ["linux/arm/v5", "linux/arm/v7"]) == 1)
        #expect(try choice("linux/arm64/v9.1", of: ["linux/arm64", "linux/arm64/v8.6", "linux/arm64/v8.7"]) == 1)
        #expect(try choice("linux/arm/v7", of: ["linux/arm/v5", "linux/arm/v6", "linux/arm64"]) == 1)
        #expect(try choice("linux/arm/v6", of: ["linux/arm", "linux/arm/v5"]) == 1)
        #expect(try choice("linux/arm/v5", of: ["linux/arm/v6"]) == nil)
        #expect(try choice("linux/s390x", of: ["linux/amd64", "windows/s390x"]) == nil)
        #expect(try choice("linux/amd64", of: ["linux/amd64", "linux/amd64"]) == 0)
    }

    @Test func passesAttestationsOver() throws {
        #expect(try choice("linux/amd64", of: ["unknown/unknown", "linux/arm64"]) == nil)
        var attested = try index(["linux/amd64", "linux/amd64"])
        attested.manifests[0].annotations = ["vnd.docker.reference.type": "attestation-manifest"]
        #expect(attested.manifest(for: host) == attested.manifests[1])
        #expect(attested.platforms.count == 1)
    }

    @Test func takesAnEntryWithoutPlatformWhenNothingElseFits() throws {
        #expect(try choice("linux/amd64", of: [nil, "linux/amd64"]) == 1)
        #expect(try choice("linux/amd64", of: ["linux/arm64", nil]) == 1)
    }
}
