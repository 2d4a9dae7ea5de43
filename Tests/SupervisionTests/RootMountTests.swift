import Glibc
import Linux
import Testing

@testable import Supervision

/// The directory for what a container writes, before anything is mounted.
@Suite struct RootMountTests {
    @Test func whatWasBegunForANewContainerGetsItsLooksAndAnotherOnesAreKept() throws {
        let folder = "/tmp/root-mount-tests." + randomHex(bytes: 6)
        try Files.makeDirectory(folder, mode: 0o700)
        defer { try? Files.removeTree(folder) }
        try Files.makeDirectory(folder + "/layer", mode: 0o700)
        try check("chmod") { chmod(folder + "/layer", 0o1710) }
        let layers = RootMount.Layers(image: [folder + "/layer"], mountPoints: nil)
        func mode(_ name: String, isNew: Bool) throws -> FileMode {
            let upper = try RootMount.makeUpper(name, "work", layers, directory: folder, isNew: isNew).directory
            return try Files.status(upper).permissions
        }
        #expect(try mode("made", isNew: false) == 0o1710)
        // A preparation that was killed between two calls.
        try Files.makeDirectory(folder + "/begun", mode: 0o755)
        #expect(try mode("begun", isNew: true) == 0o1710)
        // A container that changed its root directory.
        try check("chmod") { chmod(folder + "/made", 0o700) }
        #expect(try mode("made", isNew: false) == 0o700)
    }
}
