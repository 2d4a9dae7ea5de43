import Bytes
package import Errors

/// The texts of options that are a name and a value: `--build-arg`, `--label`.
package enum KeyValueOption {
    /// The argument of a build that `text` sets: "NAME=value", or NAME by itself for what `caller` has under that name; nil where it has
    /// nothing. Throws `OptionError` where there is no name.
    package static func argument(
        _ text: String, caller: (String) -> String?
    ) throws(OptionError) -> (name: String, value: String)? {
        let name = try name(text)
        if let place = text.place(of: "=") { return (name, String(text.behind(place))) }
        return caller(name).map { (name, $0) }
    }

    /// The label that `text` sets: "key=value", or a key by itself, whose value is empty. Throws `OptionError` where there is no key.
    package static func label(_ text: String) throws(OptionError) -> (key: String, value: String) {
        let key = try name(text)
        return (key, text.place(of: "=").map { String(text.behind($0)) } ?? "")
    }

    private static func name(_ text: String) throws(OptionError) -> String {
        let name = String(text.until("="))
        guard !name.isEmpty else { throw .usage("invalid key-value pair \(goQuoted(text)): empty key") }
        return name
    }
}

/// The argument or variable that says how old a build's result is (reproducible-builds.org, "SOURCE_DATE_EPOCH").
package enum SourceDateEpoch {
    /// Its name.
    package static let name = "SOURCE_DATE_EPOCH"

    /// The seconds since 1970 that `text` says; nil where it is empty. Throws `OptionError` for what is no number.
    package static func seconds(_ text: String) throws(OptionError) -> Int64? {
        guard !text.isEmpty else { return nil }
        guard let seconds = Int64(text) else {
            let isNumber = text.utf8.drop { $0 == 43 || $0 == 45 }.allSatisfy { (48...57).contains($0) }
            throw OptionError(
                "failed to solve: invalid \(name): \(text.excerpt): strconv.ParseInt: parsing \(goQuoted(text.excerpt)): "
                    + (isNumber ? "value out of range" : "invalid syntax"))
        }
        return seconds
    }
}
