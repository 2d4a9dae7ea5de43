import DockerTypes
import Errors
import Glibc
import Linux
import Logs
import Store

extension Engine {
    /// `logs` of a container whose output is in the journal: `journalctl` reads it.
    func journal(
        of snapshot: ContainerSnapshot, _ request: LogRequest, _ rendering: LogRendering,
        _ emit: (LogStream, [UInt8]) throws -> Void
    ) throws {
        var reader = JournalReader(rendering, request)
        let isFollowing = request.follow && snapshot.state.isActive
        try reader.read(id: snapshot.id, follow: isFollowing, emit) {
            // Followed as long as it may run.
            (try? containers.state(snapshot.id))?.isActive ?? true
        }
        guard isFollowing else { return }
        // What reached the journal between the last line that was followed and the container's end.
        try reader.read(id: snapshot.id, follow: false, emit) { true }
    }
}

/// Reads a container's lines by way of journalctl(1), which knows the files, in its export format: fields, an empty line
/// behind each entry.
struct JournalReader {
    private var output: LogOutput
    private let request: LogRequest
    private var cursor: String?

    init(_ rendering: LogRendering, _ request: LogRequest) {
        output = LogOutput(rendering)
        self.request = request
    }

    /// Reads what there is, or with `follow` what comes as long as `isRunning`; begins behind what was read before.
    mutating func read(
        id: String, follow: Bool, _ emit: (LogStream, [UInt8]) throws -> Void, isRunning: () -> Bool
    ) throws {
        guard let program = HelperProgram.path(of: "journalctl") else {
            throw EngineError("the output is in the journal, and journalctl, which reads it, is not here", .unsupported)
        }
        var pipe = try FileDescriptor.pipe()
        let reading = pipe.takeFirst()
        let writing = pipe.takeSecond()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        // A file: what it complains of is looked at when it has ended.
        let complaints = try MemoryFile.create("apus-journalctl")
        let pid = try Spawn(program, arguments(id, follow), environment: HelperProgram.environment())
            .start(descriptors: [null.rawValue, writing.rawValue, complaints.rawValue])
        endLifetime(writing)
        defer {
            kill(pid, SIGTERM)
            _ = try? waitForExit(of: pid)
        }
        var pending: [UInt8] = []
        while true {
            var poll = PollSet()
            poll.add(reading.rawValue)
            let places = request.stop.watch(in: &poll)
            let isReady = try poll.wait(milliseconds: 250)
            if request.stop.hold(places, poll) { return }
            guard isReady else {
                if follow, !isRunning() { return }
                if let until = request.until, follow, Timestamp.now() > until { return }
                continue
            }
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            let got = chunk.withUnsafeMutableBytes { Glibc.read(reading.rawValue, $0.baseAddress, $0.count) }
            if got <= 0 { break }
            pending += chunk[..<got]
            try take(&pending, emit)
        }
        try output.flush(emit)
        lseek(complaints.rawValue, 0, SEEK_SET)
        let said = String(decoding: (try? complaints.readAll(limit: 1 << 16)) ?? [], as: UTF8.self)
        if said.contains("insufficient permissions") {
            throw EngineError(
                "the output is in the journal, which this user may not read: an administrator adds you to the group "
                    + "systemd-journal", .forbidden)
        }
    }

    private func arguments(_ id: String, _ follow: Bool) -> [String] {
        func seconds(_ time: Timestamp) -> String {
            let micros = String(time.nanoseconds / 1000)
            return "@\(time.seconds)." + String(repeating: "0", count: 6 - micros.count) + micros
        }
        var words = ["--quiet", "--no-pager", "--output=export", "CONTAINER_ID_FULL=\(id)"]
        if let cursor {
            words.append("--after-cursor=\(cursor)")
        } else {
            words.append("--lines=\(request.tail.map { String($0) } ?? "all")")
            if let since = request.since { words.append("--since=\(seconds(since))") }
        }
        if let until = request.until { words.append("--until=\(seconds(until))") }
        if follow { words.append("--follow") }
        return words
    }

    // Takes all whole entries out of `pending`.
    private mutating func take(_ pending: inout [UInt8], _ emit: (LogStream, [UInt8]) throws -> Void) throws {
        var place = 0
        while let (fields, end) = JournalExport.entry(pending, from: place) {
            place = end
            var entry = LogEntry()
            entry.text = fields["MESSAGE"] ?? []
            entry.stream = fields["PRIORITY"] == [UInt8(ascii: "3")] ? .errorOutput : .output
            entry.isPart = fields["CONTAINER_PARTIAL_MESSAGE"] != nil
            entry.time = fields["SYSLOG_TIMESTAMP"] ?? []
            if let own = fields["__CURSOR"] { cursor = String(decoding: own, as: UTF8.self) }
            try output.take(entry, emit)
        }
        pending.removeFirst(place)
        try output.flush(emit)
    }
}

/// The journal's export format (systemd.io/JOURNAL_EXPORT_FORMATS).
enum JournalExport {
    /// The fields of the entry at `start`, and where the next begins; nil where its end is not there.
    static func entry(_ bytes: [UInt8], from start: Int) -> (fields: [String: [UInt8]], end: Int)? {
        var fields: [String: [UInt8]] = [:]
        var place = start
        while place < bytes.count {
            guard let feed = bytes[place...].firstIndex(of: 10) else { return nil }
            if feed == place {
                if fields.isEmpty {
                    place += 1
                    continue
                }
                return (fields, feed + 1)
            }
            let line = bytes[place..<feed]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[String(decoding: line[..<equals], as: UTF8.self)] = Array(line[(equals + 1)...])
                place = feed + 1
            } else {
                guard feed + 9 <= bytes.count else { return nil }
                let length = bytes.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: feed + 1, as: UInt64.self).littleEndian
                }
                guard length < 1 << 30 else { return nil }
                let end = feed + 9 + Int(length)
                guard end < bytes.count else { return nil }
                fields[String(decoding: line, as: UTF8.self)] = Array(bytes[(feed + 9)..<end])
                place = end + 1
            }
        }
        return nil
    }
}
