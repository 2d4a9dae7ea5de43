import Glibc

/// Sizes for people, in the forms of Docker's go-units.
package enum HumanSize {
    /// `bytes` in powers of 1000 with `digits` significant digits: "1.23MB".
    package static func decimal(_ bytes: Int64, digits: Int = 4) -> String {
        scaled(Double(bytes), 1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"], digits)
    }

    /// `bytes` in powers of 1024 with four significant digits: "1.5GiB".
    package static func binary(_ bytes: Int64) -> String {
        scaled(Double(bytes), 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"], 4)
    }

    private static func scaled(_ size: Double, _ base: Double, _ units: [String], _ digits: Int) -> String {
        var size = size
        var unit = 0
        while size >= base, unit < units.count - 1 {
            size /= base
            unit += 1
        }
        var buffer = [CChar](repeating: 0, count: 64)
        withVaList([CInt(digits), size]) { arguments in _ = vsnprintf(&buffer, buffer.count, "%.*g", arguments) }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + units[unit]
    }
}
