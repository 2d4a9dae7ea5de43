import Bytes
import Errors
import OCI
import Testing

@testable import ContainerSpec

/// What comes along with images and other containers, and whose word counts at one place.
@Suite struct VolumeRulesTests {
    private func options(_ volumes: String...) throws -> RunOptions {
        var options = RunOptions(image: "i")
        options.mounts = try volumes.map { try MountOption(volume: $0, relativeTo: "/") }
        return options
    }

    private func image(_ volumes: String...) -> ContainerConfig {
        var image = ContainerConfig()
        image.volumes = Dictionary(uniqueKeysWithValues: volumes.map { (ByteKey($0), EmptyObject()) })
        return image
    }

    @Test func imagesVolumesAreThereByTheirBytesOnceEach() throws {
        var options = try options("named:/a/b")
        options.addVolumes(of: image("/z/../a", "/a/b", "//a/", "/\u{E9}", "/e\u{301}", "/", "rel"))
        let places = options.mounts.map { Array($0.destination.utf8) }
        #expect(places == ["/a/b", "/a", "/e\u{301}", "/rel", "/\u{E9}"].map { Array($0.utf8) })
        #expect(options.mounts.map(\.origin) == [nil, .image, .image, .image, .image])
        #expect(options.volumeNames == ["named"] && options.hasUnnamedVolumes)
    }

    @Test func aPlaceWithoutASourceGivesWay() throws {
        var settled = try options("/data", "named:/data", "/other", "/other")
        try settled.settleMounts()
        #expect(settled.mounts.map(\.destination) == ["/data", "/other"] && settled.volumeNames == ["named"])
        var doubled = try options("one:/data", "two:/data")
        #expect {
            try doubled.settleMounts()
        } throws: {
            "\($0)" == "Duplicate mount point: /data"
        }
    }

    @Test func anothersMountsComeWhereNothingElseIs() throws {
        var own = try options("own:/a")
        var other = try options("other:/a", "/host:/b:rw", "third:/c")
        other.mounts.append(try MountOption(tmpfs: "/t"))
        try own.inherit(other.mounts, mode: "ro")
        #expect(own.mounts.map(\.destination) == ["/a", "/b", "/c"] && own.volumeNames == ["own", "third"])
        #expect(own.mounts.map(\.readOnly) == [false, true, true])
        try own.inherit(try options("last:/c").mounts, mode: nil)
        #expect(own.volumeNames == ["own", "last"] && own.mounts.last?.readOnly == false)
        #expect(throws: OptionError.self) { try own.inherit([], mode: "x") }
        own.addVolumes(of: image("/c", "/d"))
        #expect(own.mounts.map(\.destination) == ["/a", "/b", "/c", "/d"])
    }
}
