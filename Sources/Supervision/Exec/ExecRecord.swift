import Bytes
import Linux

/// The note of a command that runs in a container, in the container's run directory: what `inspect` lists as ExecIDs.
package struct ExecRecord {
    private let folder: String
    private let id: String

    init(_ id: String, runDirectory: String) {
        folder = Self.folder(runDirectory)
        self.id = id
    }

    private static func folder(_ runDirectory: String) -> String { runDirectory + "/exec" }

    /// Writes that the command is process `pid`. A note that cannot be written is no reason not to run.
    func write(_ pid: ProcessID) {
        guard let process = ProcessIdentity(of: pid) else { return }
        try? Files.makeDirectories(folder, mode: 0o700)
        try? Files.replace(
            "\(folder)/\(id)", with: "\(process.pid) \(process.startTime)\n".utf8, mode: 0o600, durable: false)
    }

    func remove() { try? Files.unlink("\(folder)/\(id)") }

    /// The ids of the commands that run in the container whose run directory is given, in the order of their text.
    /// A note whose process is gone was left by a keeper that was killed, and counts for nothing.
    package static func running(runDirectory: String) -> [String] {
        guard let names = try? Files.list(folder(runDirectory)) else { return [] }
        return names.filter { name in
            guard !name.begins(with: "."),
                let text = try? Files.readText("\(folder(runDirectory))/\(name)", limit: 256),
                let line = text.split(on: "\n").first
            else { return false }
            let fields = line.split(on: " ")
            guard fields.count == 2, let pid = ProcessID(fields[0]), let start = UInt64(fields[1]) else { return false }
            return ProcessIdentity(pid: pid, startTime: start).isAlive
        }.sorted()
    }
}
