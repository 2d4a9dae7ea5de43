import Bytes
package import Errors

/// The name of an image as Docker's users write it, in its normal form: `docker.io/library/debian:latest`.
///
/// The grammar and the normalisation are those of the distribution project's reference package:
/// `[domain "/"] path [":" tag] ["@" digest]`, where a first component without a dot, a colon, an
/// upper-case letter and that is not `localhost` belongs to the path.
package struct Reference: Hashable, Sendable {
    /// The registry as the user names it, with its port: "docker.io", "localhost:5000", "[::1]:5000".
    package let domain: String
    /// The repository in the registry: "library/debian".
    package let path: String
    package let tag: String?
    package let digest: Digest?

    /// The domain that a name without one means.
    package static let defaultDomain = "docker.io"
    /// The tag that a name with neither tag nor digest means.
    package static let defaultTag = "latest"
    /// The part of the default domain where names of one component live.
    package static let officialPrefix = "library/"
    /// The longest path that the grammar allows, in bytes.
    package static let longestPath = 255
    /// The longest tag that the grammar allows, in bytes.
    package static let longestTag = 128

    /// Parses and normalises `text`. A name with neither tag nor digest gets `defaultTag`; nil leaves it bare.
    /// Throws where Docker's grammar does.
    package init(_ text: String, defaultTag: String? = Reference.defaultTag) throws(ReferenceError) {
        func refused(_ cause: ReferenceError.Cause) -> ReferenceError { ReferenceError(text: text, cause: cause) }
        guard !text.isEmpty else { throw refused(.empty) }
        if text.utf8.count == 64, text.utf8.allSatisfy(Reference.isLowerHexadecimal) { throw refused(.looksLikeID) }

        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.place(of: "@") {
            guard let value = Digest(String(rest.behind(at))) else { throw refused(.digest) }
            digest = value
            rest = rest[..<at]
        }
        var tag: String?
        // A colon before the last slash belongs to a port, and one in the only component begins a tag.
        if let colon = rest.lastPlace(of: ":"), !rest[colon...].has("/") {
            let value = rest.behind(colon)
            guard Reference.isTag(value) else { throw refused(.tag(String(value))) }
            tag = String(value)
            rest = rest[..<colon]
        }
        let (domain, path) = Reference.split(rest)
        guard Reference.isDomain(domain) else { throw refused(.domain(domain)) }
        guard path.utf8.count <= Reference.longestPath else { throw refused(.tooLong) }
        guard !path.utf8.contains(where: { (65...90).contains($0) }) else { throw refused(.upperCase(path)) }
        guard Reference.isPath(path) else { throw refused(.path) }
        self.domain = domain
        self.path = path
        self.tag = tag ?? (digest == nil ? defaultTag : nil)
        self.digest = digest
    }

    private init(domain: String, path: String, tag: String?, digest: Digest?) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// The same repository with `tag` and no digest. Throws unless `tag` is one of the grammar.
    package func with(tag: String) throws(ReferenceError) -> Reference {
        guard Reference.isTag(Substring(tag)) else {
            throw ReferenceError(text: familiarName + ":" + tag, cause: .tag(tag))
        }
        return Reference(domain: domain, path: path, tag: tag, digest: nil)
    }

    /// The same repository with `digest` and no tag.
    package func with(digest: Digest) -> Reference {
        Reference(domain: domain, path: path, tag: nil, digest: digest)
    }

    /// Domain and path, without tag and digest: "docker.io/library/debian".
    package var name: String { domain + "/" + path }

    /// The name as Docker shows it: without "docker.io/" and, for official images, without "library/".
    package var familiarName: String {
        guard domain == Reference.defaultDomain else { return name }
        guard path.begins(with: Reference.officialPrefix) else { return path }
        let short = path.dropping(Reference.officialPrefix.utf8.count)
        return short.has("/") ? path : String(short)
    }

    /// The reference as Docker shows it: "debian:latest".
    package var familiar: String { familiarName + suffix }

    private var suffix: String { (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0.description } ?? "") }
}

extension Reference: CustomStringConvertible {
    /// The canonical form, which parses to the same value: "docker.io/library/debian:latest".
    package var description: String { name + suffix }
}

// MARK: - Grammar

extension Reference {
    /// The domain and the path that `name`, without tag and digest, means.
    private static func split(_ name: Substring) -> (domain: String, path: String) {
        var domain = defaultDomain
        var path = String(name)
        if let slash = name.place(of: "/") {
            let first = name[..<slash]
            if namesRegistry(first) {
                domain = first == "index.docker.io" ? defaultDomain : String(first)
                path = String(name.behind(slash))
            }
        }
        if domain == defaultDomain, !path.isEmpty, !path.has("/") { path = officialPrefix + path }
        return (domain, path)
    }

    /// Whether the first component of a name with several is a registry.
    static func namesRegistry(_ first: Substring) -> Bool {
        first == "localhost" || first.utf8.contains { $0 == 46 || $0 == 58 || (65...90).contains($0) }
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }
    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte)
    }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || (65...90).contains(byte) }

    /// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longestTag else { return false }
        guard isLetterOrDigit(first) || first == 95 else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 95 || $0 == 46 || $0 == 45 }
    }

    /// `host [":" digits]`, where a host is a domain name, an IPv4 address or an IPv6 address in brackets.
    private static func isDomain(_ text: String) -> Bool {
        var host = Substring(text)
        if host.firstLetter == "[" {
            guard let close = host.place(of: "]") else { return false }
            let address = host[host.index(after: host.startIndex)..<close]
            let isAddress =
                !address.isEmpty
                && address.utf8.allSatisfy {
                    isLowerHexadecimal($0) || (65...70).contains($0) || $0 == 58
                }
            let port = host.behind(close)
            return isAddress && (port.isEmpty || port.firstLetter == ":" && port.dropping(1).isDigits)
        }
        if let colon = host.place(of: ":") {
            guard host.behind(colon).isDigits else { return false }
            host = host[..<colon]
        }
        return host.split(on: ".", omittingEmptySubsequences: false).allSatisfy { label in
            label.utf8.first != 45 && label.utf8.last != 45 && !label.isEmpty
                && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 45 }
        }
    }

    /// Components of lower-case letters and digits with single separators in between: one dot, one or two
    /// underscores, or any number of dashes.
    private static func isPath(_ text: String) -> Bool {
        text.split(on: "/", omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    private static func isComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        guard isLowerOrDigit(first), isLowerOrDigit(last) else { return false }
        var separator: [UInt8] = []
        for byte in text.utf8 {
            if isLowerOrDigit(byte) {
                separator = []
                continue
            }
            separator.append(byte)
            let isSeparator =
                separator == [46] || separator == [95] || separator == [95, 95] || separator.allSatisfy { $0 == 45 }
            guard isSeparator else { return false }
        }
        return true
    }
}

/// Text that names no image.
package struct ReferenceError: KindedError, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong with the text.
    package enum Cause: Equatable, Sendable {
        case empty
        /// 64 hexadecimal digits, which would be taken for an image's id.
        case looksLikeID
        case digest
        case tag(String)
        case domain(String)
        case path
        case upperCase(String)
        case tooLong
    }

    package let text: String
    package let cause: Cause

    package var kind: ErrorKind { .invalid }

    package var description: String {
        switch cause {
        case .empty: "invalid reference format: the image name is empty"
        case .looksLikeID:
            "invalid repository name (\(text)): 64 hexadecimal digits are an image ID and cannot be a name"
        case .digest:
            "invalid reference format: \"\(text)\" has no sha256 or sha512 digest of the right length after \"@\""
        case .tag(let tag):
            "invalid reference format: \"\(tag)\" is no tag"
                + " (letters, digits, \"_\", \".\" and \"-\", at most 128, not beginning with \".\" or \"-\")"
        case .domain(let domain): "invalid reference format: \"\(domain)\" in \"\(text)\" is no registry host"
        case .path: "invalid reference format: \"\(text)\" is no image name"
        case .upperCase(let path):
            "invalid reference format: repository name (\(path)) must be lowercase"
        case .tooLong:
            "invalid reference format: the repository name is longer than \(Reference.longestPath) characters"
        }
    }
}
