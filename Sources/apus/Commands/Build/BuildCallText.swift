import Build
import Bytes
import Dockerfile
import Rendering

/// What `--call` prints for people, as buildx lays it out.
enum BuildCallText {
    /// `--check`: how many warnings there are, and each of them.
    static func check(_ checked: CheckedDockerfile) -> String {
        let warnings = checked.report.warnings
        switch warnings.count {
        case 0: return "Check complete, no warnings found.\n"
        case 1: return "Check complete, 1 warning has been found!\n" + text(warnings, checked)
        default: return "Check complete, \(warnings.count) warnings have been found!\n" + text(warnings, checked)
        }
    }

    private static func text(_ warnings: [LintWarning], _ checked: CheckedDockerfile) -> String {
        warnings.map { "\n" + $0.report(source: checked.source, name: checked.name) }.joined()
    }

    /// `--call=targets`: a table of the stages.
    static func targets(_ targets: [DockerfileTarget]) -> String {
        var text = "TARGET\tDESCRIPTION\n"
        for target in targets {
            let words = [target.name, target.isDefault ? "(default)" : nil].compactMap { $0 }
            text += words.joined(separator: " ") + "\t\(target.description ?? "")\n"
        }
        return TabWriter(minimum: 0, padding: 1).aligned(text)
    }

    /// `--call=outline`: the target, and tables of its arguments, secrets and agents.
    static func outline(_ outline: DockerfileOutline) -> String {
        var text = ""
        if let name = outline.name {
            var heading = "TARGET:\t\(name)\n"
            if let description = outline.description { heading += "DESCRIPTION:\t\(description)\n" }
            text += TabWriter(minimum: 0, padding: 1).aligned(heading) + "\n"
        }
        if !outline.arguments.isEmpty {
            text += table(
                "BUILD ARG\tVALUE\tDESCRIPTION",
                outline.arguments.map { "\($0.name)\t\($0.value ?? "")\t\($0.description ?? "")" })
        }
        if !outline.secrets.isEmpty { text += table("SECRET\tREQUIRED", outline.secrets.map(row)) }
        if !outline.agents.isEmpty { text += table("SSH\tREQUIRED", outline.agents.map(row)) }
        return text
    }

    private static func row(_ mount: DockerfileOutline.Mount) -> String {
        "\(mount.id)\t\(mount.isRequired ? "true" : "")"
    }

    private static func table(_ heading: String, _ rows: [String]) -> String {
        let lines = ([heading] + rows).map { row in
            // What would part cells belongs to a cell.
            String(String.UnicodeScalarView(row.unicodeScalars.map { $0 == "\n" ? " " : $0 }))
        }
        return TabWriter(minimum: 0, padding: 3).aligned(lines.joined(separator: "\n") + "\n") + "\n"
    }
}
