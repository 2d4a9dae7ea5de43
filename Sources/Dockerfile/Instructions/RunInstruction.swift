import Bytes

/// RUN, nothing in it expanded.
package struct RunInstruction: Hashable, Sendable {
    /// What is run.
    package enum Program: Hashable, Sendable {
        /// A text for the shell: one here-document's alone is the text itself, others stand behind the command.
        case shell(String)
        /// A list of arguments.
        case exec([String])
        /// A here-document that begins with "#!": a file of this name, which is run by itself.
        case script(name: String, content: [UInt8])
    }

    /// `--network`.
    package enum Network: String, CaseIterable, Hashable, Sendable {
        case `default`, none, host
    }

    /// `--security`.
    package enum Security: String, CaseIterable, Hashable, Sendable {
        case sandbox, insecure
    }

    /// What is run.
    package let program: Program
    /// The command as it is written, without here-documents: for the history.
    package let command: CommandLine
    /// `--mount`, one text each: `RunMount.init` reads them once variables have values.
    package let mounts: [String]
    /// `--network`.
    package let network: Network
    /// `--security`.
    package let security: Security
    /// `--device`.
    package let devices: [RunDevice]
}

/// A device of the Container Device Interface that RUN asks for.
package struct RunDevice: Hashable, Sendable {
    /// Its name, or pattern of names.
    package let name: String
    /// Whether the step fails without it.
    package let isRequired: Bool

    /// Reads "name=NAME,required" or a name by itself.
    init(_ text: String) throws(Fault) {
        let fields: [String]
        do throws(Fault) { fields = try CSVLine.fields(text) } catch {
            throw Fault("failed to parse csv devices: \(error.sentence)")
        }
        var name: String?
        var isRequired = false
        for field in fields {
            let key = field.until("=").lowercased()
            let value = field.place(of: "=").map { String(field.behind($0)) }
            switch (key, value) {
            case ("name", let value?):
                guard name == nil else { throw Fault("device name already set to \(name ?? "")") }
                name = value
            case ("required", nil): isRequired = true
            case ("required", let value?):
                guard let flag = goBool(value) else {
                    throw Fault("invalid value for required: \(value.excerpt)")
                }
                isRequired = flag
            case (_, nil) where name == nil && fields.first?.isSame(as: field) == true: name = field
            case (_, nil): throw Fault("invalid field '\(field.excerpt)' must be a key=value pair")
            default:
                throw Fault(
                    "unexpected key '\(key.excerpt)' in '\(field.excerpt)'", given: key, among: ["name", "required"])
            }
        }
        guard let name, !name.isEmpty else { throw Fault("device name cannot be empty") }
        self.name = name
        self.isRequired = isRequired
    }
}
