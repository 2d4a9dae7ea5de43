import Engine
import Flags
import Glibc
import GoTemplate
import Rendering
import Store

extension Verb {
    static let doctor = Verb(
        id: "system doctor",
        syntax: CommandSyntax(
            summary: "Show what this machine allows and lacks, and what helps", usage: ["[OPTIONS]"],
            flags: [CommonFlags.objectFormat()], arguments: .none)
    ) { parsed, context in
        let paths = try StorePaths.locate(root: context.options.root, run: context.options.runRoot) { name in
            getenv(name).map { String(cString: $0) }
        }
        var problem: String?
        do throws(StoreError) { try paths.prepared() } catch { problem = error.description }
        let facts = MachineFacts.probe(paths, storeProblem: problem)
        if let format = parsed.string("format"), !format.isEmpty {
            let status = try context.show(.record(DoctorReport.record(facts)), format)
            return facts.canRun ? status : 1
        }
        try context.output.write(DoctorReport.text(facts))
        return facts.canRun ? 0 : 1
    }
}

/// What `system doctor` prints.
private enum DoctorReport {
    static func record(_ facts: MachineFacts) -> TemplateRecord {
        let checks = facts.diagnoses.map { diagnosis in
            TemplateValue.record(
                TemplateRecord(
                    "system.doctorCheck",
                    [
                        ("Name", .string(diagnosis.name)), ("Verdict", .string(diagnosis.verdict.rawValue)),
                        ("Finding", .string(diagnosis.finding)),
                        ("Remedy", .list(diagnosis.remedy.map { .string($0) })),
                    ]))
        }
        return TemplateRecord("system.doctor", [("CanRun", .bool(facts.canRun)), ("Checks", .list(checks))])
    }

    static func text(_ facts: MachineFacts) -> String {
        var text = ""
        for diagnosis in facts.diagnoses {
            let mark =
                switch diagnosis.verdict {
                case .works: "ok      "
                case .limited: "limited "
                case .broken: "BROKEN  "
                }
            text += "\(mark) \(diagnosis.name): \(diagnosis.finding)\n"
            for command in diagnosis.remedy { text += "             \(command)\n" }
        }
        return text + (facts.canRun ? "Containers can be run.\n" : "No container can be run.\n")
    }
}
