import Flags
import JSON
import Linux
import OCIRuntime

extension OCIVerb {
    static let spec = OCIVerb(
        "spec",
        CommandSyntax(
            summary: "Write a configuration to start from, config.json", usage: ["[OPTIONS]"],
            flags: [
                Flag("bundle", "b", .string, "Directory to write it to (default \".\")"),
                Flag("rootless", nil, .bool, "For an ordinary user, who is root inside"),
            ], arguments: .none)
    ) { parsed, _, _ in
        let file = "\(parsed.string("bundle") ?? ".")/config.json"
        guard !Files.exists(file) else { throw CommandFailure("\(file) exists: remove it first") }
        let text = SpecTemplate.document(rootless: parsed.bool("rootless")).text(indent: 4) + "\n"
        try Files.replace(file, with: Array(text.utf8), mode: 0o644)
        return 0
    }
}
