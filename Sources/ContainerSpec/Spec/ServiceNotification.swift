import Bytes
import Glibc
import Linux
package import OCI

/// What a service manager that waits for a container's readiness is told (sd_notify(3)): systemd puts the path of a
/// socket into `NOTIFY_SOCKET` of a unit with `Type=notify`.
package struct ServiceNotification: Sendable, Hashable {
    /// Where the manager listens.
    let socket: String
    let mode: RunOptions.NotifyMode

    /// Where the container finds the socket.
    static let place = "/run/notify/notify.sock"

    /// What is asked for in the environment of the calling process; nil for nothing.
    package static func asked(_ mode: RunOptions.NotifyMode?) -> ServiceNotification? {
        guard mode != .ignore, let value = getenv("NOTIFY_SOCKET") else { return nil }
        return ServiceNotification(socket: String(cString: value), mode: mode ?? .container)
    }

    /// Hands the socket on to the container. Returns a sentence where that cannot be.
    package func hand(to spec: inout RuntimeSpec) -> String? {
        guard mode == .container else { return nil }
        guard socket.begins(with: "/") else {
            return "the container cannot say when it is ready: \(socket) is no socket with a path; "
                + "--sdnotify=conmon has its supervisor say so"
        }
        spec.mounts =
            (spec.mounts ?? []) + [
                .init(destination: Self.place, type: "bind", source: socket, options: ["bind", "rprivate"])
            ]
        var environment: [String] = []
        for entry in spec.process?.env ?? [] where !entry.begins(with: "NOTIFY_SOCKET=") { environment.append(entry) }
        spec.process?.env = environment + ["NOTIFY_SOCKET=\(Self.place)"]
        return nil
    }

    /// Says which process is the service's: the calling one; and, where that is its part, that it is ready. A manager
    /// that does not listen is no reason for anything.
    package func send() {
        let ready = mode == .conmon ? "\nREADY=1" : ""
        guard let datagrams = try? DatagramSocket(connectedTo: socket) else { return }
        try? datagrams.send(Array("MAINPID=\(getpid())\(ready)".utf8), milliseconds: 200)
    }
}
