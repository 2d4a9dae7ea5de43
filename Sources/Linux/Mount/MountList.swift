import Glibc

/// The mounts of the calling process's namespace (`/proc/self/mountinfo`, proc_pid_mountinfo(5)).
package enum MountList {
    /// Where something is mounted below `path`, relative to it, the outer before the inner. Throws `SystemError`.
    package static func below(_ path: String) throws(SystemError) -> [String] {
        guard let real = realpath(path, nil) else { throw SystemError("realpath", path) }
        defer { free(real) }
        let whole = String(cString: real)
        let prefix = whole == "/" ? whole : whole + "/"
        let text = try Files.readText("/proc/self/mountinfo", limit: 16 << 20)
        return below(prefix, in: text)
    }

    static func below(_ prefix: String, in text: String) -> [String] {
        var found: Set<String> = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 4 else { continue }
            let point = unescaped(fields[4])
            if point.utf8.starts(with: prefix.utf8), point.utf8.count > prefix.utf8.count {
                found.insert(String(decoding: point.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
            }
        }
        return found.sorted()
    }

    // Blanks, line feeds and backslashes are written as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3, rest.first != UInt8(ascii: "+"),
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
