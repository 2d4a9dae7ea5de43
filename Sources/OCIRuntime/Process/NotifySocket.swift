import Glibc
import Linux
import OCI
import Runtime

/// The caller's service manager (sd_notify(3)): the container gets a socket of its own, and word of its readiness goes on to
/// the caller's NOTIFY_SOCKET. Which process speaks the manager judges by the machine's numbers, so that the container
/// could not use that socket itself.
enum NotifySocket {
    /// Where the manager listens; nil where nobody asks for word.
    static var manager: String? {
        guard let value = getenv("NOTIFY_SOCKET") else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Makes the socket's directory of the container and shows it to the container, at the manager's own path where that is
    /// one, as crun does.
    static func prepare(_ spec: inout RuntimeSpec, _ directory: borrowing StateDirectory) throws(OCIError) {
        guard let manager else { return }
        let place = manager.utf8.first == UInt8(ascii: "/") ? manager : "/run/notify"
        try reporting("cannot make the directory of the notify socket") {
            try Files.makeDirectory(StateDirectory.notifyFolder, in: directory.folder.rawValue, mode: 0o755)
        }
        // So that a program which looks for it before the start finds something.
        _ = try listen(directory.path)
        var mount = RuntimeSpec.Mount(
            destination: place, type: "bind", source: "\(directory.path)/\(StateDirectory.notifyFolder)",
            options: ["bind", "ro", "nosuid", "nodev", "noexec"])
        mount.options?.append("rprivate")
        spec.mounts = (spec.mounts ?? []) + [mount]
        let variable = "NOTIFY_SOCKET=\(place)/\(StateDirectory.notifySocket)"
        spec.process!.env = ExecProcess.merge(spec.process!.env ?? [], [variable])
    }

    fileprivate static func listen(_ state: String) throws(OCIError) -> FileDescriptor {
        let path = "\(state)/\(StateDirectory.notifyFolder)/\(StateDirectory.notifySocket)"
        return try reporting("cannot listen on the notify socket \(path)") {
            let socket = try UnixSocket.bind(.datagrams, at: path)
            // Whoever the container's users are outside: nobody else reaches the directory.
            try check("chmod", path) { chmod(path, 0o777) }
            return socket
        }
    }
}

/// Waits for a container's word that it is ready, and passes it on.
struct NotifyProxy: ~Copyable {
    private let manager: String
    private let socket: FileDescriptor

    /// nil where nobody asks for word, or where the container was created without the socket.
    init?(_ state: String) throws(OCIError) {
        guard let manager = NotifySocket.manager, Files.exists("\(state)/\(StateDirectory.notifyFolder)") else {
            return nil
        }
        self.manager = manager
        socket = try NotifySocket.listen(state)
    }

    /// Takes over the socket of another one.
    init?(owning number: CInt?) {
        guard let number, let manager = NotifySocket.manager else { return nil }
        self.manager = manager
        socket = FileDescriptor(owning: number)
    }

    /// Gives the socket's number away.
    consuming func release() -> CInt { socket.release() }

    /// Readable when the container has said something.
    var descriptor: CInt { socket.rawValue }

    /// Takes one message. True once the container is ready and the manager knows, with `pid` as the main process.
    func pass(_ pid: ProcessID) throws(OCIError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
            recv(socket.rawValue, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
        }
        guard count > 0 else { return false }
        let lines = buffer[..<count].split(separator: UInt8(ascii: "\n"))
        guard lines.contains(where: { $0.elementsEqual("READY=1".utf8) }) else { return false }
        try reporting("cannot tell \(manager) that the container is ready") {
            let notify = try DatagramSocket(connectedTo: manager)
            try notify.send(Array("READY=1".utf8), milliseconds: 1000)
            try notify.send(Array("MAINPID=\(pid)".utf8), milliseconds: 1000)
        }
        return true
    }

    /// Waits until the container is ready, or has ended.
    func wait(for pid: ProcessID, _ pidfd: borrowing FileDescriptor) throws(OCIError) {
        while true {
            var poll = PollSet()
            let ended = poll.add(pidfd.rawValue)
            let said = poll.add(descriptor)
            try reporting { _ = try poll.wait() }
            if poll.isReadable(said), try pass(pid) { return }
            if poll.isReadable(ended) { return }
        }
    }
}
