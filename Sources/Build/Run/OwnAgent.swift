import Bytes
import Errors
import Glibc
import Linux

/// An agent of OpenSSH's that a build starts for files with keys (`--ssh default=PATH`). It ends with the build's process, however that
/// ends.
final class OwnAgent {
    /// The path of its socket.
    let socket: String
    private let process: ProcessID
    // What the process waits for the end of.
    private var life: CInt

    private static let name = "agent"
    // The shell ends the agent when its own input ends: with our descriptor, if not before. A job in the background would have
    // no input. The agent alone has the output: it says there where it listens, or ends without a word.
    private static let program = "\"$0\" -D -a \(name) & exec >/dev/null; read -r line; kill $!; wait"

    /// Starts it in the new directory `folder` with the keys in `files`. Throws `EngineError` where OpenSSH's programs are missing, or do
    /// not take a key.
    init(_ files: [String], in folder: String) throws(EngineError) {
        let programs = SearchPath(["/usr/bin", "/bin", "/usr/local/bin"])
        guard let agent = programs.find("ssh-agent"), let adder = programs.find("ssh-add") else {
            throw EngineError(
                "keys cannot be forwarded to a build: ssh-agent and ssh-add are not installed (package openssh-client); install "
                    + "them, or give the socket of an agent that runs", .unsupported)
        }
        // The agent is started elsewhere.
        var keys: [String] = []
        for file in files {
            guard let path = realpath(file, nil) else {
                throw EngineError("cannot read the key \(file): \(Errno.current)", .notFound)
            }
            keys.append(String(cString: path))
            free(path)
        }
        socket = "\(folder)/\(Self.name)"
        let hasBegun: Bool
        do throws(SystemError) {
            try Files.makeDirectories(folder, mode: 0o700)
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            var input = try FileDescriptor.pipe()
            var output = try FileDescriptor.pipe()
            let (theirs, words) = (input.takeFirst().release(), output.takeSecond().release())
            defer { close(theirs) }
            var shell = Spawn("/bin/sh", ["-c", Self.program, agent], environment: ["PATH=/usr/bin:/bin"])
            // By its whole path the socket's name could be too long.
            shell.workingDirectory = folder
            do throws(SystemError) { process = try shell.start(descriptors: [theirs, words, null.rawValue]) } catch {
                close(words)
                throw error
            }
            close(words)
            life = input.takeSecond().release()
            let answer = output.takeFirst()
            var letter: UInt8 = 0
            hasBegun = read(answer.rawValue, &letter, 1) == 1
        } catch { throw EngineError("cannot start an agent for keys: \(error)") }
        do throws(EngineError) {
            guard hasBegun else { throw EngineError("cannot start an agent for keys: \(agent) ended at once") }
            try Self.add(keys, adder, folder)
        } catch {
            end()
            throw error
        }
    }

    private static func add(_ keys: [String], _ adder: String, _ folder: String) throws(EngineError) {
        let complaint: [UInt8]
        let status: ExitStatus
        do throws(SystemError) {
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            var ends = try FileDescriptor.pipe()
            let reading = ends.takeFirst()
            let writing = ends.takeSecond()
            var program = Spawn(
                adder, ["-q", "--"] + keys,
                // Nobody is there who could type a passphrase.
                environment: ["PATH=/usr/bin:/bin", "SSH_AUTH_SOCK=\(name)", "SSH_ASKPASS_REQUIRE=never"])
            program.workingDirectory = folder
            let process = try program.start(descriptors: [null.rawValue, null.rawValue, writing.rawValue])
            endLifetime(writing)
            complaint = (try? reading.readAll(limit: 1 << 14)) ?? []
            status = try waitForExit(of: process)
        } catch { throw EngineError("cannot give keys to an agent: \(error)") }
        guard status == .exited(code: 0) else {
            let lines = String(decoding: complaint, as: UTF8.self).split(on: "\n").joined(separator: "; ")
            throw EngineError(
                "ssh-add does not take the keys \(keys.joined(separator: ", ")): \(VisibleText.escaped(lines)); a key with a "
                    + "passphrase has to be in an agent that runs", .invalid)
        }
    }

    /// Ends it, and waits for that.
    func end() {
        guard life >= 0 else { return }
        close(life)
        life = -1
        _ = try? waitForExit(of: process)
    }
}
