import Bytes
package import Errors

/// The text of `--call`: what is to be done with a Dockerfile.
package struct DockerfileCall: Equatable, Sendable {
    /// What is done.
    package enum Method: String, Sendable {
        case build, check, outline, targets
    }

    /// What is done.
    package let method: Method
    /// Whether the answer is JSON, and no text for people (`format=json`).
    package let isJSON: Bool
    /// Whether what a check finds does not count as a failure (`ignorestatus=true`).
    package let ignoresStatus: Bool

    /// `method`, with an answer for people.
    package init(_ method: Method) {
        self.method = method
        (isJSON, ignoresStatus) = (false, false)
    }

    /// Reads "METHOD[,format=json][,ignorestatus=true]"; empty: to build. Throws `OptionError` for another method or key.
    package init(_ text: String) throws(OptionError) {
        let fields = text.isEmpty ? [""] : try OptionFields.split(text)
        switch fields[0] {
        case "", "build": method = .build
        case "check", "lint": method = .check
        default:
            guard let known = Method(rawValue: fields[0]) else {
                throw OptionError(
                    "failed to solve: unsupported request frontend.\(fields[0].excerpt): --call takes build, check, outline and "
                        + "targets", .unsupported)
            }
            method = known
        }
        var format = "text"
        var ignoresStatus = false
        for field in fields.dropFirst() {
            guard let (key, value) = OptionFields.pair(field), key == "format" || key == "ignorestatus" else {
                throw .usage("invalid print field: \(field.excerpt)")
            }
            if key == "format" {
                guard value == "json" || value == "text" else {
                    throw .usage("invalid print format: \(value.excerpt): it is json or text")
                }
                format = value
            } else {
                guard let flag = goBool(value) else {
                    throw .usage(
                        "invalid ignorestatus print value: \(value.excerpt): strconv.ParseBool: parsing "
                            + "\(goQuoted(value.excerpt)): invalid syntax")
                }
                ignoresStatus = flag
            }
        }
        isJSON = format == "json"
        self.ignoresStatus = ignoresStatus
    }
}
