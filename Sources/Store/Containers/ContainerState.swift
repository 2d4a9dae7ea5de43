import Bytes
package import Linux

/// What a container is doing, as its supervisor last wrote it.
package struct ContainerState: Hashable, Sendable {
    /// Docker's words.
    package enum Status: String, Sendable, CaseIterable {
        case created, running, paused, restarting, removing, exited, dead
    }

    package var status: Status
    /// The container's first process, as the host numbers it.
    package var process: ProcessIdentity?
    package var supervisor: ProcessIdentity?
    /// RFC 3339 with nanoseconds, UTC; nil for what has not happened.
    package var startedAt: String?
    package var finishedAt: String?
    /// nil before the end, and where nobody was there to see it.
    package var exitCode: Int32?
    package var isOutOfMemory = false
    /// The directory of the container's cgroup while it runs; nil where it has none.
    package var cgroup: String?
    /// Why the container did not start or ended, in one sentence.
    package var error: String?
    package var restartCount = 0
    /// Whether the user has asked for the container's end (`stop`, `kill`): `unless-stopped` heeds it.
    package var isStoppedByUser = false

    package init(_ status: Status) { self.status = status }

    /// Whether there is a process that a supervisor must be looking after.
    package var isActive: Bool {
        switch status {
        case .running, .paused, .restarting: true
        case .created, .removing, .exited, .dead: false
        }
    }
}

extension ContainerState {
    /// The state as lines of `key=value`; an escaped newline keeps every value on its line.
    package func encoded() -> [UInt8] {
        var text = "status=\(status.rawValue)\n"
        func line(_ key: String, _ value: String?) {
            guard let value else { return }
            text += "\(key)=\(Self.escape(value))\n"
        }
        line("pid", process.map { "\($0.pid) \($0.startTime)" })
        line("supervisor", supervisor.map { "\($0.pid) \($0.startTime)" })
        line("started", startedAt)
        line("finished", finishedAt)
        line("exit-code", exitCode.map { String($0) })
        if isOutOfMemory { line("oom", "true") }
        line("cgroup", cgroup)
        line("error", error)
        if isStoppedByUser { line("stopped-by-user", "true") }
        if restartCount > 0 { line("restarts", String(restartCount)) }
        return Array(text.utf8)
    }

    /// nil for what is no state: a text that was cut off or is not ours. Unknown keys are passed over.
    package init?(_ bytes: [UInt8]) {
        guard bytes.last == 10 else { return nil }
        var status: Status?
        var parsed = ContainerState(.created)
        for line in String(decoding: bytes, as: UTF8.self).split(on: "\n") {
            guard let equals = line.place(of: "=") else { return nil }
            let value = Self.unescape(line.behind(equals))
            switch line[..<equals] {
            case "status": status = Status(rawValue: value)
            case "pid": parsed.process = Self.identity(value)
            case "supervisor": parsed.supervisor = Self.identity(value)
            case "started": parsed.startedAt = value
            case "finished": parsed.finishedAt = value
            case "exit-code": parsed.exitCode = Int32(value)
            case "oom": parsed.isOutOfMemory = value == "true"
            case "cgroup": parsed.cgroup = value
            case "error": parsed.error = value
            case "stopped-by-user": parsed.isStoppedByUser = value == "true"
            case "restarts": parsed.restartCount = Int(value) ?? 0
            default: continue
            }
        }
        guard let status else { return nil }
        parsed.status = status
        self = parsed
    }

    private static func identity(_ text: String) -> ProcessIdentity? {
        let fields = text.split(on: " ")
        guard fields.count == 2, let pid = ProcessID(fields[0]), let start = UInt64(fields[1]) else { return nil }
        return ProcessIdentity(pid: pid, startTime: start)
    }

    private static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 92 || $0 == 10 }) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 92: bytes += [92, 92]
            case 10: bytes += [92, UInt8(ascii: "n")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescape(_ text: Substring) -> String {
        guard text.utf8.contains(92) else { return String(text) }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                bytes.append(byte == UInt8(ascii: "n") ? 10 : byte)
                isEscaped = false
            } else if byte == 92 {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
