import Bytes
import Glibc
import Linux

/// A systemd that makes units for us: the user's, or for root the machine's.
package struct SystemdManager: Hashable, Sendable {
    /// Whose.
    package enum Kind: String, Hashable, Sendable { case user, system }

    package var kind: Kind
    /// Unix sockets to try in turn, each a path, or with "@" before it an abstract name.
    package var sockets: [String]

    package init(_ kind: Kind, sockets: [String]) {
        self.kind = kind
        self.sockets = sockets
    }

    /// The manager that user `user` can ask; nil where none seems to run. Takes a few calls and connects to nothing.
    package static func find(user: UInt32, variable: (String) -> String? = environmentVariable) -> SystemdManager? {
        // Root of a user namespace is none for the machine's manager.
        if user == 0, OwnUserNamespace.hasAllIDs(.user) ?? true {
            guard Files.exists("/run/systemd/system") else { return nil }
            return SystemdManager(
                .system, sockets: ["/run/dbus/system_bus_socket", "/run/systemd/private"].filter { Files.exists($0) }
            ).orNil
        }
        let directory = variable("XDG_RUNTIME_DIR") ?? "/run/user/\(user)"
        // A bus without systemd behind it, as in many containers, has no manager to ask.
        // One in another user's directory (after su(1)) is that user's, or what it says it is.
        guard Files.exists("\(directory)/systemd/private"),
            PrivateDirectory.isTrusted(directory, user: user, following: true)
        else { return nil }
        var sockets: [String] = []
        if let address = variable("DBUS_SESSION_BUS_ADDRESS") { sockets += BusAddress.sockets(address) }
        for path in ["\(directory)/bus", "\(directory)/systemd/private"]
        where Files.exists(path) && !sockets.contains(path) { sockets.append(path) }
        return SystemdManager(.user, sockets: sockets).orNil
    }

    private var orNil: SystemdManager? { sockets.isEmpty ? nil : self }
}

/// A variable of the process's environment.
package func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Addresses of message buses (D-Bus specification, Server Addresses).
enum BusAddress {
    /// The unix sockets of an address, in its order: paths, and abstract names behind "@". Other transports are passed
    /// over.
    static func sockets(_ address: String) -> [String] {
        var found: [String] = []
        for entry in address.split(on: ";") where entry.begins(with: "unix:") {
            for pair in entry.dropFirst("unix:".count).split(on: ",") {
                guard let equals = pair.place(of: "="), let value = unescape(pair.behind(equals))
                else { continue }
                switch pair[..<equals] {
                case "path": found.append(value)
                case "abstract": found.append("@" + value)
                default: continue
                }
            }
        }
        return found
    }

    // "%XX" stands for a byte; nil for what is malformed.
    private static func unescape(_ text: Substring) -> String? {
        percentDecoded(text.utf8).map { String(decoding: $0, as: UTF8.self) }
    }
}
