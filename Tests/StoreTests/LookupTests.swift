import FoundationEssentials
import Linux
import OCI
import Store
import Testing

@Suite struct LookupTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    @Test(arguments: [
        "debian", "debian:latest", "library/debian", "docker.io/library/debian:latest", "docker.io/debian",
    ])
    func everyFormOfANameLeadsToTheImage(_ name: String) throws {
        let made = try store.makeImage(["debian"])
        #expect(try store.images.image(name).id == made.id)
    }

    @Test func idsAndTheirPrefixesLeadToTheImage() throws {
        let made = try store.makeImage(["debian"])
        #expect(try store.images.image(made.id.description).id == made.id)
        #expect(try store.images.image(made.id.hex).id == made.id)
        #expect(try store.images.image(String(made.id.hex.prefix(12))).id == made.id)
        #expect(try store.images.image("sha256:" + made.id.hex.prefix(6)).id == made.id)
        #expect(try store.images.image(made.descriptor.digest.description).id == made.id)
    }

    @Test func aPrefixOfTwoIdsIsAmbiguous() throws {
        var ids: [String: Int] = [:]
        for number in 0..<17 {
            ids[String(try store.makeImage([], layers: ["\(number)"]).id.hex.first!), default: 0] += 1
        }
        let shared = try #require(ids.first { $0.value > 1 }).key
        #expect {
            try store.images.image(shared)
        } throws: {
            if case .ambiguous = $0 as? StoreError { true } else { false }
        }
    }

    @Test func aNameWinsOverAnIdPrefix() throws {
        let other = try store.makeImage([], layers: ["x"])
        let prefix = String(other.id.hex.prefix(7))
        let named = try store.makeImage([prefix], layers: ["y"])
        #expect(try store.images.image(prefix).id == named.id)
    }

    @Test(arguments: ["busybox", "debian:12", "ghcr.io/library/debian", "zzz", "UPPER", ""])
    func whatIsNotThereIsUnknown(_ name: String) throws {
        try store.makeImage(["debian"])
        #expect {
            try store.images.image(name)
        } throws: {
            if case .unknownImage(name) = $0 as? StoreError { true } else { false }
        }
    }

    @Test func theRegistrysDigestLeadsToTheImage() throws {
        let ingest = try store.images.beginIngest()
        let made = try store.putImage(ingest)
        let source = Digest(.sha256, hex: String(repeating: "ab", count: 32))!
        try store.images.record(made.descriptor, name: try Reference("debian"), sourceDigest: source)
        #expect(try store.images.image("debian@\(source)").id == made.id)
        #expect(try store.images.image("debian@\(made.descriptor.digest)").id == made.id)
        #expect(try store.images.image("debian").repoDigests == ["debian@\(source)"])
        #expect(throws: StoreError.self) { try store.images.image("busybox@\(source)") }
    }

    @Test func aPlatformIsChosenFromAnIndexAndFromNamesakes() throws {
        let ingest = try store.images.beginIngest()
        let arm = try store.putImage(ingest, layers: ["arm"], architecture: "arm64")
        let amd = try store.putImage(ingest, layers: ["amd"], architecture: "amd64")
        let index = Array(try JSONEncoder().encode(ImageIndex(manifests: [arm.descriptor, amd.descriptor])))
        let descriptor = Descriptor(
            mediaType: MediaType.ociIndex, digest: try ingest.put(index), size: Int64(index.count))
        try store.images.record(descriptor, name: try Reference("multi"))
        #expect(try store.images.image("multi", platform: Platform(architecture: "arm64")).id == arm.id)
        #expect(try store.images.image("multi", platform: Platform(architecture: "amd64")).id == amd.id)
        #expect(throws: StoreError.self) {
            try store.images.image("multi", platform: Platform(architecture: "s390x"))
        }
    }

    @Test func theOnlyPlatformThatIsThereIsTakenWhenNoneIsAskedFor() throws {
        let made = try store.makeImage(["foreign"], architecture: "s390x")
        #expect(try store.images.image("foreign").id == made.id)
        #expect {
            try store.images.image("foreign", platform: Platform(architecture: "amd64"))
        } throws: {
            if case .otherPlatform = $0 as? StoreError { true } else { false }
        }
    }

    @Test func anImageWithADamagedPartIsReportedAndTheOthersAreListed() throws {
        let broken = try store.makeImage(["broken"], layers: ["x"])
        try store.makeImage(["whole"], layers: ["y"])
        try Files.write([], to: store.images.path(of: broken.descriptor.digest))
        let (images, problems) = try store.images.images()
        #expect(images.flatMap(\.repoTags) == ["whole:latest"])
        #expect(problems.count == 1 && problems[0].contains("broken"))
    }

    @Test func tagsGiveFurtherNames() throws {
        let made = try store.makeImage(["debian"])
        try store.images.tag("debian", as: try Reference("localhost:5000/mine:v1"))
        try store.images.tag(String(made.id.hex.prefix(12)), as: try Reference("debian:again"))
        #expect(
            Set(try store.images.image("debian").repoTags)
                == ["debian:latest", "localhost:5000/mine:v1", "debian:again"])
        #expect(throws: StoreError.self) { try store.images.tag("nothing", as: try Reference("x")) }
    }
}
