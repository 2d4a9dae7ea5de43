import Errors
import Linux
import Testing

@testable import ContainerSpec

@Suite struct StorageDriverNameTests {
    @Test(arguments: [
        ("overlay", StorageDriver.overlay), ("overlay2", .overlay), ("fuse-overlayfs", .fuseOverlay), ("copy", .copy),
        ("vfs", .copy),
    ])
    func namesOfDockerAndPodmanAreKnown(_ name: String, _ driver: StorageDriver) throws {
        #expect(try StorageDriver(named: name) == driver)
    }

    @Test(arguments: ["", "Overlay", "overlay2 ", "btrfs"]) func othersAreRefused(_ name: String) {
        #expect(throws: OptionError.self) { try StorageDriver(named: name) }
    }

    /// An empty directory of an overlay that was refused is no word against what is beside it.
    @Test func theDirectorySaysWhoseFilesItHas() throws {
        let folder = "/tmp/apus-drivers.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder)
        defer { try? Files.removeTree(folder) }
        #expect(try StorageDriver.keeping(folder) == nil)
        for driver in [StorageDriver.overlay, .fuseOverlay, .copy] {
            try Files.makeDirectory("\(folder)/\(driver.directory)")
            #expect(try StorageDriver.keeping(folder) == driver)
        }
        #expect(throws: SystemError.self) {
            try StorageDriver.keeping("\(folder)/" + String(repeating: "n", count: 300))
        }
    }
}
