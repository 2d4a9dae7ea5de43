import ContainerSpec
import Engine
import Glibc
import Linux
import Store

/// What a user is told once who asks for containers that come back.
enum RestartNotice {
    /// Whether a container of `options` is to be there again after the end of a session.
    static func concerns(_ options: RunOptions) -> Bool {
        switch options.restartPolicy?.name {
        case .always, .unlessStopped: true
        case .no, .onFailure, nil: false
        }
    }

    /// Warns where the machine ends the user's processes with the last session: no restart policy helps then.
    static func warn(_ options: RunOptions, _ engine: Engine, _ context: Context) {
        guard concerns(options) else { return }
        let user = geteuid()
        guard user != 0, Files.exists("/run/systemd/system"), let name = Account.name(of: user),
            !Files.exists("/var/lib/systemd/linger/\(name)")
        else { return }
        let marker = engine.paths.cache + "/lingering-was-noted"
        guard !Files.exists(marker) else { return }
        try? Files.write([], to: marker)
        context.warn(
            "containers of \(name) end with the last session: 'loginctl enable-linger' keeps them, "
                + "and 'apus system enable' brings those with a restart policy back after a boot")
    }
}
