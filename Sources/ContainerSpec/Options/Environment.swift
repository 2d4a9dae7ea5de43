import Bytes
package import Errors

/// Variables of the environment, and the files that hold them (`-e`, `--env-file`, `--label-file`).
package enum Environment {
    /// An `-e` value: `NAME=value` as it is; `NAME` alone with the caller's value, or alone where the caller has
    /// none, which removes what the image sets. Throws `OptionError` for an empty name.
    package static func variable(_ text: String, caller: (String) -> String?) throws(OptionError) -> String {
        guard let first = text.firstLetter, first != "=" else {
            throw OptionError("invalid environment variable: \(text)")
        }
        if text.has("=") { return text }
        return caller(text).map { "\(text)=\($0)" } ?? text
    }

    /// The variables of an environment file: one `NAME=value` a line, taken literally; lines that start with `#` and
    /// empty ones are passed over; `NAME` alone takes the caller's value and is dropped where the caller has none.
    /// `name` is the file's, for the sentence. Throws `OptionError`.
    package static func variables(
        inFile content: [UInt8], name: String, caller: (String) -> String?
    ) throws(OptionError) -> [String] {
        try entries(content, name: name).compactMap { entry in
            entry.value.map { "\(entry.key)=\($0)" } ?? caller(entry.key).map { "\(entry.key)=\($0)" }
        }
    }

    /// The labels of a label file, in the grammar of environment files; a name alone has an empty value. Throws
    /// `OptionError`.
    package static func labels(inFile content: [UInt8], name: String) throws(OptionError) -> [(String, String)] {
        try entries(content, name: name).map { ($0.key, $0.value ?? "") }
    }

    private static func entries(
        _ content: [UInt8], name: String
    ) throws(OptionError) -> [(key: String, value: String?)] {
        var entries: [(key: String, value: String?)] = []
        var bytes = content[...]
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes.starts(with: mark) { bytes = bytes.dropFirst(3) }
        var number = 0
        for raw in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard let whole = String(validating: raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw, as: UTF8.self)
            else {
                let bytes = raw.map { String($0) }.joined(separator: " ")
                throw OptionError.usage("invalid env file (\(name)): invalid utf8 bytes at line \(number): [\(bytes)]")
            }
            let line = whole.drop { $0.isWhitespace }
            if line.isEmpty || line.firstLetter == "#" { continue }
            let key: String
            let value: String?
            if let pair = splitOnce(line, "=") {
                key = pair.0
                value = pair.1
            } else {
                key = String(line)
                value = nil
            }
            guard !key.isEmpty else {
                throw OptionError.usage("invalid env file (\(name)): no variable name on line '\(line)'")
            }
            guard !key.contains(where: \.isWhitespace) else {
                throw OptionError.usage("invalid env file (\(name)): variable '\(key)' contains whitespaces")
            }
            entries.append((key, value))
        }
        return entries
    }

    /// A `--label` or `--annotation` value: `key=value`, or `key` with an empty value. Throws `OptionError`.
    package static func label(_ text: String, what: String = "label") throws(OptionError) -> (String, String) {
        let pair = splitOnce(text, "=") ?? (text, "")
        guard !pair.0.isEmpty else { throw OptionError("invalid \(what) '\(text)': empty name") }
        return pair
    }

    /// What Docker's client says of a label that is none; nil for one that is.
    @Sendable package static func problem(ofLabel label: String) -> String? {
        func isBlank(_ byte: UInt8?) -> Bool { byte == 32 || byte.map { (9...13).contains($0) } ?? false }
        var name = label.until("=")
        while isBlank(name.utf8.first) { name = name.dropping(1) }
        if name.isEmpty { return "invalid label '\(label)': empty name" }
        return name.utf8.contains(where: isBlank) ? "label '\(name)' contains whitespaces" : nil
    }

    /// `base` with `overrides` over it: equal names are replaced in place, new ones appended, a name without `=`
    /// removes.
    package static func merged(_ base: [String], _ overrides: [String]) -> [String] {
        var merged = base
        for entry in overrides {
            let name = entry.until("=")
            let index = merged.firstIndex { $0.until("=").isSame(as: name) }
            switch (entry.has("="), index) {
            case (true, let index?): merged[index] = entry
            case (true, nil): merged.append(entry)
            case (false, let index?): merged.remove(at: index)
            case (false, nil): break
            }
        }
        return merged
    }
}
