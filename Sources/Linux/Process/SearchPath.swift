import Bytes
import Glibc

/// Directories in which a program is looked for by its name, in their order.
package struct SearchPath: Sendable {
    private let directories: [String]

    /// These directories.
    package init(_ directories: [String]) { self.directories = directories }

    /// Those of `text`, the value of PATH (environ(7)). An empty entry is the working directory, as for execvp(3); with
    /// `isAbsolute` nothing is looked for there, by an empty entry or a relative one.
    package init(_ text: String, isAbsolute: Bool = false) {
        var list: [String] = []
        for entry in text.split(on: ":", omittingEmptySubsequences: false) {
            if isAbsolute, entry.utf8.first != UInt8(ascii: "/") { continue }
            list.append(entry.isEmpty ? "." : String(entry))
        }
        directories = list
    }

    /// That of the calling process.
    package static var own: SearchPath {
        SearchPath(getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin")
    }

    /// The paths that `program` may have; a name with a slash is a path itself, an empty one is none.
    package func candidates(for program: String) -> [String] {
        if program.utf8.contains(UInt8(ascii: "/")) { return [program] }
        if program.isEmpty { return [] }
        var list: [String] = []
        for directory in directories { list.append(directory + "/" + program) }
        return list
    }

    /// The first of them that is a file which the caller may execute; nil where there is none.
    package func find(_ program: String) -> String? {
        for path in candidates(for: program)
        where access(path, X_OK) == 0 && (try? Files.status(path))?.isRegular == true { return path }
        return nil
    }
}
