import Glibc
import Linux
import Store
import Testing

@Suite struct ContainerStateTests {
    let store: TemporaryStore
    var containers: ContainerStore { store.containers }
    let id: String

    init() throws {
        store = try TemporaryStore()
        id = try store.containers.create(name: nil).id
        try store.containers.writeRecord(
            ContainerRecord(image: nil, layers: [], body: []), of: id, isEphemeral: false)
    }

    func running(supervisor: ProcessIdentity?) -> ContainerState {
        var state = ContainerState(.running)
        state.supervisor = supervisor
        state.process = supervisor
        state.startedAt = "2026-11-22T14:05:09.012345678Z"
        return state
    }

    @Test func everyPartComesBackAsItWas() {
        var state = ContainerState(.exited)
        state.process = ProcessIdentity(pid: 42, startTime: 123_456_789)
        state.supervisor = ProcessIdentity(pid: 43, startTime: 5)
        state.startedAt = "2026-11-22T14:05:09.012345678Z"
        state.finishedAt = "2026-11-22T14:05:10.000000000Z"
        state.exitCode = -1
        state.isOutOfMemory = true
        state.error = "exec \"a=b\\n\":\nno such file\\"
        state.restartCount = 3
        #expect(ContainerState(state.encoded()) == state)
        #expect(state.encoded().split(separator: 10).allSatisfy { $0.contains(UInt8(ascii: "=")) })
    }

    @Test func aStateThatWasCutOffIsNone() {
        let bytes = running(supervisor: .current()).encoded()
        for length in 0..<bytes.count - 1 where bytes[max(0, length - 1)] != 10 {
            #expect(ContainerState(Array(bytes[..<length])) == nil)
        }
    }

    @Test func aContainerWithoutAStateIsCreated() throws {
        #expect(try containers.state(id).status == .created)
    }

    @Test func aLivingSupervisorIsBelieved() throws {
        let state = running(supervisor: .current())
        try containers.writeState(state, of: id)
        #expect(try containers.state(id) == state)
    }

    @Test func withoutItsSupervisorAContainerWasKilledAlongWithIt() throws {
        let own = try #require(ProcessIdentity.current())
        // The number is alive, but of a process that started at another time.
        try containers.writeState(
            running(supervisor: ProcessIdentity(pid: own.pid, startTime: own.startTime &+ 1)), of: id)
        let state = try containers.state(id)
        #expect(state.status == .exited && state.exitCode == 137 && state.process == nil)
        #expect(state.startedAt != nil && state.error != nil)
    }

    @Test func theFinalStateOutlivesTheRunDirectory() throws {
        var state = running(supervisor: nil)
        state.status = .exited
        state.exitCode = 7
        try containers.writeFinalState(state, of: id, isEphemeral: false)
        try Files.removeTree(containers.runDirectory(id))
        #expect(try containers.state(id) == state)
    }

    @Test func aNewRunHidesTheLastEnd() throws {
        var last = ContainerState(.exited)
        last.exitCode = 7
        try containers.writeFinalState(last, of: id, isEphemeral: false)
        try containers.writeState(running(supervisor: .current()), of: id)
        #expect(try containers.state(id).status == .running)
    }

    @Test func aHeldContainerWhoseRunDirectoryIsGoneIsRunning() throws {
        let hold = try containers.hold(id)
        try Files.removeTree(containers.runDirectory(id))
        #expect(try containers.state(id).status == .running)
        _ = consume hold
        #expect(try containers.state(id).status == .created)
    }

    @Test func theStateOfAnEphemeralContainerIsNotWrittenToTheDisk() throws {
        try containers.writeFinalState(ContainerState(.exited), of: id, isEphemeral: true)
        #expect(!Files.exists(containers.directory(id) + "/state"))
    }
}
