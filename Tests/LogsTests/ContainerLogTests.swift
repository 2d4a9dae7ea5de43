import Bytes
import Logs
import Linux
import Testing

@Suite struct ContainerLogTests {
    private func log(_ configuration: LogConfiguration, _ folder: TemporaryFolder) throws -> ContainerLog {
        try openLog(configuration, folder.path)
    }

    // MARK: formats

    @Test func aJSONFileHasDockersLines() throws {
        let folder = try TemporaryFolder()
        var log = try log(LogConfiguration(), folder)
        log.append(.output, Array("plain \"quoted\" \\ <&> \t\r\u{1}é\u{2028}\n\n".utf8))
        log.append(.errorOutput, Array("oops\nrest".utf8))
        log.finish()
        let lines = try folder.lines("\(logID)-json.log")
        #expect(lines.count == 5 && lines[4] == "")
        let beginnings = [
            #"{"log":"plain \"quoted\" \\ \u003c\u0026\u003e \u0009\r\u0001é\u2028\n","stream":"stdout","time":"20"#,
            #"{"log":"\n","stream":"stdout","time":"20"#,
            #"{"log":"oops\n","stream":"stderr","time":"20"#,
            #"{"log":"rest","stream":"stderr","time":"20"#,
        ]
        for (line, beginning) in zip(lines, beginnings) {
            #expect(line.hasPrefix(beginning) && line.hasSuffix(#"Z"}"#), "\(line)")
        }
    }

    @Test func whatIsNoTextIsKeptBesideWhatDockerWouldWrite() throws {
        let folder = try TemporaryFolder()
        var log = try log(LogConfiguration(), folder)
        log.append(.output, [0x61, 0xFF, 0xC3, 0x62, 0xED, 0xA0, 0x80, 10])
        let line = try folder.lines("\(logID)-json.log")[0]
        #expect(
            line.hasPrefix(
                #"{"log":"a\ufffd\ufffdb\ufffd\ufffd\ufffd\n","stream":"stdout","raw":"Yf/DYu2ggA==","time":"#),
            "\(line)")
    }

    @Test func aKubernetesFileHasTheLinesOfTheRuntimeInterface() throws {
        let folder = try TemporaryFolder()
        var log = try log(try logConfiguration("k8s-file"), folder)
        log.append(.output, Array("one\ntwo".utf8))
        log.append(.errorOutput, Array("three\n".utf8))
        log.finish()
        let lines = try folder.lines("\(logID)-k8s.log")
        #expect(
            lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "stdout F one", "stderr F three", "stdout P two", "",
            ])
        #expect(lines[0].prefix { $0 != " " }.count == 30)
    }

    @Test func aLineThatIsTooLongComesInPartsOfSixteenKibibytesOfOneTime() throws {
        let folder = try TemporaryFolder()
        var log = try log(LogConfiguration(), folder)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 40_000)
        log.append(.output, Array(long[..<30_000]))
        log.append(.output, Array(long[30_000...]) + [10])
        let lines = try folder.lines("\(logID)-json.log").dropLast()
        let texts = lines.map { $0.dropFirst(8).prefix { $0 == "x" }.count }
        #expect(texts == [16384, 16384, 40_000 - 32768])
        #expect(lines.map { $0.contains(#"\n"#) } == [false, false, true])
        #expect(Set(lines.map { $0.suffix(40) }.map { $0.drop { $0 != "2" } }).count <= 1)
    }

    @Test func labelsVariablesAndTheTagAreNotedWithEachLine() throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration(
            "json-file", ["labels=a,b", "env=V", "tag={{.Name}}/{{ .ID }}"], labels: ["a": "1", "c": "2"],
            env: ["V=x=y", "W=z"])
        var log = try log(configuration, folder)
        log.append(.output, Array("line\n".utf8))
        #expect(
            try folder.text("\(logID)-json.log").contains(
                #""stream":"stdout","attrs":{"V":"x=y","a":"1","tag":"web/abababababab"},"time":"#))
    }

    @Test func nothingIsOpenedBeforeTheFirstByte() throws {
        let folder = try TemporaryFolder()
        var log = try log(LogConfiguration(), folder)
        log.finish()
        #expect(try Files.list(folder.path) == [])
    }

    @Test func theDriverNoneKeepsNothing() throws {
        let configuration = try logConfiguration("none")
        let isKept = if ContainerLog(configuration, directory: "/nowhere", id: logID) != nil { true } else { false }
        #expect(!isKept)
    }

    // MARK: rotation

    @Test(arguments: ["json-file", "k8s-file", "local"]) func filesAreRotatedAtWholeLines(_ driver: String) throws {
        let folder = try TemporaryFolder()
        var log = try log(try logConfiguration(driver, ["max-size=1k", "max-file=3"]), folder)
        for number in 0..<100 { log.append(.output, Array("line \(number)\n".utf8)) }
        let names = try Files.list(folder.path).sorted()
        #expect(names.count == 3)
        for name in names {
            let bytes = try Files.read("\(folder.path)/\(name)")
            #expect(bytes.count <= 1024 && bytes.count > 0)
            if driver != "local" { #expect(bytes.last == 10) }
        }
        #expect(try String(decoding: Files.read("\(folder.path)/\(names[0])"), as: UTF8.self).contains("line 99"))
    }

    @Test func oneFileAloneBeginsAnew() throws {
        let folder = try TemporaryFolder()
        var log = try log(try logConfiguration("json-file", ["max-size=1k"]), folder)
        for number in 0..<100 { log.append(.output, Array("line \(number)\n".utf8)) }
        #expect(try Files.list(folder.path) == ["\(logID)-json.log"])
        #expect(try folder.text("\(logID)-json.log").contains("line 99"))
    }

    @Test func aChunkIsSplitBetweenFiles() throws {
        let folder = try TemporaryFolder()
        var log = try log(try logConfiguration("json-file", ["max-size=1k", "max-file=1000"]), folder)
        let numbers = 0..<200
        log.append(.output, Array(numbers.map { "\($0)\n" }.joined().utf8))
        var seen: [Int] = []
        let names = try Files.list(folder.path).sorted { $0.count == $1.count ? $0 > $1 : $0.count > $1.count }
        for name in names {
            for line in try folder.lines(name).dropLast() {
                seen.append(try #require(Int(line.dropFirst(8).prefix { $0.isNumber })))
            }
        }
        #expect(seen == Array(numbers))
    }

    // MARK: what others left

    @Test func theBeginningOfALineThatAKilledWriterLeftIsTakenAway() throws {
        let folder = try TemporaryFolder()
        let name = "\(folder.path)/\(logID)-json.log"
        try Files.write(Array("{\"log\":\"whole\\n\"}\n{\"log\":\"torn".utf8), to: name)
        var log = try log(LogConfiguration(), folder)
        log.append(.output, Array("next\n".utf8))
        let lines = try folder.lines("\(logID)-json.log")
        #expect(lines.count == 3 && lines[0] == #"{"log":"whole\n"}"# && lines[1].hasPrefix(#"{"log":"next\n""#))
    }

    @Test func theBeginningOfAFrameThatAKilledWriterLeftIsTakenAway() throws {
        let folder = try TemporaryFolder()
        let configuration = try logConfiguration("local")
        var first = try log(configuration, folder)
        first.append(.output, Array("whole\n".utf8))
        let name = "\(folder.path)/\(logID)-local.log"
        let whole = try Files.read(name)
        try FileDescriptor.open(name, 1 | 0o2000).writeAll([40, 0, 0, 0, 1])
        var second = try log(configuration, folder)
        second.append(.output, Array("whole\n".utf8))
        #expect(try Files.read(name).count == 2 * whole.count)
    }

    @Test func aDirectoryThatIsGoneLosesTheLineAndNothingElse() throws {
        let folder = try TemporaryFolder()
        var log = try openLog(LogConfiguration(), folder.path + "/gone")
        log.append(.output, Array("lost\n".utf8))
        try Files.makeDirectory(folder.path + "/gone")
        log.append(.output, Array("kept\n".utf8))
        #expect(try folder.lines("gone/\(logID)-json.log").count == 2)
    }
}

@Suite struct LogOptionTests {
    private func refusal(_ driver: String, _ options: [String]) -> String {
        do {
            _ = try logConfiguration(driver, options)
            return ""
        } catch { return "\(error)" }
    }

    @Test func optionsAreCheckedAgainstTheDriver() {
        #expect(refusal("json-file", ["x=y"]) == "unknown log opt 'x' for json-file log driver")
        #expect(refusal("none", ["max-size=1m"]).contains("unknown log opt 'max-size' for none"))
        #expect(refusal("json-file", ["max-size=x"]).contains("invalid size: 'x'"))
        #expect(refusal("json-file", ["max-file=0"]).contains("max-file cannot be less than 1"))
        #expect(refusal("json-file", ["compress=true"]).contains("is refused"))
        #expect(refusal("json-file", ["compress=false"]) == "")
        #expect(refusal("json-file", ["mode=fast"]).contains("not supported"))
        #expect(refusal("json-file", ["tag={{.Nope}}"]).contains("is refused"))
        #expect(refusal("syslog", []).contains("is refused"))
        #expect(refusal("nonsense", []) == "error looking up logging plugin nonsense: plugin \"nonsense\" not found")
        #expect(refusal("json-file", ["max-size"]).contains("invalid size: ''"))
    }

    @Test func filesAreRotatedUnlessAskedOtherwise() throws {
        let standard = try logConfiguration("json-file")
        #expect(standard.maximumSize == 20 << 20 && standard.maximumFiles == 10)
        let one = try logConfiguration("json-file", ["max-size=5m"])
        #expect(one.maximumSize == 5 << 20 && one.maximumFiles == 1)
        #expect(try logConfiguration("json-file", ["max-size=-1"]).maximumSize == 0)
    }
}
