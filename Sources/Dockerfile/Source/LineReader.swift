import Bytes

/// Takes a Dockerfile apart into instructions: parser directives, comments, continuations and here-documents. Each byte is looked
/// at a fixed number of times.
struct LineReader {
    /// How many here-documents one instruction may have.
    static let heredocLimit = 1000
    /// How many bytes an instruction may have without its here-documents.
    static let instructionLimit = 16 << 20

    let source: SourceText
    private(set) var directives = ParserDirectives()
    /// Where a continuation has an empty line in it: the instruction's last line, as BuildKit reports it.
    private(set) var emptyContinuations: [LineRange] = []
    private var number = 0
    private var readsDirectives = true
    private var comments: [String] = []

    init(_ source: SourceText) { self.source = source }

    /// Reads all instructions.
    mutating func read() throws(DockerfileError) -> [LogicalLine] {
        var result: [LogicalLine] = []
        while let line = try next() { result.append(line) }
        return result
    }

    private mutating func next() throws(DockerfileError) -> LogicalLine? {
        while number < source.count {
            number += 1
            let raw = source.content(number)
            let line = Blanks.trimmedFront(raw)
            if try isDirective(line) { continue }
            if line.first == UInt8(ascii: "#") {
                note(raw)
            } else if !line.isEmpty {
                return try instruction(from: line)
            }
        }
        return nil
    }

    private mutating func isDirective(_ line: ArraySlice<UInt8>) throws(DockerfileError) -> Bool {
        guard readsDirectives else { return false }
        readsDirectives = try directives.take(line, number: number)
        return readsDirectives
    }

    // An empty comment parts what is above it from the instruction.
    private mutating func note(_ raw: ArraySlice<UInt8>) {
        let comment = Blanks.trimmed(raw.dropFirst())
        if comment.isEmpty {
            comments = []
        } else if comments.count < 100 {
            comments.append(String(decoding: comment, as: UTF8.self))
        }
    }

    private mutating func instruction(from line: ArraySlice<UInt8>) throws(DockerfileError) -> LogicalLine {
        let first = number
        var text: [UInt8] = []
        var continues = append(line, to: &text)
        var hasEmptyLine = false
        while continues, number < source.count {
            number += 1
            let content = source.content(number)
            let rest = Blanks.trimmedFront(content)
            if rest.first == UInt8(ascii: "#") { continue }
            if rest.isEmpty {
                hasEmptyLine = true
                continue
            }
            continues = append(content, to: &text)
            guard text.count <= Self.instructionLimit else {
                throw DockerfileError(
                    "the instruction is longer than \(Self.instructionLimit >> 20) MiB, which is refused",
                    [LineRange(first, number)])
            }
        }
        if hasEmptyLine { emptyContinuations.append(LineRange(number, number)) }
        // What is no UTF-8 becomes U+FFFD, as in BuildKit.
        let valid = Array(String(decoding: text, as: UTF8.self).utf8)
        let heredocs = try heredocs(of: valid, first: first)
        defer { comments = [] }
        return LogicalLine(text: valid, lines: LineRange(first, number), comments: comments, heredocs: heredocs)
    }

    // A line goes on where it ends with one escape letter; two of them are an escaped one.
    private func append(_ line: ArraySlice<UInt8>, to text: inout [UInt8]) -> Bool {
        var end = line.endIndex
        while end > line.startIndex, line[end - 1] == 32 || line[end - 1] == 9 { end -= 1 }
        let continues =
            end > line.startIndex && line[end - 1] == directives.escape
            && (end - 1 == line.startIndex || line[end - 2] != directives.escape)
        text += continues ? line[..<(end - 1)] : line
        return continues
    }

    private mutating func heredocs(of text: [UInt8], first: Int) throws(DockerfileError) -> [Heredoc] {
        guard HeredocWords.mayHold(text, escape: directives.escape) else { return [] }
        let announced: [Heredoc]
        do throws(Fault) { announced = try HeredocWords.all(in: text) } catch {
            throw DockerfileError(error, in: LineRange(first, number), isOfInstruction: false)
        }
        guard announced.count <= Self.heredocLimit else {
            throw DockerfileError(
                "more than \(Self.heredocLimit) here-documents in one instruction are refused",
                [LineRange(first, number)])
        }
        var result: [Heredoc] = []
        for heredoc in announced { result.append(heredoc.filled(try content(of: heredoc, first: first))) }
        return result
    }

    private mutating func content(of heredoc: Heredoc, first: Int) throws(DockerfileError) -> [UInt8] {
        let start = number < source.count ? source.range(number + 1).lowerBound : source.bytes.count
        let end = Array(heredoc.name.utf8)
        while number < source.count {
            number += 1
            var line = source.content(number)
            if heredoc.isChomped { line = line.drop { $0 == 9 } }
            if line.elementsEqual(end) { return Array(source.bytes[start..<source.range(number).lowerBound]) }
        }
        throw DockerfileError("unterminated heredoc", [LineRange(first, number)])
    }
}
