import Bytes
import DockerTypes
package import Errors
import Glibc
import Linux
import Store
import Supervision

/// What `top` shows: columns and rows of ps(1).
package struct ProcessListing: Sendable {
    package var titles: [String]
    package var rows: [[String]]
}

extension Engine {
    /// The processes of a running container as ps(1) shows them with `options` (none: `-ef`). Throws for a
    /// container that does not run, and for options with which ps shows no process numbers.
    package func top(_ text: String, options: [String]) throws(EngineError) -> ProcessListing {
        let snapshot = try container(text)
        guard snapshot.state.isActive, snapshot.state.status != .restarting, let process = snapshot.state.process else {
            throw EngineError("container \(snapshot.id) is not running", .conflict)
        }
        let pids: [ProcessID]
        do throws(SystemError) { pids = try ProcessTable.containing(process.pid) } catch {
            throw EngineError("cannot list the processes of container \(snapshot.id): \(error)")
        }
        let words = options.isEmpty ? ["-ef"] : options
        guard HelperProgram.path(of: "ps") != nil else {
            guard options.isEmpty || options == ["-ef"] else {
                throw EngineError("this machine has no ps, which would read its options: leave them out", .unsupported)
            }
            note(.top, snapshot.description, name: snapshot.name)
            return Self.listing(pids)
        }
        // Not all versions can put -q behind any other option: then all processes are listed, and ours chosen.
        var output = try ps(words + ["-q", pids.map { String($0) }.joined(separator: ",")])
        if output == nil { output = try ps(words) }
        guard let output else {
            throw EngineError("ps \(words.joined(separator: " ")) failed", .invalid)
        }
        let listing = try Self.choose(pids, from: output)
        note(.top, snapshot.description, name: snapshot.name)
        return listing
    }

    private func ps(_ words: [String]) throws(EngineError) -> String? {
        try engine {
            var ends = try FileDescriptor.pipe()
            let reading = ends.takeFirst()
            let writing = ends.takeSecond()
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            let pid = try Spawn(HelperProgram.path(of: "ps")!, words, environment: HelperProgram.environment())
                .start(descriptors: [null.rawValue, writing.rawValue, null.rawValue])
            endLifetime(writing)
            let bytes = try reading.readAll(limit: 64 << 20)
            return try waitForExit(of: pid) == .exited(code: 0) ? String(decoding: bytes, as: UTF8.self) : nil
        }
    }

    private static func choose(_ pids: [ProcessID], from output: String) throws(EngineError) -> ProcessListing {
        let lines = output.split(on: "\n")
        let titles = (lines.first ?? "").split(on: " ").map { String($0) }
        guard let column = titles.firstIndex(of: "PID") else {
            throw EngineError("couldn't find PID field in ps output", .invalid)
        }
        let wanted = Set(pids)
        var rows: [[String]] = []
        for line in lines.dropFirst() {
            let fields = line.split(on: " ", maxSplits: titles.count - 1).map { String($0) }
            guard fields.count > column, let pid = ProcessID(fields[column]), wanted.contains(pid) else { continue }
            rows.append(fields)
        }
        return ProcessListing(titles: titles, rows: rows)
    }

    // The columns of "ps -ef", read from /proc.
    private static func listing(_ pids: [ProcessID]) -> ProcessListing {
        let uptime = Double((try? Files.readText("/proc/uptime"))?.split(on: " ").first ?? "0") ?? 0
        let rows = pids.compactMap { pid -> [String]? in
            guard let stat = ProcessStat(pid), let owner = try? Files.status("/proc/\(pid)") else { return nil }
            let seconds = Int(stat.ticks / ProcessStat.ticksPerSecond)
            let age = max(1, uptime - Double(stat.startTime) / Double(ProcessStat.ticksPerSecond))
            let words = ((try? Files.read("/proc/\(pid)/cmdline", limit: 1 << 20)) ?? []).split(separator: 0)
            let command =
                words.isEmpty
                ? "[\(stat.name)]" : words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            var started = time(nil) - Int(age)
            var parts = tm()
            localtime_r(&started, &parts)
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return [
                Account.name(of: owner.user) ?? String(owner.user), String(pid), String(stat.parent),
                String(Int(Double(seconds) / age * 100)), "\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min)))",
                stat.terminal == 0 ? "?" : "pts/\(stat.terminal & 0xFF)",
                "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))", command,
            ]
        }
        return ProcessListing(titles: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], rows: rows)
    }
}
