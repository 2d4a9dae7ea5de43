import Bytes
import Errors
import Glibc
import JSON
import Linux

/// What Docker's client reads from `config.json`: how lists look, the keys that detach, what prunes leave out, the proxies of
/// containers. Credentials are read where a registry asks for them.
struct ClientConfiguration: Sendable {
    /// The `--format` of `ps`, `images`, `network ls` and `stats` where none is given; empty for the standard tables.
    private(set) var containersFormat = ""
    private(set) var imagesFormat = ""
    private(set) var networksFormat = ""
    private(set) var volumesFormat = ""
    private(set) var statsFormat = ""
    /// The keys that detach where no flag names others; empty for the standard ones.
    private(set) var detachKeys = ""
    /// Filters of every prune, "label=key".
    private(set) var pruneFilters: [String] = []
    /// The variables of proxies that containers get, in both spellings.
    private(set) var proxyVariables: [String] = []
    /// Why the file could not be read, as Docker says it; nil where it could, or is not there.
    private(set) var problem: String?

    /// Reads `directory/config.json`. A file that is broken counts as far as it goes.
    init(directory: String) {
        let path = "\(directory)/config.json"
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(path, limit: 16 << 20) } catch {
            if error.errno == .isDirectory {
                problem = "Error parsing config file (\(path)): read \(path): is a directory"
            } else if error.errno != .noEntry {
                problem = "Error loading config file: open \(path): \(error.errno)"
            }
            return
        }
        // An empty file is none.
        if bytes.allSatisfy({ $0 == 32 || (9...13).contains($0) }) { return }
        do throws(JSONError) { take(try JSONTree.parse(bytes), path) } catch {
            problem = "Error parsing config file (\(path)): \(Self.isCut(bytes) ? "unexpected EOF" : error.description)"
        }
    }

    private mutating func take(_ tree: JSONTree, _ path: String) {
        guard let members = tree.members else {
            problem = "Error parsing config file (\(path)): it is no JSON object"
            return
        }
        for member in members {
            var isFine = true
            func text() -> String {
                if case .null = member.value { return "" }
                isFine = member.value.string != nil
                return member.value.string ?? ""
            }
            // Go's decoder does not look at the case of names.
            switch member.name.lowercased() {
            case "psformat": containersFormat = text()
            case "imagesformat": imagesFormat = text()
            case "networksformat": networksFormat = text()
            case "volumesformat": volumesFormat = text()
            case "statsformat": statsFormat = text()
            case "detachkeys": detachKeys = text()
            case "prunefilters": pruneFilters = (member.value.array ?? []).compactMap(\.string)
            case "proxies": proxyVariables = Self.proxies(member.value)
            default: break
            }
            if !isFine { problem = "Error parsing config file (\(path)): \(member.name) is no text" }
        }
    }

    // Those of "default": others are those of a daemon elsewhere.
    private static func proxies(_ tree: JSONTree) -> [String] {
        let names = [
            ("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"), ("noProxy", "NO_PROXY"),
            ("ftpProxy", "FTP_PROXY"),
            ("allProxy", "ALL_PROXY"),
        ]
        var variables: [String] = []
        for (member, variable) in names {
            guard let value = tree[key: "default"]?[member]?.string, !value.isEmpty else { continue }
            variables += ["\(variable)=\(value)", "\(variable.lowercased())=\(value)"]
        }
        return variables
    }

    /// Whether a document ends before its braces do.
    private static func isCut(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        var isText = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
        }
        return depth > 0 || isText
    }

    /// The filters of a prune: those of the command line, and of the file those that do not contradict them.
    func pruneFilters(with own: [(key: String, value: String)]) -> [(key: String, value: String)] {
        var all = own
        for filter in pruneFilters {
            guard let equals = filter.place(of: "=") else { continue }
            let (key, value) = (String(filter[..<equals]), String(filter.behind(equals)))
            let opposite = key == "label" ? "label!" : key == "label!" ? "label" : ""
            if own.contains(where: { $0.key == opposite && $0.value == value }) { continue }
            all.append((key, value))
        }
        return all
    }
}
