import Bytes
package import Errors
import Linux

/// The text of `--ssh`: "default", or "NAME=PATH[,PATH]" with the socket of an agent or files with keys.
package enum AgentOption {
    /// The agent that `text` says, with its identifier; nil where it is empty. Without a path it is the agent of the variable SSH_AUTH_SOCK that
    /// `caller` has. `directory` is what relative paths are relative to. Throws `OptionError`.
    package static func read(
        _ text: String, directory: String, caller: (String) -> String?
    ) throws(OptionError) -> (id: String, agent: BuildAgent)? {
        guard !text.isEmpty else { return nil }
        let id = text.until("=").isEmpty ? "default" : String(text.until("="))
        var paths = text.place(of: "=").map { text.behind($0).split(on: ",").map { String($0) } } ?? []
        if paths.isEmpty {
            guard let socket = caller("SSH_AUTH_SOCK"), !socket.isEmpty else {
                throw OptionError(
                    "failed to convert agent config for ID: \(goQuoted(id)): invalid empty ssh agent socket: make sure "
                        + "SSH_AUTH_SOCK is set")
            }
            paths = [socket]
        }
        var keys: [String] = []
        var socket: String?
        for path in paths {
            let absolute = OptionFields.absolute(path, directory)
            let status: FileStatus
            do throws(SystemError) { status = try Files.status(absolute) } catch {
                throw refused(id, "stat \(path): \(error.errno)", .notFound)
            }
            if status.isSocket {
                guard socket == nil else { throw refused(id, "only one socket can be given") }
                socket = absolute
            } else {
                guard status.isRegular else { throw refused(id, "\(path) is neither a socket nor a file with a key") }
                keys.append(absolute)
            }
        }
        guard let socket else { return (id, .keys(keys)) }
        guard keys.isEmpty else { throw refused(id, "give either a socket or files with keys") }
        return (id, .socket(socket))
    }

    private static func refused(_ id: String, _ why: String, _ kind: ErrorKind = .invalid) -> OptionError {
        OptionError("failed to convert agent config for ID: \(goQuoted(id)): \(why)", kind)
    }
}
