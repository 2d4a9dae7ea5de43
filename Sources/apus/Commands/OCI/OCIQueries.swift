import Bytes
import Errors
import Flags
import JSON
import Linux
import OCI
import OCIRuntime

extension OCIVerb {
    static let state = OCIVerb(
        "state", CommandSyntax(summary: "Print the state of a container", usage: ["CONTAINER"], arguments: .exactly(1))
    ) { parsed, runtime, context in
        try context.output.line(try runtime.state(parsed.containerID).text(indent: 2))
        return 0
    }

    static let list = OCIVerb(
        "list",
        CommandSyntax(
            summary: "List containers", usage: ["[OPTIONS]"],
            flags: [
                Flag("format", "f", .string, "\"table\" or \"json\"", defaultValue: "table", validate: tableOrJSON),
                Flag("quiet", "q", .bool, "Only the ids"),
            ], arguments: .none)
    ) { parsed, runtime, context in
        let rows = try runtime.list()
        if parsed.bool("quiet") {
            for row in rows { try context.output.line(row.id) }
        } else if parsed.string("format") == "json" {
            try context.output.line(JSONTree.array(rows.map(\.state)).text())
        } else {
            let cells = rows.map { row in
                [row.id, String(row.pid), row.status.rawValue, row.bundle, row.created, row.owner]
                    .map { VisibleText.escaped($0) }
            }
            try print([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + cells, context)
        }
        return 0
    }

    static let processes = OCIVerb(
        "ps",
        CommandSyntax(
            summary: "Show the processes of a container", usage: ["[OPTIONS] CONTAINER [PS OPTION...]"],
            flags: [
                Flag("format", "f", .string, "\"table\" or \"json\"", defaultValue: "table", validate: tableOrJSON)
            ], arguments: .atLeast(1), isInterspersed: false)
    ) { parsed, runtime, context in
        let numbers = try runtime.processes(parsed.positionals[0])
        if parsed.string("format") == "json" {
            try context.output.line(JSONTree.array(numbers.map { .integer($0) }).text())
            return 0
        }
        let options = parsed.positionals.count > 1 ? Array(parsed.positionals.dropFirst()) : ["-ef"]
        let result = try HelperProgram.run("ps", options)
        guard result.status == .exited(code: 0) else {
            throw CommandFailure("ps \(options.joined(separator: " ")) failed")
        }
        let lines = String(decoding: result.output, as: UTF8.self).split(on: "\n")
        guard let column = lines.first?.split(on: " ").firstIndex(of: "PID") else {
            throw CommandFailure("ps \(options.joined(separator: " ")) prints no column PID")
        }
        let wanted = Set(numbers)
        for (index, line) in lines.enumerated() {
            let fields = line.split(on: " ")
            let number = column < fields.count ? ProcessID(fields[column]) : nil
            if index == 0 || number.map(wanted.contains) ?? false { try context.output.line(String(line)) }
        }
        return 0
    }

    static let events = OCIVerb(
        "events",
        CommandSyntax(
            summary: "Show what a container uses, and when its memory runs out", usage: ["[OPTIONS] CONTAINER"],
            flags: [
                Flag("stats", nil, .bool, "Once, and quit"),
                Flag("interval", nil, .duration, "How often", defaultValue: "5s"),
            ], arguments: .exactly(1))
    ) { parsed, runtime, context in
        let milliseconds = (parsed.nanoseconds("interval") ?? 0) / 1_000_000
        guard milliseconds > 0 else { throw CommandFailure("events: the interval must be longer than 1ms") }
        let once = parsed.bool("stats")
        try runtime.events(parsed.containerID, interval: once ? nil : CInt(clamping: milliseconds)) { event in
            try context.output.line(event.text())
            try context.output.flush()
            return true
        }
        return 0
    }

    static let features = OCIVerb(
        "features", CommandSyntax(summary: "Print what this runtime can do", usage: [""], arguments: .none)
    ) { _, _, context in
        try context.output.line(OCIRuntime.features().text(indent: 2))
        return 0
    }

    private static let tableOrJSON: @Sendable (String) -> String? = {
        $0 == "table" || $0 == "json" ? nil : "must be \"table\" or \"json\""
    }

    private static func print(_ rows: [[String]], _ context: Context) throws {
        var widths = [Int](repeating: 0, count: rows[0].count)
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.utf8.count) }
        }
        for row in rows {
            var line = ""
            for (index, cell) in row.enumerated() {
                let isLast = index == row.count - 1
                line += cell + String(repeating: " ", count: isLast ? 0 : widths[index] - cell.utf8.count + 3)
            }
            try context.output.line(line)
        }
    }
}
