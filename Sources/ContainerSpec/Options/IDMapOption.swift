import Bytes
package import Errors
import Linux
import Runtime

/// One mapping of `--uidmap` or `--gidmap`, in podman's grammar: `[+ug]CONTAINER:[@]FROM[:AMOUNT]`.
package struct IDMapOption: Codable, Hashable, Sendable {
    /// The first number in the container.
    package var containerID: UInt32
    /// The first number that it is outside: of the user's namespace (0 is the caller, 1 and up are the subordinate ids); as
    /// root, of the host.
    package var outerID: UInt32
    /// How many there are.
    package var count: UInt32
    /// Whether `outerID` is the host's for an ordinary user, too (`@`).
    package var isHostID = false
    /// Whether it takes what it needs from the mappings before it, or from the map of all ids (`+`).
    package var isExtension = false
    /// Whether users are meant, and whether groups are (`u`, `g`); both where neither is said.
    package var isOfUsers = true
    package var isOfGroups = true

    /// A mapping that stands for itself.
    package init(containerID: UInt32, outerID: UInt32, count: UInt32, isHostID: Bool = false) {
        self.containerID = containerID
        self.outerID = outerID
        self.count = count
        self.isHostID = isHostID
    }

    /// Reads the value of one use of `--uidmap` or `--gidmap`: mappings behind each other, parted by commas or by colons.
    /// Throws `OptionError`.
    package static func list(_ text: String, flag: String) throws(OptionError) -> [IDMapOption] {
        var list: [IDMapOption] = []
        for part in text.split(on: ",", omittingEmptySubsequences: false) {
            var words = part.split(on: ":", omittingEmptySubsequences: false).map(String.init)
            if words.count == 2 { words.append("1") }
            guard words.count % 3 == 0 else { throw malformed(text, flag) }
            for place in stride(from: 0, to: words.count, by: 3) {
                guard let option = IDMapOption(words[place], words[place + 1], words[place + 2]) else {
                    throw malformed(text, flag)
                }
                list.append(option)
            }
        }
        return list
    }

    private static func malformed(_ text: String, _ flag: String) -> OptionError {
        .usage(
            "--\(flag)=\(text.excerpt) is malformed: it is [+ug]CONTAINER:[@]FROM[:AMOUNT], with numbers below 4294967296"
        )
    }

    private init?(_ container: String, _ outer: String, _ count: String) {
        var flags = container.utf8.prefix { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let digits = container.utf8.dropFirst(flags.count)
        let isHostID = outer.utf8.first == UInt8(ascii: "@")
        guard let inside = Self.number(digits), let outside = Self.number(outer.utf8.dropFirst(isHostID ? 1 : 0)),
            let amount = Self.number(count.utf8[...])
        else { return nil }
        self.init(containerID: inside, outerID: outside, count: amount, isHostID: isHostID)
        var (users, groups) = (false, false)
        while let flag = flags.popFirst() {
            switch flag {
            case UInt8(ascii: "+"): isExtension = true
            case UInt8(ascii: "u"): users = true
            case UInt8(ascii: "g"): groups = true
            default: return nil
            }
        }
        if users || groups { (isOfUsers, isOfGroups) = (users, groups) }
    }

    // Digits alone: no sign.
    private static func number(_ text: Substring.UTF8View) -> UInt32? {
        guard text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt32(String(Substring(text)))
    }

    /// The mappings of `--subuidname=NAME` and `--subgidname=NAME`: all that `file` (subuid(5)) gives to `name`, from 0 on.
    /// Throws `OptionError` where that is nothing, or cannot be read.
    package static func subordinates(of name: String, in file: String, flag: String) throws(OptionError)
        -> [IDMapOption]
    {
        let content: [UInt8]
        do throws(SystemError) { content = try Files.read(file, limit: 16 << 20) } catch {
            throw OptionError("--\(flag)=\(name.excerpt): \(error)")
        }
        var list: [IDMapOption] = []
        var next: UInt32 = 0
        for range in SubordinateRange.ranges(in: content, name: name, uid: .max) {
            let count = min(range.count, UInt32.max - next)
            list.append(IDMapOption(containerID: next, outerID: range.first, count: count, isHostID: true))
            next += count
        }
        if list.isEmpty { throw OptionError("--\(flag)=\(name.excerpt): \(file) has no ids for it") }
        return list
    }

    /// As it stands on the command line, without its flags: what podman shows of it.
    package var description: String { "\(containerID):\(isHostID ? "@" : "")\(outerID):\(count)" }
}
