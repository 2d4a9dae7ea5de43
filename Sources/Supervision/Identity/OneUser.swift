import Glibc
import Linux
import OCI
import Runtime

/// How a process runs as another user than root where there is one id: in a user namespace of its own that has this one
/// number alone, and shows with it everything that is the caller's.
package enum OneUser {
    /// What does not work where there is one id.
    package static let limits =
        "only one user id is available: owners of files are kept, but mostly shown as root's; what copies them copies root, "
        + "what another user than root makes is root's unless --user says who runs, and set-user-ID programs raise nobody"

    /// Whether nobody has been told of the limits since the last boot; from now on somebody has. A directory that cannot be
    /// written costs a sentence each time.
    static func isNews(runDirectory: String) -> Bool {
        let file = open("\(runDirectory)/one-id-told", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file >= 0 { close(file) }
        return file >= 0 || Errno.current != .exists
    }

    /// That namespace; nil where the process is root, or there are more ids. Throws `LaunchError`.
    static func namespace(
        for user: RuntimeSpec.User?, _ mode: UserNamespace.Mode
    ) throws(LaunchError) -> FileDescriptor? {
        guard mode == .single, let user, user.uid != 0 || user.gid != 0 else { return nil }
        return try UserNamespace.make(
            IDMap(
                users: [.init(containerID: user.uid, hostID: 0, size: 1)],
                groups: [.init(containerID: user.gid, hostID: 0, size: 1)]))
    }
}
