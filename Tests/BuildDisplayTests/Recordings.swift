import Build
import Bytes
import Dockerfile
import JSON
import Linux
import OCI
import Testing

@testable import BuildDisplay

/// Builds as a real BuildKit client shows them, which Tests/Support/BuildDisplay/record.py wrote down.
struct Recording: CustomTestStringConvertible {
    let name: String
    let dockerfile: String
    /// What the daemon said of the build, as events in the order in which it did.
    let events: [BuildEvent]
    /// BuildKit's own record of it.
    let status: JSONTree
    let plain: [UInt8]
    let screen: [String]
    let report: String

    var testDescription: String { name }

    static let all: [Recording] = {
        let tests = Files.split(Files.split(#filePath).parent).parent
        do {
            let tree = try JSONTree.parse(Files.read("\(tests)/Support/BuildDisplay/recordings.json"))
            return (tree.array ?? []).map { Recording($0) }
        } catch {
            fatalError("\(error)")
        }
    }()

    static var failed: [Recording] { all.filter { $0.report.begins(with: "ERROR") || $0.report.has("|") } }

    private init(_ entry: JSONTree) {
        name = entry["name"]?.string ?? ""
        dockerfile = entry["dockerfile"]?.string ?? ""
        status = entry["status"] ?? .null
        // One letter for each byte.
        plain = (entry["plain"]?.string ?? "").unicodeScalars.map { UInt8($0.value) }
        screen = entry["screen"]?.array?.compactMap(\.string) ?? []
        report = entry["report"]?.string ?? ""
        var reader = StatusReader()
        reader.read(status)
        events = reader.events
    }

    /// When the last thing happened.
    var end: Timestamp {
        events.compactMap { event in
            switch event {
            case .started(_, let time), .ended(_, let time, _), .part(_, _, let time), .output(_, _, _, let time): time
            case .added, .warning: nil
            }
        }.max() ?? Timestamp(seconds: 0)
    }
}

/// Makes events of BuildKit's status.
private struct StatusReader {
    var events: [BuildEvent] = []
    private var numbers: [String: Int] = [:]
    private var known: Set<String> = []
    private var starts: [String: String] = [:]

    mutating func read(_ status: JSONTree) {
        for vertex in status["vertexes"]?.array ?? [] {
            if let digest = vertex["digest"]?.string, numbers[digest] == nil { numbers[digest] = numbers.count }
        }
        for vertex in status["vertexes"]?.array ?? [] { readVertex(vertex) }
        for part in status["statuses"]?.array ?? [] { readPart(part) }
        for warning in status["warnings"]?.array ?? [] { readWarning(warning) }
        for log in status["logs"]?.array ?? [] { readLog(log) }
    }

    private mutating func readVertex(_ vertex: JSONTree) {
        guard let text = vertex["digest"]?.string, let digest = Digest(text) else { return }
        guard let number = numbers[text] else { return }
        if known.insert(text).inserted {
            let inputs = vertex["inputs"]?.array?.compactMap { $0.string.flatMap { numbers[$0] } } ?? []
            events.append(
                .added(BuildStep(number: number, name: vertex["name"]?.string ?? "", digest: digest, inputs: inputs)))
        }
        guard let start = vertex["started"]?.string else { return }
        if starts[text] != start { events.append(.started(number, time(start))) }
        starts[text] = start
        guard let end = vertex["completed"]?.string else { return }
        let error = vertex["error"]?.string
        let ending: BuildStep.Ending =
            if let error { error.ends(with: "context canceled") ? .cancelled : .failed(error) } else {
                vertex["cached"]?.bool ?? false ? .cached : .done
            }
        events.append(.ended(number, time(end), ending))
    }

    private mutating func readPart(_ status: JSONTree) {
        guard let number = status["vertex"]?.string.flatMap({ numbers[$0] }), let id = status["id"]?.string else {
            return
        }
        // An event has one time: what began before it was heard of is heard of twice.
        var part = BuildStep.Part(
            id: id, name: id, done: status["current"]?.integer ?? 0, total: status["total"]?.integer ?? 0)
        if let start = status["started"]?.string { events.append(.part(number, part, time(start))) }
        part.isComplete = status["completed"] != nil
        events.append(.part(number, part, time(status["completed"]?.string ?? status["timestamp"]?.string ?? "")))
    }

    private mutating func readWarning(_ warning: JSONTree) {
        let sentence = text(warning["short"])
        guard let rule = LintRule(rawValue: String(sentence.until(":"))),
            let line = warning["range"]?.array?.first?["start"]?["line"]?.integer
        else { return }
        let message = sentence.dropping(rule.name.utf8.count + 2).droppingLast(" (line \(line))".utf8.count)
        events.append(.warning(LintWarning(rule, String(message), LineRange(Int(line), Int(line)))))
    }

    private mutating func readLog(_ log: JSONTree) {
        guard let number = log["vertex"]?.string.flatMap({ numbers[$0] }) else { return }
        let stream = BuildStep.Stream(rawValue: Int(log["stream"]?.integer ?? 1)) ?? .output
        let bytes = Base64.decoded((log["data"]?.string ?? "").utf8) ?? []
        events.append(.output(number, stream, bytes, time(log["timestamp"]?.string ?? "")))
    }

    private func text(_ value: JSONTree?) -> String {
        String(decoding: Base64.decoded((value?.string ?? "").utf8) ?? [], as: UTF8.self)
    }

    /// Of one day, "…T15:43:47.473154106Z".
    private func time(_ text: String) -> Timestamp {
        let clock = text.dropping(text.until("T").utf8.count + 1).until("Z")
        let parts = clock.split(on: ":").map { String($0) }
        guard parts.count == 3, let hours = Int(parts[0]), let minutes = Int(parts[1]) else {
            return Timestamp(seconds: 0)
        }
        let seconds = parts[2].split(on: ".").map { String($0) }
        let fraction = seconds.count > 1 ? seconds[1] : ""
        let digits = fraction + String(repeating: "0", count: 9 - fraction.utf8.count)
        return Timestamp(
            seconds: (hours * 60 + minutes) * 60 + (Int(seconds[0]) ?? 0), nanoseconds: Int(digits) ?? 0)
    }
}

extension DisplayMoment {
    /// `seconds` after some moment, on a terminal of this size.
    static func after(_ seconds: Double, rows: UInt16 = 24, columns: UInt16 = 80) -> DisplayMoment {
        let nanoseconds = Int64(seconds * 1e9)
        return DisplayMoment(
            time: Timestamp(
                seconds: Int(nanoseconds / 1_000_000_000), nanoseconds: Int(nanoseconds % 1_000_000_000)),
            steady: MonotonicTime(nanoseconds: nanoseconds), size: WindowSize(rows: rows, columns: columns))
    }

    /// At `time`.
    static func at(_ time: Timestamp, rows: UInt16 = 24, columns: UInt16 = 80) -> DisplayMoment {
        DisplayMoment(
            time: time, steady: MonotonicTime(nanoseconds: time.nanosecondsSinceEpoch),
            size: WindowSize(rows: rows, columns: columns))
    }
}

extension BuildStep {
    /// A step for tests.
    init(_ number: Int, _ name: String) {
        let hex = String(number, radix: 16)
        let digits = String(repeating: "0", count: 64 - hex.utf8.count) + hex
        self.init(number: number, name: name, digest: Digest(.sha256, hex: digits)!, inputs: [])
    }
}

/// `seconds` after some moment.
func moment(_ seconds: Double) -> Timestamp { DisplayMoment.after(seconds).time }

/// What is on the page.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
