import Testing

@testable import Dockerfile

@Suite struct ReaderTests {
    @Test func instructionsHaveTheirLinesAndText() throws {
        let file = try Dockerfile(Array("FROM scratch\nRUN a \\\n  # c\n\n  b\nCOPY <<-E /x\n\ty\n\tE\n".utf8))
        let instructions = file.stages[0].instructions
        #expect(instructions.map(\.lines) == [LineRange(2, 5), LineRange(6, 8)])
        #expect(instructions[0].source == "RUN a   b")
        #expect(file.emptyContinuations == [LineRange(5, 5)])
        #expect(instructions[1].heredocs.map(\.text) == [Array("y\n".utf8)])
    }
}
