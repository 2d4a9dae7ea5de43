import Glibc
import Linux
import Synchronization

/// Files that tests need and other people's tools make (Tests/Harness/make-fixtures says which).
package enum Fixtures {
    /// A group of fixtures that are made together.
    package enum Kind: String, Sendable { case tools, busybox, layers, chunked, debian, platforms, attacker }

    /// Where they are: what `APUS_FIXTURES` names, else `.build-fixtures` beside Package.swift.
    private static let directory =
        getenv("APUS_FIXTURES").map { String(cString: $0) } ?? "\(Executable.repository)/.build-fixtures"

    private static let made = Mutex<Set<Kind>>([])

    /// The path of the fixture `name` of `kind`, which every user can read; makes it where it is missing.
    package static func path(_ name: String, of kind: Kind) throws -> String {
        try made.withLock { made in
            guard made.insert(kind).inserted else { return }
            let script = Spawn(
                "\(Executable.repository)/Tests/Harness/make-fixtures", [directory, kind.rawValue],
                environment: ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp", "LANG=C.UTF-8"])
            let program = try RunningProgram(script)
            program.closeInput()
            let result = try program.wait(seconds: 900)
            if result.code != 0 {
                made.remove(kind)
                throw TestFailure("make-fixtures \(kind.rawValue): \(result)")
            }
        }
        return "\(directory)/\(name)"
    }

    /// A root file system of Debian's static busybox, as a tar archive.
    package static var busyboxTar: String { get throws { try path("busybox.tar", of: .busybox) } }
    /// The program that tries to leave containers.
    package static var attacker: String { get throws { try path("attacker", of: .attacker) } }
    /// The program that lists a tree of files.
    package static var treelist: String { get throws { try path("treelist", of: .tools) } }
}
