import Bytes

/// A time as HTTP has it (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Seconds since 1970; nil for what is none.
    package static func seconds(of text: String) -> Int? {
        let words = text.split(on: " ").map(String.init)
        guard words.count == 6, words[5].isSame(as: "GMT"), let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(where: { $0.isSame(as: words[2]) })
        else { return nil }
        let clock = words[4].split(on: ":", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard clock.count == 3, (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(clock[0]),
            (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        // Days since 1970-01-01 of the civil calendar, whose years begin in March here.
        let (y, m) = month < 2 ? (year - 1, month + 10) : (year, month - 2)
        let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468
        return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }
}
