import Glibc
import Linux

/// The user that a test runs our executable as.
package enum TestUser: String, Sendable, CaseIterable, CustomStringConvertible {
    /// The superuser, without a user namespace.
    case root
    /// An ordinary user with subordinate ids: `apus-test` where the tests run as root, else whoever runs them.
    case ordinary
    /// The same user on a machine that has no subordinate ids for anybody.
    case single

    package var description: String { rawValue }

    /// Those that the tests can be here, with subordinate ids: what a test takes as its arguments.
    package static let available: [TestUser] = [root, ordinary].filter(\.isAvailable)

    /// All of them: for what must not depend on how many ids there are.
    package static let inThreeModes: [TestUser] = allCases.filter(\.isAvailable)

    /// One that the tests can be here: for what is the same for all.
    package static var any: TestUser { available.first ?? .ordinary }

    /// Whether tests can be this user here.
    package var isAvailable: Bool {
        switch self {
        case .root: getuid() == 0
        case .ordinary: getuid() != 0 || entry != nil
        // Only root can hide the ids of others.
        case .single: getuid() == 0 && entry != nil
        }
    }

    /// The user's numbers and home directory in `/etc/passwd`.
    package var entry: (uid: UInt32, gid: UInt32, name: String, home: String)? {
        guard let text = try? Files.readText("/etc/passwd") else { return nil }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 6, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { continue }
            let wanted =
                switch self {
                case .root: uid == 0
                case .ordinary, .single: getuid() == 0 ? fields[0] == "apus-test" : uid == getuid()
                }
            if wanted { return (uid, gid, String(fields[0]), String(fields[5])) }
        }
        return nil
    }
}
