/// Processors or memory nodes in the form of cpuset(7), "0-3,7".
package struct NumberList: Equatable {
    /// A bit for each, the lowest first.
    package private(set) var mask: [UInt64] = []

    /// Nil for a text that is no such list.
    package init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = Int(ends[0]), let last = ends.count == 2 ? Int(ends[1]) : first, ends.count <= 2,
                first >= 0, first <= last, last < 8192
            else { return nil }
            while mask.count <= last / 64 { mask.append(0) }
            for number in first...last { mask[number / 64] |= 1 << UInt64(number % 64) }
        }
    }

    /// The numbers themselves, in their order.
    package var numbers: [Int] {
        mask.indices.flatMap { word in (0..<64).filter { mask[word] >> UInt64($0) & 1 == 1 }.map { word * 64 + $0 } }
    }
}
