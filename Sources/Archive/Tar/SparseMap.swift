/// Where the parts of a sparse file lie (the GNU tar manual, "Storing Sparse Files").
struct SparseMap {
    /// The parts that hold data, in rising order.
    let parts: [Range<Int>]
    /// The size of the file in bytes, holes included.
    let size: Int

    static let maximumParts = 1 << 20

    /// `numbers` are offsets and lengths in turn; `stored` is the number of bytes in the archive.
    /// Throws `ArchiveError.malformed` unless they fit together.
    init(_ numbers: [Int], size: Int, stored: Int) throws(ArchiveError) {
        let bad = ArchiveError.malformed("the map of a sparse file is invalid")
        guard numbers.count.isMultiple(of: 2), size >= 0 else { throw bad }
        var parts: [Range<Int>] = []
        var end = 0
        var total = 0
        for index in stride(from: 0, to: numbers.count, by: 2) {
            let (offset, length) = (numbers[index], numbers[index + 1])
            guard offset >= end, length >= 0, offset <= size, length <= size - offset else { throw bad }
            end = offset + length
            total += length
            if length > 0 { parts.append(offset..<end) }
        }
        guard total == stored else { throw bad }
        self.parts = parts
        self.size = size
    }

    /// The numbers in an old GNU header of type "S" and in the blocks that continue it, and the size that it
    /// gives. Throws `ArchiveError`.
    static func old(
        _ header: TarHeader, _ next: () throws(ArchiveError) -> [UInt8]?
    ) throws(ArchiveError) -> (numbers: [Int], size: Int) {
        var numbers: [Int] = []
        func take(_ block: [UInt8], _ range: Range<Int>) throws(ArchiveError) {
            // Unused places are zeros.
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 24) where block[start] != 0 {
                guard let offset = TarHeader.number(block[start..<(start + 12)]),
                    let length = TarHeader.number(block[(start + 12)..<(start + 24)]), offset >= 0, length >= 0
                else { throw .malformed("the map of a sparse file is invalid") }
                numbers += [offset, length]
            }
        }
        try take(header.block, 386..<482)
        var continues = header.block[482] != 0
        while continues {
            guard let block = try next(), numbers.count < maximumParts * 2 else {
                throw .malformed("the map of a sparse file is invalid")
            }
            try take(block, 0..<504)
            continues = block[504] != 0
        }
        return (numbers, try header.field(483..<495))
    }
}
