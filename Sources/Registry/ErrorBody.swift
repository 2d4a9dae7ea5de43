import Bytes
import JSON

/// What a registry or a token server says of a failure, as one line.
struct ErrorBody {
    /// The first error's code ("MANIFEST_UNKNOWN"); nil where the body has none.
    let code: String?
    /// "manifest unknown: unknown tag"; nil where the body says nothing.
    let text: String?

    /// Reads the forms in use: the distribution specification's `errors`, and the `details`, `message` and
    /// `error_description` of token servers. Anything else that is short text is taken as it is, but for HTML.
    init(_ bytes: [UInt8]) {
        guard let document = try? JSONTree.decode(Document.self, from: bytes) else {
            let plain = Self.oneLine(String(decoding: bytes.prefix(400), as: UTF8.self))
            code = nil
            text = plain.isEmpty || plain.begins(with: "<") ? nil : plain
            return
        }
        let errors = document.errors ?? []
        code = errors.first?.code
        var parts: [String] = []
        for error in errors.prefix(3) {
            let name = (error.code ?? "").lowercased().replacing("_", with: " ")
            let message = error.message ?? ""
            let said = message.isEmpty || message.lowercased() == name ? name : "\(name): \(message)"
            parts.append(said.begins(with: ": ") ? String(said.dropFirst(2)) : said)
        }
        if parts.isEmpty {
            parts = [document.details, document.message, document.description, document.error].compactMap(\.self)
        }
        let line = Self.oneLine(parts.joined(separator: "; "))
        text = line.isEmpty ? nil : line
    }

    /// Whether it is about a token of access whose time is over: ECR says "Your authorization token has expired. Reauthenticate and try again."
    /// under a code that it has for every denial.
    var saysTokenIsPast: Bool {
        guard let words = text?.lowercased() else { return false }
        return words.contains(bytesOf: "token") && words.contains(bytesOf: "expired")
    }

    private struct Document: Decodable {
        struct Item: Decodable {
            var code: String?
            var message: String?

            enum Key: String, CodingKey {
                case code, message
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                code = try? container.decodeIfPresent(String.self, forKey: .code)
                message = try? container.decodeIfPresent(String.self, forKey: .message)
            }
        }
        var errors: [Item]?
        var details: String?
        var message: String?
        var description: String?
        var error: String?

        enum Key: String, CodingKey {
            case errors, details, message, error
            case description = "error_description"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            errors = try? container.decodeIfPresent([Item].self, forKey: .errors)
            details = try? container.decodeIfPresent(String.self, forKey: .details)
            message = try? container.decodeIfPresent(String.self, forKey: .message)
            description = try? container.decodeIfPresent(String.self, forKey: .description)
            error = try? container.decodeIfPresent(String.self, forKey: .error)
        }
    }

    /// At most 300 characters without control characters, which a terminal would obey.
    static func oneLine(_ text: String) -> String {
        let safe = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        let line = String(safe).split(on: " ").joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }
}
