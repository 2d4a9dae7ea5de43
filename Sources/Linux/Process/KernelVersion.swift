import Glibc

/// A version of the kernel as far as features depend on it: "6.1" of "6.1.0-18-amd64".
package struct KernelVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The two leading numbers of a release as uname(2) gives it; nil where there are none.
    package init?(_ release: some StringProtocol) {
        let parts = release.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        func number(_ bytes: some Sequence<UInt8>) -> Int? {
            let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            return Int(String(decoding: Array(digits), as: UTF8.self))
        }
        guard parts.count >= 2, let major = number(parts[0]), let minor = number(parts[1]) else { return nil }
        self.init(major, minor)
    }

    /// The running kernel's version (uname(2)); 0.0 where its release is no version.
    package static var running: KernelVersion {
        var names = utsname()
        guard uname(&names) == 0 else { return KernelVersion(0, 0) }
        return withUnsafeBytes(of: &names.release) { bytes in
            KernelVersion(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)) ?? KernelVersion(0, 0)
        }
    }

    package static func < (one: KernelVersion, other: KernelVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }

    package var description: String { "\(major).\(minor)" }
}
