import Errors
import OCI
import Runtime
import Testing

@testable import ContainerSpec

/// The maps of `--userns=keep-id|auto|nomap`.
@Suite struct OwnIDMapTests {
    private func caller(
        _ mode: UserNamespace.Mode = .mapped, user: UInt32 = 1000, count: UInt32 = 65536
    ) -> OwnIDMap.Caller {
        let map = IDMap.subordinate(
            user: user, group: user, userRanges: [.init(first: 100_000, count: count)],
            groupRanges: [.init(first: 100_000, count: count)])
        return OwnIDMap.Caller(mode: mode, user: user, group: user + 1, map: mode == .mapped ? map : nil)
    }

    private func text(_ mappings: [RuntimeSpec.IDMapping]) -> [String] {
        mappings.map { "\($0.containerID) \($0.hostID) \($0.size)" }
    }

    @Test func keepIDPutsTheCallerInTheMiddle() throws {
        let map = try OwnIDMap.fixed(.keepID(user: nil, group: nil), caller())
        #expect(text(map.users) == ["0 1 1000", "1000 0 1", "1001 1001 64536"])
        #expect(text(map.groups) == ["0 1 1001", "1001 0 1", "1002 1002 64535"])
        #expect(map.outerUser(1000) == 0 && map.outerUser(0) == 1 && map.outerUser(65536) == 65536)
        #expect(map.outerUser(65537) == nil)
    }

    @Test func keepIDHasRoomForAnyNumber() throws {
        let map = try OwnIDMap.fixed(.keepID(user: 0, group: 500_000), caller())
        #expect(text(map.users) == ["0 0 1", "1 1 65536"])
        #expect(text(map.groups) == ["0 1 65536", "500000 0 1"])
    }

    @Test func nomapHasNoCaller() throws {
        #expect(try text(OwnIDMap.fixed(.nomap, caller()).users) == ["0 1 65536"])
    }

    @Test func rootAndASingleIDAreRefused() {
        for mode in [UserNamespaceMode.keepID(user: nil, group: nil), .nomap] {
            #expect(throws: OptionError.self) { try OwnIDMap.fixed(mode, caller(.host, user: 0)) }
            #expect(throws: OptionError.self) { try OwnIDMap.fixed(mode, caller(.single)) }
        }
        #expect(throws: OptionError.self) { try OwnIDMap.pool(.auto(size: nil), caller(.host, user: 0)) }
        #expect(throws: OptionError.self) { try OwnIDMap.pool(.auto(size: nil), caller(.single)) }
    }

    @Test func theFirstRangeThatIsFreeIsTaken() throws {
        let pool = try OwnIDMap.pool(.auto(size: nil), caller(count: 100))
        #expect(pool == [.init(first: 1, count: 100)])
        #expect(OwnIDMap.free(10, in: pool, taken: []) == 1)
        #expect(OwnIDMap.free(10, in: pool, taken: [.init(first: 1, count: 10)]) == 11)
        let gap: [SubordinateRange] = [.init(first: 30, count: 71), .init(first: 1, count: 10)]
        #expect(OwnIDMap.free(19, in: pool, taken: gap) == 11)
        #expect(OwnIDMap.free(20, in: pool, taken: gap) == nil)
        #expect(OwnIDMap.free(100, in: pool, taken: []) == 1)
        #expect(OwnIDMap.free(101, in: pool, taken: []) == nil)
        #expect(OwnIDMap.free(50, in: [.init(first: 5, count: 9), .init(first: 900, count: 50)], taken: []) == 900)
    }

    @Test func theSizeCoversTheImagesAccounts() {
        func size(_ passwd: String, _ group: String, _ user: UInt32 = 0) -> UInt32 {
            OwnIDMap.size(passwd: Array(passwd.utf8), group: Array(group.utf8), user: user)
        }
        #expect(size("", "") == 1024)
        #expect(size("a:x:3000:1::/:\nnobody:x:65534:65534::/:\n", "g:x:4000:\n") == 4001)
        #expect(size("a:x:3000:5000::/:\nbroken\n:::\n", "") == 5001)
        #expect(size("", "", 2000) == 2001)
    }
}
