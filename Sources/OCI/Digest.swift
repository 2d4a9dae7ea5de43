import Bytes

/// A content digest, "algorithm:hex" (image-spec, descriptor.md, Digests).
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The algorithms that image-spec registers and that we verify.
    package enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512

        /// The number of hexadecimal digits of a digest.
        package var hexLength: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    package let algorithm: Algorithm
    /// Lowercase hexadecimal digits, as many as the algorithm has.
    package let hex: String

    /// nil unless `hex` is lowercase hexadecimal of the algorithm's length.
    package init?(_ algorithm: Algorithm, hex: String) {
        guard hex.utf8.count == algorithm.hexLength,
            hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    /// Parses "sha256:…" or "sha512:…"; nil for anything else, another algorithm included.
    package init?(_ text: String) {
        guard let colon = text.place(of: ":"), let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
            return nil
        }
        self.init(algorithm, hex: String(text.behind(colon)))
    }

    package var description: String { "\(algorithm.rawValue):\(hex)" }

    /// The first 12 digits, as Docker prints an id.
    package var short: String { String(hex.prefix(12)) }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Digest(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\"\(text.excerpt)\" is no sha256 or sha512 digest"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
