import Archive
import Glibc
import Linux
import Testing

/// What distinguishes two trees is found, wherever it is, and nothing where there is nothing.
@Suite struct TreeDifferenceTests {
    private func find(_ change: (String) throws -> Void) throws -> String? {
        let root = "/var/tmp/apus-difference.\(randomHex(bytes: 6))"
        try Files.makeDirectory(root, mode: 0o700)
        defer { try? Files.removeTree(root) }
        for tree in ["one", "two"] {
            try Files.makeDirectories("\(root)/\(tree)/a/b/c")
            try Files.makeDirectories("\(root)/\(tree)/z")
            try Files.write([UInt8](repeating: 1, count: 600_000), to: "\(root)/\(tree)/a/b/c/large")
            try Files.write([], to: "\(root)/\(tree)/a/empty")
            try check("symlink") { symlink("b/c", "\(root)/\(tree)/a/link") }
            try check("mkfifo") { mkfifo("\(root)/\(tree)/z/fifo", 0o644) }
        }
        try change("\(root)/two")
        let one = try FileDescriptor.open("\(root)/one", O_RDONLY | O_DIRECTORY)
        let two = try FileDescriptor.open("\(root)/two", O_RDONLY | O_DIRECTORY)
        return try TreeDifference.find(one.rawValue, two.rawValue)
    }

    @Test func equalTreesHaveNone() throws {
        #expect(try find { _ in } == nil)
        // Times harm nobody.
        #expect(try find { try Files.write([], to: $0 + "/a/empty") } == nil)
    }

    @Test func eachIsFound() throws {
        #expect(try find { try Files.unlink($0 + "/a/empty") } == "it lacks \"a/empty\"")
        #expect(try find { try Files.removeTree($0 + "/z") } == "it lacks \"z\"")
        #expect(
            try find { try Files.write([], to: $0 + "/z/new") } == "it has \"z/new\", which its archive does not have")
        #expect(try find { try Files.write([1], to: $0 + "/a/empty") } == "\"a/empty\" has another size")
        #expect(
            try find { path in
                let file = try FileDescriptor.open(path + "/a/b/c/large", O_WRONLY)
                try check("lseek") { lseek(file.rawValue, 599_999, SEEK_SET) }
                try file.writeAll([2])
            } == "\"a/b/c/large\" has another content")
        #expect(try find { path in try check("chmod") { chmod(path + "/a/b", 0o700) } } == "\"a/b\" has another mode")
        #expect(
            try find { path in
                try Files.unlink(path + "/a/link")
                try check("symlink") { symlink("b/d", path + "/a/link") }
            } == "\"a/link\" has another target")
        #expect(
            try find { path in
                try Files.unlink(path + "/z/fifo")
                try Files.write([], to: path + "/z/fifo")
            } == "\"z/fifo\" has another type")
        #expect(
            try find { path in
                let file = try FileDescriptor.open(path + "/a/empty", O_RDONLY)
                try ExtendedAttributes.set(RawName("user.x"), of: file.rawValue, to: [1])
            } == "\"a/empty\" has other attributes")
        // What a file system notes for itself is nobody's.
        #expect(
            try find { path in
                let file = try FileDescriptor.open(path + "/a/b", O_RDONLY | O_DIRECTORY)
                try ExtendedAttributes.set(RawName("user.overlay.impure"), of: file.rawValue, to: [1])
            } == nil)
    }
}
