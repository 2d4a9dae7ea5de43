import Glibc
import Linux
import Testing

@testable import Runtime

/// The engine's side of a process's streams; the tests are the process.
@Suite struct ProcessStreamsTests {
    private func turn(_ streams: inout ProcessStreams, output: Bool = true) throws -> ProcessStreams.Moved {
        var poll = PollSet()
        let places = streams.watch(in: &poll, output: output)
        _ = try poll.wait(milliseconds: 0)
        return streams.move(places, poll)
    }

    @Test func inputThatThePipeHasNoRoomForIsTakenPieceByPiece() throws {
        var pipe = try FileDescriptor.pipe()
        let process = pipe.takeFirst()
        var streams = ProcessStreams()
        streams.input = pipe.takeSecond()
        streams.makeNonBlocking()
        let piece = (0..<ProcessStreams.largestChunk).map { UInt8(truncatingIfNeeded: $0) }
        var taken = 0
        for _ in 0..<4 { taken += streams.write(piece) }
        #expect(taken < 4)
        let waits = streams.isBehind
        #expect(waits)
        streams.endInput()
        var heard: [UInt8] = []
        // The pipe is closed behind the last piece, and not before.
        while true {
            var bytes = [UInt8](repeating: 0, count: 10_000)
            let got = read(process.rawValue, &bytes, bytes.count)
            guard got > 0 else { break }
            heard += bytes[..<got]
            taken += try turn(&streams).taken
        }
        #expect(heard == piece + piece + piece + piece)
        #expect(taken == 4)
        let isBehind = streams.isBehind
        #expect(!isBehind)
    }

    @Test func inputBehindTheEndOrWithoutAReaderIsDropped() throws {
        Signals.ignoreBrokenPipe()
        var streams = ProcessStreams()
        #expect(streams.write([1]) == 1)
        do {
            var pipe = try FileDescriptor.pipe()
            _ = pipe.takeFirst()
            streams.input = pipe.takeSecond()
        }
        #expect(streams.write([1]) == 1)
        streams.endInput()
        let takesInput = streams.takesInput || streams.input != nil
        #expect(!takesInput)
        #expect(streams.write([1]) == 1)
        let isBehind = streams.isBehind
        #expect(!isBehind)
    }

    @Test func eachSourceGivesOneChunkATurnAndWhatIsLeftAtTheEnd() throws {
        var first = try FileDescriptor.pipe()
        var second = try FileDescriptor.pipe()
        var streams = ProcessStreams()
        streams.output = first.takeFirst()
        streams.errorOutput = second.takeFirst()
        streams.makeNonBlocking()
        do {
            let output = first.takeSecond()
            let errorOutput = second.takeSecond()
            try output.writeAll(Array(repeating: 111, count: 40_000))
            try errorOutput.writeAll(Array("error".utf8))
            #expect(try turn(&streams, output: false).chunks.isEmpty)
            let chunks = try turn(&streams).chunks
            #expect(chunks.map(\.source) == [.output, .errorOutput])
            #expect(chunks[0].data.count == ProcessStreams.largestChunk)
            #expect(chunks[1].data == Array("error".utf8))
        }
        let rest = streams.drain()
        #expect(rest.map(\.data.count) == [40_000 - ProcessStreams.largestChunk])
        // The ends of both pipes were seen.
        let isOpen = streams.output != nil || streams.errorOutput != nil
        #expect(!isOpen)
    }

    @Test func aTerminalThatNobodyHasOpenIsNoEnd() throws {
        let terminal = try PseudoTerminal()
        var streams = ProcessStreams()
        streams.terminal = try terminal.master.duplicate()
        streams.makeNonBlocking()
        for _ in 0..<3 {
            do {
                let program = try FileDescriptor.open(terminal.path, O_RDWR | O_NOCTTY)
                try program.writeAll(Array("word".utf8))
            }
            #expect(try turn(&streams).chunks.map(\.data) == [Array("word".utf8)])
            #expect(try turn(&streams).chunks.isEmpty)
        }
        let isOpen = streams.terminal != nil
        #expect(isOpen)
    }
}
