import Build
import Bytes
import Dockerfile
import JSON
import Linux
import Testing

@testable import BuildDisplay

@Suite struct RecordedTests {
    /// A client of BuildKit keeps the last ten lines of a step in a ring that it does not turn for one without an end: it prints
    /// that line twice, and others in another order, or not at all.
    private static let hasBrokenTail = ["failure"]

    @Test func thereAreRecordings() { #expect(Recording.all.count >= 14 && Recording.failed.count >= 6) }

    @Test(arguments: Recording.all) func plainLinesAreBuildKits(_ recording: Recording) {
        var view = PlainView()
        for event in recording.events { view.note(event, at: .at(recording.end)) }
        let ours = text(view.close(at: .at(recording.end)))
        let theirs = text(recording.plain)
        guard Self.hasBrokenTail.contains(recording.name) else {
            #expect(ours == theirs)
            return
        }
        #expect(ours != theirs, "no longer differs")
        let rule = "------\n"
        #expect(Self.parts(ours, rule)[0] == Self.parts(theirs, rule)[0])
        let tail = Self.parts(ours, rule)[1].split(on: "\n").dropFirst().map { $0.dropping(6) }
        #expect(tail == ["out", "err", "no end"])
    }

    @Test(arguments: Recording.all) func lastPicturesAreBuildKits(_ recording: Recording) {
        var view = TerminalView()
        // Wide enough for what follows the picture and is broken by real terminals.
        var screen = LogScreen(width: 400, height: 200)
        // In between there are other pictures, of which nothing may be left.
        for (number, event) in recording.events.enumerated() {
            view.note(event, at: .at(recording.end))
            if number % 3 == 0 { screen.write(view.update(at: .at(recording.end))) }
        }
        screen.write(view.close(at: .at(recording.end)))
        let ours = Self.masked(screen.lines)
        var theirs = recording.screen.filter { !$0.isEmpty }
        if let end = theirs.firstIndex(where: { $0.begins(with: "Dockerfile:") || $0.begins(with: " 1 warning") }) {
            theirs.removeSubrange(end...)
        }
        // Steps that run beside each other begin in another order each time.
        #expect(Self.sorted(ours) == Self.sorted(Self.masked(theirs)))
    }

    @Test(arguments: Recording.failed) func errorsAreReportedInBuildKitsWords(_ recording: Recording) throws {
        let mark = "ERROR: failed to build: failed to solve: "
        let parts = Self.parts(recording.report, mark)
        #expect(parts.count == 2)
        var excerpt: SourceExcerpt?
        let lines = parts[0].split(on: "\n").filter { $0.until(">").ends(with: " | ") && $0.has(">") }
        let numbers = lines.compactMap { Int(Substring($0.until("|")).split(on: " ")[0]) }
        if let first = numbers.first, let last = numbers.last {
            let source = try SourceText(Array(recording.dockerfile.utf8))
            excerpt = SourceExcerpt(source: source, name: "Dockerfile", lines: LineRange(first, last))
        }
        let report = ErrorReport.text(BuildError(String(parts[parts.count - 1].droppingLast(1)), excerpt: excerpt))
        // The tails have tests of their own.
        #expect(recording.report.ends(with: report))
        #expect(report.begins(with: "Dockerfile:"))
    }

    @Test func warningsAreReportedInBuildKitsWords() throws {
        let recording = try #require(Recording.all.first { $0.name == "warning" })
        var record = BuildRecord()
        for event in recording.events { _ = record.note(event) }
        let colored = WarningReport.text(record.warnings, isExpanded: false, colors: BuildColors())
        #expect(colored == Self.parts(recording.report, "docker --debug").joined(separator: "apus --debug"))
        let plain = WarningReport.text(record.warnings, isExpanded: false, colors: nil)
        #expect(!plain.has("\u{1b}"))
    }

    @Test(arguments: Recording.all) func jsonSaysWhatBuildKitsDoes(_ recording: Recording) throws {
        var view = RawJSONView()
        for event in recording.events { view.note(event, at: .at(recording.end)) }
        var vertexes: [String: JSONTree] = [:]
        var logs: [JSONTree] = []
        var warnings: [JSONTree] = []
        var parts: [String: JSONTree] = [:]
        for line in text(view.close(at: .at(recording.end))).split(on: "\n") {
            let tree = try JSONTree.parse(Array(line.utf8))
            for vertex in tree["vertexes"]?.array ?? [] { vertexes[vertex["digest"]?.string ?? ""] = vertex }
            for part in tree["statuses"]?.array ?? [] { parts[Self.key(part)] = part }
            logs += tree["logs"]?.array ?? []
            warnings += tree["warnings"]?.array ?? []
        }
        let theirVertexes = Dictionary(
            (recording.status["vertexes"]?.array ?? []).map { ($0["digest"]?.string ?? "", $0) },
            uniquingKeysWith: { $1 })
        #expect(theirVertexes.count == vertexes.count)
        for (digest, theirs) in theirVertexes {
            let ours = try #require(vertexes[digest])
            for member in ["name", "cached"] { #expect(ours[member] == theirs[member]) }
            // Here a step may be told of in front of those that it waits for.
            if theirs["started"] != nil { #expect(ours["inputs"] == theirs["inputs"]) }
            #expect((ours["started"] == nil) == (theirs["started"] == nil))
            #expect((ours["completed"] == nil) == (theirs["completed"] == nil))
            let isCancelled = theirs["error"]?.string?.ends(with: "context canceled") ?? false
            #expect(ours["error"]?.string == (isCancelled ? "context canceled" : theirs["error"]?.string))
        }
        #expect(logs.compactMap { $0["data"]?.string } == Self.strings(recording.status["logs"], "data"))
        #expect(logs.compactMap { $0["stream"]?.integer }.allSatisfy { $0 == 1 || $0 == 2 })
        for theirs in recording.status["statuses"]?.array ?? [] where theirs["completed"] != nil {
            let ours = try #require(parts[Self.key(theirs)])
            #expect(ours["current"] == theirs["current"] && ours["total"] == theirs["total"])
            #expect(ours["completed"] != nil)
        }
        #expect(warnings.count == recording.status["warnings"]?.array?.count ?? 0)
        for (ours, theirs) in zip(warnings, recording.status["warnings"]?.array ?? []) {
            for member in ["vertex", "level", "short", "url", "range"] { #expect(ours[member] == theirs[member]) }
        }
    }

    private static func key(_ part: JSONTree) -> String { (part["vertex"]?.string ?? "") + (part["id"]?.string ?? "") }

    private static func strings(_ list: JSONTree?, _ member: String) -> [String] {
        (list?.array ?? []).compactMap { $0[member]?.string }
    }

    private static func parts(_ text: String, _ mark: String) -> [String] {
        var parts: [String] = []
        var rest = text[...]
        while let place = rest.indices.first(where: { rest[$0...].begins(with: mark) }) {
            parts.append(String(rest[..<place]))
            rest = rest[place...].dropping(mark.utf8.count)
        }
        return parts + [String(rest)]
    }

    // Times and digests are of another build, and not each of them has files to send; what BuildKit's client says of its builder
    // has no counterpart.
    private static func masked(_ lines: [String]) -> [String] {
        lines.filter { !$0.begins(with: " => => transferring context:") }.map { line in
            var words = line.split(on: " ", omittingEmptySubsequences: line.begins(with: "[+]")).map { String($0) }
            for (place, word) in words.enumerated() {
                let digits = word.ends(with: "s") ? word.droppingLast(1) : word[...]
                if digits.has("."), Double(String(digits)) != nil { words[place] = "TIME" }
                if word.begins(with: "sha256:") { words[place] = "DIGEST" }
            }
            return words.filter { $0 != "docker:default" }.joined(separator: " ")
        }
    }

    private static func sorted(_ lines: [String]) -> [String] { lines.sorted { $0.comes(before: $1) } }
}
