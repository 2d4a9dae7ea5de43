import Glibc
import Linux

/// How much of each piece of a blob is there, and how a file says it: in a table behind the place of the blob's last byte.
///
/// A blob of up to 64 MiB is one piece. Pieces of larger ones can come side by side.
struct PieceTable: Equatable {
    /// Of the blob, in bytes.
    let size: Int64
    /// Of a piece, in bytes; the last may be shorter.
    let length: Int64
    /// The bytes that are there from the beginning of each piece.
    private(set) var counts: [Int64]
    /// The first piece that is not whole; the number of pieces where all are.
    private var front = 0
    /// The bytes that are there altogether.
    private(set) var received: Int64 = 0

    /// The largest blob that has a table, in bytes. What follows from it fits into an `Int64`.
    static let limit: Int64 = 1 << 60
    private static let single: Int64 = 64 << 20
    private static let usual: Int64 = 16 << 20
    private static let most: Int64 = 4096
    private static let mark: [UInt8] = Array("apus-p01".utf8)

    /// Nothing is there. `size` is in 0...`limit`.
    init(size: Int64) {
        self.size = size
        if size <= Self.single {
            length = max(size, 1)
        } else {
            // Whole MiB, so that no block of a file system is in two pieces.
            let mebibyte: Int64 = 1 << 20
            let least = (size + Self.most - 1) / Self.most
            length = max(Self.usual, (least + mebibyte - 1) / mebibyte * mebibyte)
        }
        counts = Array(repeating: 0, count: Int((size + length - 1) / length))
    }

    /// What a file of a blob of `size` bytes that ends with `bytes` says; nil where that is no such table.
    init?(size: Int64, decoding bytes: [UInt8]) {
        self.init(size: size)
        guard bytes.count == encodedSize, bytes.starts(with: Self.mark), Self.number(bytes, at: 8) == size else {
            return nil
        }
        for piece in counts.indices {
            let count = Self.number(bytes, at: place(of: piece))
            guard (0...range(of: piece).count64).contains(count) else { return nil }
            set(piece, count)
        }
    }

    /// All is there.
    var isWhole: Bool { front == counts.count }
    /// The end of what is there without a gap from the beginning, in bytes.
    var end: Int64 { isWhole ? size : Int64(front) * length + counts[front] }
    /// What is not there, in order: of each piece the rest.
    var missing: [Range<Int64>] {
        counts.indices.compactMap { piece in
            let range = range(of: piece)
            let rest = range.lowerBound + counts[piece]..<range.upperBound
            return rest.isEmpty ? nil : rest
        }
    }

    /// Where in the blob the piece is.
    func range(of piece: Int) -> Range<Int64> {
        let start = Int64(piece) * length
        return start..<min(start + length, size)
    }

    /// The piece that the byte at `offset` is in.
    func piece(at offset: Int64) -> Int { Int(offset / length) }

    /// `count` bytes of `piece` are there.
    mutating func set(_ piece: Int, _ count: Int64) {
        received += count - counts[piece]
        counts[piece] = count
        while front < counts.count, counts[front] == range(of: front).count64 { front += 1 }
    }

    /// All is there, or so it is said.
    mutating func setAll() { for piece in counts.indices { set(piece, range(of: piece).count64) } }

    // MARK: in a file

    /// The size of the table, in bytes.
    var encodedSize: Int { 16 + 8 * counts.count }

    /// Where in the table the count of `piece` is.
    func place(of piece: Int) -> Int { 16 + 8 * piece }

    var encoded: [UInt8] {
        Self.mark + Self.bytes(size) + counts.flatMap(Self.bytes)
    }

    static func bytes(_ number: Int64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

    private static func number(_ bytes: [UInt8], at place: Int) -> Int64 {
        bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int64($1) }
    }
}

extension Range<Int64> {
    /// The number of its members.
    fileprivate var count64: Int64 { upperBound - lowerBound }
}
