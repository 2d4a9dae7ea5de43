import Bytes

/// A version of the kernel as far as features depend on it: "6.1" of "6.1.0-18-amd64".
package struct KernelVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The two leading numbers of a release as uname(2) gives it; nil where there are none.
    package init?(_ release: String) {
        guard let dot = release[...].place(of: "."), let major = Self.number(release[..<dot]),
            let minor = Self.number(release[...].behind(dot))
        else { return nil }
        self.init(major, minor)
    }

    // The one in front of whatever else there is; nil where there is none, or one that no kernel has.
    private static func number(_ text: Substring) -> Int? {
        var value = 0
        var count = 0
        for byte in text.utf8 {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            count += 1
            if count > 9 { return nil }
        }
        return count > 0 ? value : nil
    }

    /// The running kernel's version (uname(2)); 0.0 where its release is no version.
    package static let running = KernelVersion(KernelFacts.names().release) ?? KernelVersion(0, 0)

    package static func < (one: KernelVersion, other: KernelVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }

    package var description: String { "\(major).\(minor)" }
}
