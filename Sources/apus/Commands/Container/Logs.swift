import Engine
import Flags
import Glibc
import Linux
import Logs
import Rendering

extension Verb {
    static let logs = Verb(
        id: "container logs",
        syntax: CommandSyntax(
            summary: "Show what a container has written", usage: ["[OPTIONS] CONTAINER"],
            flags: [
                Flag("details", nil, .bool, "Show the labels and variables that --log-opt added"),
                Flag("follow", "f", .bool, "Go on until the container ends"),
                Flag(
                    "since", nil, .string,
                    "Show what is not older than a time (2013-01-02T13:23:37Z) or a duration (42m)"),
                Flag("tail", "n", .string, "Number of lines to show from the end", defaultValue: "all"),
                Flag("timestamps", "t", .bool, "Show when each line was written"),
                Flag(
                    "until", nil, .string, "Show what is older than a time (2013-01-02T13:23:37Z) or a duration (42m)"),
            ],
            arguments: .exactly(1), completion: .containers)
    ) { parsed, context in
        var request = LogRequest()
        request.follow = parsed.bool("follow")
        request.timestamps = parsed.bool("timestamps")
        request.details = parsed.bool("details")
        request.since = try parsed.timestamp("since", "invalid value for \"since\": ")
        request.until = try parsed.timestamp("until", "invalid value for \"until\": ")
        // Docker takes what is no number for "all".
        if let text = parsed.string("tail"), let count = Int(text), count >= 0 { request.tail = count }
        request.stop.output = STDOUT_FILENO
        let errors = Output(STDERR_FILENO, limit: 0)
        let output = Output(STDOUT_FILENO, limit: 0)
        try context.engine().logs(of: parsed.positionals[0], request) { stream, bytes in
            try (stream == .output ? output : errors).write(bytes)
        }
        return 0
    }
}

extension ParsedArguments {
    /// The moment that `--since` or `--until` names; nil where the flag was not given. Throws for what is none, with `prefix`
    /// before it.
    func timestamp(_ name: String, _ prefix: String = "") throws -> Timestamp? {
        guard let text = string(name), !text.isEmpty, text != "0" else { return nil }
        guard let moment = Moment(filter: text) else {
            throw CommandFailure("\(prefix)failed to parse value as time or duration: \"\(text)\"")
        }
        return Timestamp(seconds: Int(moment.seconds), nanoseconds: Int(moment.nanoseconds))
    }
}
