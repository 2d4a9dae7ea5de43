import Build
import Dockerfile
import JSON
import Linux
import OCI

/// One JSON object a line for each event, with the members of BuildKit's `SolveStatus` (its Go module, client/graph.go): for programs.
struct RawJSONView: ProgressView {
    private var record = BuildRecord()
    private var page: [UInt8] = []
    private var partNames: [Int: PartNames] = [:]

    init() {}

    var isMoving: Bool { false }
    var backlog: Int { page.count }

    mutating func note(_ event: BuildEvent, at moment: DisplayMoment) {
        let changed = record.note(event)
        switch event {
        case .added(let step): vertex(step.number)
        case .started(let number, _), .ended(let number, _, _): if changed != nil { vertex(number) }
        case .part(let number, let part, _): status(number, part)
        case .output(let number, let stream, let bytes, let time): log(number, stream, bytes, time)
        case .warning: if let found = record.warnings.last { warning(found) }
        }
    }

    mutating func update(at moment: DisplayMoment) -> [UInt8] {
        defer { page = [] }
        return page
    }

    mutating func close(at moment: DisplayMoment) -> [UInt8] { update(at: moment) }

    private mutating func line(_ member: String, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter.object(.markup)
        writer.name(member)
        writer.beginArray()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        writer.endArray()
        page += writer.finished() + [10]
    }

    private mutating func vertex(_ number: Int) {
        guard let step = record[number] else { return }
        let inputs = step.step.inputs.compactMap { record[$0]?.step.digest.description }
        line("vertexes") { writer in
            writer.write("digest", step.step.digest.description)
            if !inputs.isEmpty { writer.write("inputs", inputs) }
            writer.write("name", step.step.name)
            writer.write("started", step.start?.rfc3339)
            writer.write("completed", step.end?.rfc3339)
            switch step.ending {
            case .cached?: writer.write("cached", true)
            // By these words BuildKit's clients know that it is no failure.
            case .cancelled?: writer.write("error", "context canceled")
            case .failed(let sentence)?: writer.write("error", sentence)
            case .done?, nil: break
            }
        }
    }

    private mutating func status(_ number: Int, _ part: BuildStep.Part) {
        guard let step = record[number], let place = step.place(of: part) else { return }
        let known = step.parts[place]
        let name = partNames[number, default: PartNames()].name(of: part, at: place)
        line("statuses") { writer in
            writer.write("id", name)
            writer.write("vertex", step.step.digest.description)
            writer.write("name", part.name)
            if part.total != 0 { writer.write("total", part.total) }
            writer.write("current", part.done)
            writer.write("timestamp", known.time.rfc3339)
            writer.write("started", known.start.rfc3339)
            if part.isComplete { writer.write("completed", known.time.rfc3339) }
        }
    }

    private mutating func log(_ number: Int, _ stream: BuildStep.Stream, _ bytes: [UInt8], _ time: Timestamp) {
        guard let step = record[number] else { return }
        line("logs") { writer in
            writer.write("vertex", step.step.digest.description)
            writer.write("stream", stream.rawValue)
            writer.write("data", Base64.encoded(bytes))
            writer.write("timestamp", time.rfc3339)
        }
    }

    private mutating func warning(_ found: FoundWarning) {
        let vertex = record.definition?.step.digest.description
        line("warnings") { writer in
            writer.write("vertex", vertex)
            writer.write("level", 1)
            writer.write("short", Base64.encoded(Array(found.sentence.utf8)))
            writer.write("detail", [Base64.encoded(Array(found.warning.rule.description.utf8))])
            writer.write("url", found.warning.rule.url)
            if let excerpt = found.excerpt {
                writer.write("sourceInfo") { writer in
                    writer.write("filename", excerpt.name)
                    writer.write("data", Base64.encoded(excerpt.source.bytes))
                    writer.write("language", "Dockerfile")
                }
            }
            writer.name("range")
            writer.beginArray()
            writer.beginObject()
            writer.write("start") { $0.write("line", found.warning.lines.first) }
            writer.write("end") { $0.write("line", found.warning.lines.last) }
            writer.endObject()
            writer.endArray()
        }
    }
}
