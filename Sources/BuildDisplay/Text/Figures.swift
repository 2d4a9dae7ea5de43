import Glibc
import Linux

/// Numbers as BuildKit's client writes them.
enum Figures {
    /// `value` with `digits` digits behind the point.
    static func decimal(_ value: Double, digits: Int) -> String {
        var buffer = [CChar](repeating: 0, count: 400)
        withVaList([CInt(digits), value]) { arguments in _ = vsnprintf(&buffer, buffer.count, "%.*f", arguments) }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A span for a step: "1.2s".
    static func span(_ seconds: Double) -> String { decimal(seconds, digits: 1) + "s" }

    /// When a line was written, in seconds since its step began: four digits in all, as long as there is room for a fraction.
    static func moment(_ seconds: Double) -> String {
        decimal(seconds, digits: seconds < 10 ? 3 : seconds < 100 ? 2 : 1)
    }

    /// Bytes in powers of 1000: "81B", "2.30MB".
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(count)
        var unit = 0
        while abs(value) >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return decimal(value, digits: unit == 0 ? 0 : 2) + units[unit]
    }

    /// How much of a part is done: "1.00MB / 2.30MB", "81B"; empty where nothing is counted.
    static func progress(_ done: Int64, of total: Int64) -> String {
        if total != 0 { return "\(bytes(done)) / \(bytes(total))" }
        return done == 0 ? "" : bytes(done)
    }
}

extension Timestamp {
    /// Seconds from this moment until `other`; 0 where that is in front of it, as after somebody has set the clock.
    func seconds(until other: Timestamp) -> Double {
        let whole = Double(other.seconds) - Double(seconds)
        return max(0, whole + Double(other.nanoseconds - nanoseconds) / 1e9)
    }
}
