import OCI
import Testing

@testable import Cgroups

/// The form of messages, against bytes worked out by hand from the specification and against what was written.
@Suite struct BusTests {
    @Test func valuesAreAlignedFromTheStart() {
        var writer = BusWriter()
        writer.write(.byte(1))
        writer.write(.uint32(2))
        writer.write(.string("ab"))
        writer.write(.uint64(3))
        #expect(
            writer.bytes == [
                1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 97, 98, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func theLengthOfAnArrayLeavesOutThePaddingBeforeIt() {
        var writer = BusWriter()
        writer.write(.array("(s)", [.structure([.string("x")])]))
        #expect(writer.bytes == [6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 120, 0])
    }

    @Test func aCallIsReadBackAsItWasWritten() throws {
        var message = SystemdCalls.startTransientUnit(
            "x.scope",
            SystemdCalls.scopeProperties(
                .init(name: "x.scope", slice: "a.slice", description: "d"), processes: [1, 2], limits: []), bus: true)
        message.serial = 7
        let bytes = message.encoded()
        #expect(try BusMessage.length(bytes) == bytes.count)
        #expect(try BusMessage.decode(bytes) == message)
        for cut in [0, 8, 15] { #expect(try BusMessage.length(Array(bytes[..<cut])) == nil) }
    }

    @Test func bytesThatAreNoMessageAreRefusedAndNeverReadBeyond() throws {
        var message = BusMessage.call("a.b", "/", "a.b", "M", [.array("s", [.string("x"), .string("yy")]), .byte(1)])
        message.serial = 1
        let bytes = message.encoded()
        for place in bytes.indices {
            for value in [UInt8(0), 1, 127, 255] {
                var changed = bytes
                changed[place] = value
                // Nothing to compare with: it must come to an end, and not trap.
                guard let length = try? BusMessage.length(changed), length <= changed.count else { continue }
                _ = try? BusMessage.decode(changed)
            }
        }
        for count in 16..<bytes.count {
            #expect(throws: BusReader.Malformed.self) { try BusMessage.decode(Array(bytes[..<count])) }
        }
    }

    @Test func addressesOfBusesAreTakenApart() {
        #expect(BusAddress.sockets("unix:path=/run/user/1000/bus") == ["/run/user/1000/bus"])
        #expect(
            BusAddress.sockets("tcp:host=x;unix:abstract=/tmp/a%20b,guid=12;unix:path=/c") == ["@/tmp/a b", "/c"])
        #expect(BusAddress.sockets("") == [])
    }

    @Test func limitsBecomePropertiesOfTheUnit() throws {
        #expect(SystemdCalls.bits("0-1,9") == [3, 2])
        #expect(SystemdCalls.bits("a") == nil)
        var settings = RuntimeSpecLimits()
        settings.quota = 25_000
        #expect(
            try settings.properties == [
                SystemdCalls.property("TasksMax", .uint64(7)), SystemdCalls.property("MemoryMax", .uint64(.max)),
                SystemdCalls.property("CPUQuotaPerSecUSec", .uint64(500_000)),
                SystemdCalls.property("CPUQuotaPeriodUSec", .uint64(50_000)),
                SystemdCalls.property("AllowedCPUs", .bytes([1])),
            ])
    }
}

private struct RuntimeSpecLimits {
    var quota: Int64 = 0

    var properties: [BusValue] {
        get throws {
            var resources = RuntimeSpec.Resources()
            resources.pids = .init(limit: 7)
            resources.memory = .init()
            resources.memory?.limit = -1
            resources.cpu = .init()
            resources.cpu?.quota = quota
            resources.cpu?.period = 50_000
            resources.cpu?.cpus = "0"
            return SystemdCalls.limits(try CgroupSettings(resources))
        }
    }
}
