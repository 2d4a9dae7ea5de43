/// One way to authenticate that a WWW-Authenticate header offers (RFC 9110, section 11.3).
package struct AuthChallenge: Equatable, Sendable {
    /// In lower case: "bearer", "basic".
    package let scheme: String
    /// By their names in lower case.
    package let parameters: [String: String]

    /// The challenges of the header's values, in their order. Parts that follow no grammar are passed over.
    package static func parse(_ values: [String]) -> [AuthChallenge] {
        values.flatMap { value in
            var scanner = Scanner(bytes: Array(value.utf8))
            return scanner.challenges()
        }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var place = 0

        mutating func challenges() -> [AuthChallenge] {
            var found: [AuthChallenge] = []
            while true {
                skip { $0 == 32 || $0 == 9 || $0 == 44 }
                guard let scheme = token() else {
                    if place < bytes.count {
                        // Whatever this is, it begins no challenge.
                        place += 1
                        continue
                    }
                    return found
                }
                found.append(AuthChallenge(scheme: scheme.lowercased(), parameters: parameters()))
            }
        }

        /// The parameters up to the next challenge or the end.
        private mutating func parameters() -> [String: String] {
            var found: [String: String] = [:]
            while true {
                skip { $0 == 32 || $0 == 9 || $0 == 44 }
                let start = place
                guard let name = token() else { return found }
                skipBlanks()
                guard place < bytes.count, bytes[place] == 61 else {
                    // No "=": the name is the scheme of the next challenge.
                    place = start
                    return found
                }
                place += 1
                skipBlanks()
                guard let value = quoted() ?? token() else {
                    // "==" ends a token68, which has no name.
                    skip { $0 == 61 }
                    continue
                }
                found[name.lowercased()] = value
            }
        }

        private mutating func skip(while matches: (UInt8) -> Bool) {
            while place < bytes.count, matches(bytes[place]) { place += 1 }
        }
        private mutating func skipBlanks() { skip { $0 == 32 || $0 == 9 } }

        /// A token; the characters of a token68 and of unquoted addresses are taken too.
        private mutating func token() -> String? {
            let start = place
            skip { byte in
                byte > 32 && byte < 127 && byte != 34 && byte != 44 && byte != 61 && byte != 92
            }
            return start == place ? nil : String(decoding: bytes[start..<place], as: UTF8.self)
        }

        /// A quoted string without its quotes and escapes; one that nothing closes goes to the end.
        private mutating func quoted() -> String? {
            guard place < bytes.count, bytes[place] == 34 else { return nil }
            place += 1
            var text: [UInt8] = []
            while place < bytes.count, bytes[place] != 34 {
                if bytes[place] == 92, place + 1 < bytes.count { place += 1 }
                text.append(bytes[place])
                place += 1
            }
            place += 1
            return String(decoding: text, as: UTF8.self)
        }
    }
}
