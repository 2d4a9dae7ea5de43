import Glibc
import Linux
import OCI

/// What `create` and `run` are asked for.
package struct CreateRequest: Sendable {
    package var id: String
    package var bundle = "."
    /// The configuration's file; nil for `config.json` of the bundle.
    package var configuration: String?
    /// The socket that gets the master side of the terminal.
    package var consoleSocket: String?
    /// A file that gets the number of the container's first process.
    package var pidFile: String?
    /// How many descriptors from 3 on the container gets.
    package var preservedDescriptors = 0
    /// The socket that gets a pidfd of the first process.
    package var pidfdSocket: String?
    package var usesPivotRoot = true
    package var newSessionKeyring = true

    package init(id: String) { self.id = id }
}

extension OCIRuntime {
    /// Creates a container, whose process waits for `start`.
    package func create(_ request: CreateRequest) throws(OCIError) {
        try ContainerID.check(request.id)
        let bundle = try Bundle(request.bundle, config: request.configuration)
        try Self.checkConsole(bundle.configuration.spec.process, request.consoleSocket, isDetached: true)
        var creation = try Creation.begin(self, request, bundle, waitsForStart: true)
        try creation.finish()
    }

    static func checkConsole(
        _ process: RuntimeSpec.Process?, _ socket: String?, isDetached: Bool
    ) throws(OCIError) {
        let hasTerminal = process?.terminal ?? false
        if hasTerminal, isDetached, socket == nil {
            throw OCIError("the configuration asks for a terminal: --console-socket has to say who gets it")
        }
        if !hasTerminal, socket != nil {
            throw OCIError("--console-socket is given, and the configuration asks for no terminal")
        }
    }

    /// Hands a pidfd of a process to whoever listens at `path`, with a name for it as the data, as runc does.
    static func send(_ pidfd: borrowing FileDescriptor, _ name: String, toSocket path: String) throws(OCIError) {
        try reporting("cannot hand the process to \(path)") {
            try DescriptorSocket.send(pidfd, with: Array(name.utf8), to: path)
        }
    }

    /// Warns of capabilities that no kernel has: they are left out (config.md, Linux Process).
    func warn(of sets: RuntimeSpec.Capabilities?) {
        guard let sets else { return }
        let names = [sets.bounding, sets.effective, sets.inheritable, sets.permitted, sets.ambient].flatMap { $0 ?? [] }
        for name in Set(names).sorted() where Capability.number(of: name) == nil {
            log.write(.warning, "the capability \"\(name)\" is unknown, and left out")
        }
    }

    /// Writes a process's number into `file`, whole or not at all.
    static func write(_ pid: ProcessID, toPIDFile file: String) throws(OCIError) {
        try reporting("cannot write the process id to \(file)") {
            try Files.replace(file, with: Array(String(pid).utf8), durable: false)
        }
    }
}
