import Bytes
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

    /// Where file systems of these types are mounted, of all mounts that are not below `path`. Throws `SystemError`.
    package static func places(of types: [String], notBelow path: String) throws(SystemError) -> [String] {
        let text = try Files.readText("/proc/self/mountinfo", limit: 16 << 20)
        var found: [String] = []
        for line in text.split(on: "\n") {
            let fields = line.split(on: " ")
            guard fields.count > 4, let dash = fields.lastIndex(of: "-"), dash + 1 < fields.count,
                types.contains(where: { $0.utf8.elementsEqual(fields[dash + 1].utf8) })
            else { continue }
            let place = unescaped(fields[4])
            let isBelow =
                place.utf8.starts(with: path.utf8)
                && (place.utf8.count == path.utf8.count
                    || place.utf8.dropFirst(path.utf8.count).first == UInt8(ascii: "/"))
            if !isBelow { found.append(place) }
        }
        return found
    }

    static func below(_ prefix: String, in text: String) -> [String] {
        var found: Set<ByteKey> = []
        for line in text.split(on: "\n") {
            let fields = line.split(on: " ")
            guard fields.count > 4 else { continue }
            let point = unescaped(fields[4])
            if point.utf8.starts(with: prefix.utf8), point.utf8.count > prefix.utf8.count {
                found.insert(ByteKey(String(decoding: point.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)))
            }
        }
        return found.sorted().map(\.text)
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
