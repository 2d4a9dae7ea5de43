import Bytes
import Glibc
import Linux
import Testing

@testable import Logs

@Suite struct LogReadingTests {
    private static let drivers = ["json-file", "k8s-file", "local"]

    private func read(
        _ configuration: LogConfiguration, _ folder: TemporaryFolder, tail: Int? = nil, timestamps: Bool = false,
        details: Bool = false, since: Timestamp? = nil, until: Timestamp? = nil
    ) throws -> (output: [UInt8], errorOutput: [UInt8]) {
        let name = Files.split(try #require(configuration.path(directory: "", id: logID))).name
        var reader = LogFileReader(
            try RotatedFiles(name, in: folder.path), try #require(configuration.format), since: since, until: until)
        if let tail { reader.startAtTail(tail) }
        var output = LogOutput(
            LogRendering(timestamps: timestamps, details: details, attributes: configuration.attributes))
        var result: (output: [UInt8], errorOutput: [UInt8]) = ([], [])
        func emit(_ stream: LogStream, _ bytes: [UInt8]) {
            if stream == .output { result.output += bytes } else { result.errorOutput += bytes }
        }
        try reader.readAll { entry in try output.take(entry, emit) }
        try output.flush(emit)
        return result
    }

    private func write(
        _ configuration: LogConfiguration, _ folder: TemporaryFolder, _ chunks: [(LogStream, [UInt8])]
    ) throws {
        var log = try openLog(configuration, folder.path)
        for (stream, bytes) in chunks { log.append(stream, bytes) }
        log.finish()
    }

    @Test(arguments: drivers) func everyByteComesBackOnItsStream(_ driver: String) throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(driver, ["max-size=100k", "max-file=1000"])
        var random = SystemRandomNumberGenerator()
        var chunks: [(LogStream, [UInt8])] = []
        for number in 0..<60 {
            var bytes = (0..<Int.random(in: 1...40_000)).map { _ in UInt8.random(in: 0...255, using: &random) }
            // With lines among them, short and long.
            if number % 2 == 0 { bytes = bytes.map { $0 < 8 ? 10 : $0 } }
            chunks.append((number % 3 == 0 ? .errorOutput : .output, bytes))
        }
        try write(configuration, folder, chunks)
        let result = try read(configuration, folder)
        #expect(result.output == chunks.filter { $0.0 == .output }.flatMap(\.1))
        #expect(result.errorOutput == chunks.filter { $0.0 == .errorOutput }.flatMap(\.1))
    }

    @Test(arguments: drivers) func theTailIsCountedInLinesAcrossFiles(_ driver: String) throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(driver, ["max-size=2k", "max-file=1000"])
        let long = String(repeating: "y", count: 40_000)
        let lines = (0..<300).map { $0 == 290 ? long : "line \($0)" }
        try write(configuration, folder, [(.output, Array((lines.joined(separator: "\n") + "\nrest").utf8))])
        for count in [1, 2, 5, 12, 100, 301, 1000] {
            let expected = (lines + ["rest"]).suffix(count).joined(separator: "\n")
            let shown = String(decoding: try read(configuration, folder, tail: count).output, as: UTF8.self)
            #expect(shown == expected, "\(count)")
        }
        #expect(try read(configuration, folder, tail: 0).output == [])
    }

    @Test(arguments: drivers) func timesComeOnceForEachLine(_ driver: String) throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(driver)
        let long = String(repeating: "z", count: 20_000)
        try write(configuration, folder, [(.output, Array("one\n\(long)\ntwo".utf8))])
        let text = String(decoding: try read(configuration, folder, timestamps: true).output, as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.map { $0.dropFirst(31) } == ["one", long[...], "two"])
        for line in lines {
            let stamp = line.prefix(30)
            #expect(
                stamp.hasPrefix("20") && stamp.hasSuffix("Z") && stamp.count == 30 && line.dropFirst(30).first == " ")
        }
    }

    @Test(arguments: drivers) func detailsAreShownAsDockerDoes(_ driver: String) throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(
            driver, ["labels=b,a", "env=V"], labels: ["a": "1 2", "b": "x=y"], env: ["V=é"])
        try write(configuration, folder, [(.output, Array("line\n".utf8))])
        let text = String(decoding: try read(configuration, folder, details: true).output, as: UTF8.self)
        #expect(text == "V=%C3%A9,a=1+2,b=x%3Dy line\n")
    }

    @Test func linesAreChosenByTime() throws {
        let folder = try TemporaryFolder()
        var lines = ""
        for second in 10..<20 {
            lines += #"{"log":"\#(second)\n","stream":"stdout","time":"2024-05-06T07:08:\#(second).5Z"}"# + "\n"
        }
        try Files.write(Array(lines.utf8), to: "\(folder.path)/\(logID)-json.log")
        let start = try #require(Timestamp(rfc3339: Array("2024-05-06T07:08:12.5Z".utf8)))
        let end = try #require(Timestamp(rfc3339: Array("2024-05-06T07:08:15Z".utf8)))
        let shown = try read(LogConfiguration(), folder, since: start, until: end).output
        #expect(String(decoding: shown, as: UTF8.self) == "12\n13\n14\n")
    }

    @Test func timesAreReadAsTheyAreWritten() {
        for seconds in [0, 951_782_400, 1_700_000_000, 4_102_444_799] {
            for nanoseconds in [0, 1, 500_000_000, 999_999_999] {
                let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
                #expect(Timestamp(rfc3339: Array(time.rfc3339.utf8)) == time)
                #expect(Timestamp(rfc3339: LogTime(time).short) == time)
            }
        }
        #expect(Timestamp(rfc3339: Array("2024-05-06 07:08:12".utf8)) == nil)
    }

    @Test func whatDockerWroteIsRead() throws {
        let folder = try TemporaryFolder()
        let text = #"""
            {"log":"\u0009é\u2028\ud83d\ude00\\\n","stream":"stdout","attrs":{"a":"b"},"time":"2024-05-06T07:08:09.12Z"}
            {"log":"err\n","stream":"stderr","time":"2024-05-06T07:08:09.123456789Z"}
            { "stream" : "stdout" , "other" : [1, {"x": null}], "log" : "spaced\n", "time" : "2024-05-06T07:08:09Z" }
            garbage
            {"log":"last\n","stream":"stdout","time":"2024-05-06T07:08:10Z"}
            {"log":"torn
            """#
        try Files.write(Array(text.utf8), to: "\(folder.path)/\(logID)-json.log")
        let result = try read(LogConfiguration(), folder, timestamps: true)
        #expect(
            String(decoding: result.output, as: UTF8.self) == """
                2024-05-06T07:08:09.120000000Z \té\u{2028}😀\\
                2024-05-06T07:08:09.000000000Z spaced
                2024-05-06T07:08:10.000000000Z last

                """)
        #expect(String(decoding: result.errorOutput, as: UTF8.self) == "2024-05-06T07:08:09.123456789Z err\n")
    }

    // The writer rotates as fast as it can while readers begin at arbitrary moments.
    @Test(arguments: drivers) func readersBesideAWriterLoseAndDoubleNothing(_ driver: String) throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(driver, ["max-size=64k", "max-file=1000"])
        let total = 25_000
        let writer = try BackgroundThread {
            guard var log = try? openLog(configuration, folder.path) else { return }
            for start in stride(from: 0, to: total, by: 37) {
                log.append(.output, Array((start..<min(start + 37, total)).map { "\($0)\n" }.joined().utf8))
            }
            log.finish()
        }
        for round in 0..<6 {
            try Self.follow(configuration, folder, to: round < 4 ? Int.random(in: 1...total) : total)
        }
        writer.join()
    }

    private static func follow(_ configuration: LogConfiguration, _ folder: TemporaryFolder, to goal: Int) throws {
        let name = Files.split(try #require(configuration.path(directory: "", id: logID))).name
        var reader = LogFileReader(
            try RotatedFiles(name, in: folder.path), try #require(configuration.format), since: nil, until: nil)
        var expected = 0
        while expected < goal {
            try reader.readAll { entry throws(LogGap) in
                guard entry.text == Array("\(expected)".utf8), !entry.isPart else {
                    throw LogGap(expected: expected, found: String(decoding: entry.text, as: UTF8.self))
                }
                expected += 1
            }
            sched_yield()
        }
    }

    private struct LogGap: Error {
        let expected: Int
        let found: String
    }
}
