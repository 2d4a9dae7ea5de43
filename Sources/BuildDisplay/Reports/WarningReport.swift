import Dockerfile
import Errors

/// What is odd about the Dockerfile, behind the build.
enum WarningReport {
    /// The sentences of `warnings`; with the rules and the lines they are about where `isExpanded`. Empty where there are none.
    static func text(_ warnings: [FoundWarning], isExpanded: Bool, colors: BuildColors?) -> String {
        guard !warnings.isEmpty else { return "" }
        let color = colors?.warning ?? ""
        let count = "\(warnings.count) warning\(warnings.count == 1 ? "" : "s") found"
        let hint = isExpanded ? "" : " (use apus --debug to expand)"
        var text = "\n \(color)\(count)\(hint):\n" + (color.isEmpty ? "" : "\u{1b}[0m")
        for found in warnings {
            text += " - \(VisibleText.escaped(found.sentence))\n"
            guard isExpanded else { continue }
            text += "\(found.warning.rule.description)\nMore info: \(found.warning.rule.url)\n"
            text += (found.excerpt?.text ?? "") + "\n"
        }
        return text
    }
}
