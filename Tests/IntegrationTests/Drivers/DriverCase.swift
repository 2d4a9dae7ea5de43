import Glibc
import Linux
import TestSupport

/// A storage driver and a user who has containers with it.
struct DriverCase: Sendable, CustomStringConvertible {
    let driver: String
    let user: TestUser

    var description: String { "\(driver), \(user)" }

    /// Whether fuse-overlayfs can be used here by everybody.
    static let hasFuse: Bool = {
        guard access("/usr/bin/fuse-overlayfs", X_OK) == 0, let status = try? Files.status("/dev/fuse") else {
            return false
        }
        return status.permissions & 0o006 == 0o006
    }()

    static let drivers = ["overlay2", "vfs"] + (hasFuse ? ["fuse-overlayfs"] : [])

    /// All that can be tried here.
    static let available = drivers.flatMap { driver in
        TestUser.available.map { DriverCase(driver: driver, user: $0) }
    }

    /// The flags in front of a verb.
    var flags: [String] { ["--storage-driver", driver] }

    /// Where a container's own files are, in its directory.
    var directory: String {
        switch driver {
        case "overlay2": "upper"
        case "fuse-overlayfs": "fuse-upper"
        default: "rootfs"
        }
    }
}

extension Sandbox {
    /// `apus --storage-driver … run --network none --name NAME FLAGS… busybox sh -c SCRIPT`.
    func run(
        _ driver: DriverCase, _ name: String, _ flags: [String] = [], image: String = "busybox", _ script: String
    ) throws -> ProgramResult {
        try apus(
            driver.flags + ["run", "--network", "none", "--name", name] + flags + [image, "sh", "-c", script])
    }
}
