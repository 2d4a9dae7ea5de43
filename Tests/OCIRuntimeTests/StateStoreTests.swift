import Glibc
import Linux
import Testing

@testable import OCIRuntime

/// The state of containers on disk, with creations that were killed.
@Suite struct StateStoreTests {
    private func with<R>(_ body: (StateStore) throws -> R) throws -> R {
        let root = "/tmp/apus-oci-state.\(randomHex(bytes: 6))"
        defer { try? Files.removeTree(root) }
        return try body(StateStore(root: root))
    }

    private let record = ContainerRecord(
        id: "c", process: ProcessIdentity(pid: 1, startTime: .max), bundle: "/b", rootfs: "/b/rootfs", created: "now",
        owner: "root", cgroup: "/sys/fs/cgroup/c", scope: nil)

    @Test func aRecordIsReadAsItWasWritten() throws {
        #expect(try ContainerRecord(record.bytes, path: "state.json") == record)
        #expect(throws: OCIError.self) { try ContainerRecord(Array(record.bytes.dropLast(9)), path: "state.json") }
        #expect(throws: OCIError.self) { try ContainerRecord(Array("{}".utf8), path: "state.json") }
    }

    @Test func aNameIsClaimedOnce() throws {
        try with { store in
            let first = try store.claim("c")
            // In the middle of its creation, and then complete.
            #expect(throws: OCIError.self) { _ = try store.claim("c") }
            try first.write(record.bytes, to: .record)
            #expect(try first.record() == record)
            #expect(throws: OCIError.self) { _ = try store.claim("c") }
            #expect(try store.ids() == ["c"])
            try first.remove()
            #expect(try store.ids().isEmpty)
            _ = try store.claim("c")
        }
    }

    @Test func aCreationThatWasKilledLeavesItsNameToTheNext() throws {
        try with { store in
            try Files.makeDirectories(store.root + "/c")
            try Files.write(Array("half".utf8), to: store.root + "/c/.state.json.123.tmp")
            let directory = try store.claim("c")
            #expect(try Files.list(directory.path).isEmpty)
        }
    }

    @Test func aProcessThatWaitsForItsStartIsToldByThePipesOtherSide() throws {
        try with { store in
            let directory = try store.claim("c")
            try directory.makeGatePipes()
            func isHeld(_ entry: StateDirectory.Entry, _ directory: borrowing StateDirectory) -> Bool {
                if directory.openOrders(entry) != nil { true } else { false }
            }
            var seen = [isHeld(.newOrders, directory)]
            let held = try directory.openGatePipe(.newOrders)
            seen += [isHeld(.newOrders, directory), isHeld(.orders, directory)]
            try directory.completeGate()
            seen += [isHeld(.newOrders, directory), isHeld(.orders, directory)]
            _ = consume held
            seen += [isHeld(.orders, directory)]
            #expect(seen == [false, true, false, false, true, false])
        }
    }

    @Test func aRootThatIsNotTheCallersAloneIsRefused() throws {
        try with { store in
            _ = try store.claim("c")
            #expect(try Files.status(store.root).permissions == 0o700)
            func expectRefusal(_ words: String, at: SourceLocation = #_sourceLocation) {
                func refused(_ body: () throws(OCIError) -> Void) {
                    do throws(OCIError) {
                        try body()
                        Issue.record("not refused", sourceLocation: at)
                    } catch { #expect(error.description.contains(words), "\(error)", sourceLocation: at) }
                }
                refused { () throws(OCIError) in _ = try store.claim("d") }
                refused { () throws(OCIError) in _ = try store.open("c") }
                refused { () throws(OCIError) in _ = try store.ids() }
                #expect(RuntimeOptions.cache(below: store.root) == nil, sourceLocation: at)
            }
            #expect(RuntimeOptions.cache(below: store.root) == store.root + "/.cache")
            for mode in [0o720, 0o702, 0o1777] as [FileMode] {
                chmod(store.root, mode)
                expectRefusal("chmod go-w \(store.root)")
            }
            chmod(store.root, 0o711)
            #expect(try store.ids() == ["c"])
            if geteuid() == 0 {
                chown(store.root, 4711, 4711)
                expectRefusal("belongs to uid 4711")
                chown(store.root, 0, 0)
            }
            // A link leads to where its maker wants, a directory of the caller's included.
            let moved = store.root + ".moved"
            defer { try? Files.removeTree(moved) }
            try Files.rename(store.root, to: moved)
            symlink(moved, store.root)
            expectRefusal("not a directory")
        }
    }
}
