import Bytes
package import Errors

/// The `tag` of a log: Docker's template fields alone, as a template engine has no place in a start.
package enum LogTag {
    /// What a tag can name.
    package struct Subject {
        package let id: String
        package let name: String
        package let imageID: String
        package let imageName: String

        /// What a tag can name of a container.
        package init(
            id: String, name: String, imageID: String, imageName: String
        ) {
            self.id = id
            self.name = name
            self.imageID = imageID
            self.imageName = imageName
        }
    }

    /// `template` with its fields filled in; nil where it is empty. Throws `OptionError` for any other action.
    package static func text(_ template: String, _ subject: Subject) throws(OptionError) -> String? {
        if template.isEmpty { return nil }
        var result = ""
        var rest = Substring(template)
        while let (plain, behind) = split(rest, "{") {
            result += plain
            guard let (action, after) = split(behind, "}") else {
                throw OptionError("invalid log tag '\(template)': an action has no end")
            }
            result += try value(action, template, subject)
            rest = after
        }
        return result + rest
    }

    // The parts before and behind the first two `brace` in a row.
    private static func split(_ text: Substring, _ brace: Character) -> (Substring, Substring)? {
        var place = text.startIndex
        while let index = text[place...].firstIndex(of: brace) {
            let next = text.index(after: index)
            if next < text.endIndex, text[next] == brace { return (text[..<index], text.behind(next)) }
            place = next
        }
        return nil
    }

    private static func value(
        _ action: Substring, _ template: String, _ subject: Subject
    ) throws(OptionError) -> String {
        let digits = subject.imageID.begins(with: "sha256:") ? subject.imageID.dropping(7) : subject.imageID[...]
        switch String(action.filter { $0 != " " }) {
        case ".ID": return String(subject.id.prefix(12))
        case ".FullID": return subject.id
        case ".Name": return subject.name
        case ".ImageID": return String(digits.prefix(12))
        case ".ImageFullID": return subject.imageID
        case ".ImageName": return subject.imageName
        case ".DaemonName": return "apus"
        default:
            throw OptionError(
                "log tag '\(template)' is refused: a tag may name .ID, .FullID, .Name, .ImageID, .ImageFullID, "
                    + ".ImageName and .DaemonName, nothing else")
        }
    }
}
