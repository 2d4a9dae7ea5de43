/// One flag of a command, as data: parsing, help, completion and manual pages are all made from it.
///
/// The grammar and the words are those of pflag, the library that Docker's command line is built on. A class, because tables of them are joined and
/// walked through at each start.
package final class Flag: Sendable {
    /// What a flag's value must look like.
    package enum Kind: Sendable, Equatable {
        /// `--name`, `--name=true`, `--name=0`: the words that Go's `strconv.ParseBool` takes.
        case bool
        case string
        /// May be given several times; the values keep their order.
        case list
        /// As `list`, each value being one record of comma-separated fields (pflag's StringSlice).
        case commaList
        /// A signed number, decimal or with Go's prefixes `0x`, `0o`, `0b`, `0`.
        case int
        case uint
        case uint16
        /// A number of bytes with an optional binary suffix: `512`, `64m`, `1.5g`, `1GiB`.
        case bytes
        /// As `bytes`, and -1 for "unlimited".
        case bytesOrUnlimited
        /// Go's durations: `1h30m`, `1.5s`, `100ms`.
        case duration
        /// A decimal number or a fraction of at most nine decimal places (`--cpus`).
        case decimal
        /// `key=value`, repeated (`--filter`).
        case filter
    }

    /// The name without its dashes.
    package let name: String
    /// The one-letter form; nil where there is none.
    package let shorthand: Unicode.Scalar?
    package let kind: Kind
    /// The word that stands for the value in help texts; empty for booleans.
    package let placeholder: String
    /// What the flag does, in one phrase.
    package let help: String
    /// The value when the flag is not given, as text; nil where that is false, empty or zero.
    package let defaultValue: String?
    /// The value of `--name` without `=value`; nil where a value must follow.
    package let impliedValue: String?
    /// Other names that mean the same and are not shown (`--net` for `--network`).
    package let aliases: [String]
    /// Whether help and completion leave the flag out.
    package let isHidden: Bool
    /// A sentence that is printed when the flag is used; such a flag is hidden.
    package let deprecated: String?
    /// Why this engine cannot honour the flag. Using it is an error that says so.
    package let refused: String?
    /// Checks one value beyond its kind; returns what is wrong with it, or nil.
    package let validate: (@Sendable (String) -> String?)?

    /// A flag of any kind. `placeholder` defaults to the kind's usual word.
    package init(
        _ name: String, _ shorthand: Unicode.Scalar? = nil, _ kind: Kind, _ help: String,
        placeholder: String? = nil, defaultValue: String? = nil, impliedValue: String? = nil,
        aliases: [String] = [], isHidden: Bool = false, deprecated: String? = nil, refused: String? = nil,
        validate: (@Sendable (String) -> String?)? = nil
    ) {
        self.name = name
        self.shorthand = shorthand
        self.kind = kind
        self.help = help
        self.placeholder = placeholder ?? kind.usualPlaceholder
        self.defaultValue = defaultValue
        self.impliedValue = impliedValue ?? (kind == .bool ? "true" : nil)
        self.aliases = aliases
        self.isHidden = isHidden || deprecated != nil
        self.deprecated = deprecated
        self.refused = refused
        self.validate = validate
    }

    /// How error messages name the flag: `-y, --yes` or `--yes`.
    package var displayName: String {
        guard let shorthand else { return "--\(name)" }
        return "-\(shorthand), --\(name)"
    }

    func hasName(_ wanted: String) -> Bool {
        if name == wanted { return true }
        return !aliases.isEmpty && aliases.contains(wanted)
    }
}

extension Flag.Kind {
    /// The word that Docker's help shows for values of this kind.
    package var usualPlaceholder: String {
        switch self {
        case .bool: ""
        case .string: "string"
        case .list: "list"
        case .commaList: "strings"
        case .int: "int"
        case .uint: "uint"
        case .uint16: "uint16"
        case .bytes, .bytesOrUnlimited: "bytes"
        case .duration: "duration"
        case .decimal: "decimal"
        case .filter: "filter"
        }
    }

    var isRepeatable: Bool {
        switch self {
        case .list, .commaList, .filter: true
        default: false
        }
    }
}
