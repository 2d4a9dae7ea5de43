import Bytes
import Logs
import Glibc
import Linux
import Testing

@Suite struct EventLogTests {
    private func store(_ folder: TemporaryFolder) -> EventLog {
        EventLog(directory: folder.path)
    }

    @Test func anEventHasDockersJSON() throws {
        let folder = try TemporaryFolder()
        var attributes = Event.attributes(name: "web", image: "busybox", labels: ["a": "\"1\""])
        attributes["exitCode"] = "3"
        let time = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
        let event = Event(.container, "die", id: logID, attributes: attributes, at: time)
        store(folder).append([event, Event(.image, "pull", id: "busybox:latest", attributes: ["name": "busybox"])])
        let lines = try folder.lines("events.log")
        #expect(
            lines[0]
                == #"{"status":"die","id":"\#(logID)","from":"busybox","Type":"container","Action":"die","#
                + #""Actor":{"ID":"\#(logID)","Attributes":{"a":"\"1\"","exitCode":"3","image":"busybox","name":"web"}},"#
                + #""scope":"local","time":1700000000,"timeNano":1700000000000000005}"#)
        #expect(lines[1].hasPrefix(#"{"status":"pull","id":"busybox:latest","Type":"image","Action":"pull","#))
        #expect(lines.count == 3)
    }

    @Test func whatNamesHaveInThemSpoilsNoLine() throws {
        let folder = try TemporaryFolder()
        let event = Event(
            .network, "connect \"a\"", id: "n\n\u{1}", attributes: ["type": "b\\", "container": "<é>", "": ""],
            at: Timestamp(seconds: 7, nanoseconds: 1))
        store(folder).append([event, Event(.volume, "destroy", id: "v", at: Timestamp(seconds: 7))])
        let lines = try folder.lines("events.log")
        #expect(
            lines[0]
                == #"{"Type":"network","Action":"connect \"a\"","Actor":{"ID":"n\n\u0001","#
                + #""Attributes":{"":"","container":"<é>","type":"b\\"}},"scope":"local","time":7,"timeNano":7000000001}"#
        )
        #expect(
            lines[1]
                == #"{"Type":"volume","Action":"destroy","Actor":{"ID":"v","Attributes":{}},"scope":"local","time":7,"#
                + #""timeNano":7000000000}"#)
    }

    @Test func aTornLineSpoilsNoOther() throws {
        let folder = try TemporaryFolder()
        try Files.write(Array(#"{"Type":"cont"#.utf8), to: folder.path + "/events.log")
        store(folder).append([Event(.container, "start", id: "x")])
        let lines = try folder.lines("events.log")
        #expect(lines.count == 3 && lines[1].hasPrefix("{\"status\":\"start\""))
    }

    @Test func itIsRotatedBySizeAndKeepsFiveFiles() throws {
        let folder = try TemporaryFolder()
        let log = store(folder)
        let large = String(repeating: "x", count: 500_000)
        for number in 0..<40 { log.append([Event(.container, "\(number)", id: large)]) }
        let names = try Files.list(folder.path).sorted()
        #expect(names.count <= 5 && names.contains("events.log.4"))
        for name in names { #expect(try Files.status("\(folder.path)/\(name)").size < 3 << 20) }
    }
}
