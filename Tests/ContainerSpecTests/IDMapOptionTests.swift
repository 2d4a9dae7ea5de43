import Errors
import OCI
import Runtime
import Testing

@testable import ContainerSpec

/// `--uidmap` and `--gidmap`: the grammar, and the maps that come of it. The maps of podman 5 are the model.
@Suite struct IDMapOptionTests {
    private func caller(
        _ mode: UserNamespace.Mode = .mapped, ranges: [SubordinateRange] = [.init(first: 100_000, count: 65536)]
    ) -> OwnIDMap.Caller {
        let map =
            mode == .host
            ? IDMap(
                users: [.init(containerID: 0, hostID: 0, size: .max)],
                groups: [.init(containerID: 0, hostID: 0, size: .max)])
            : IDMap.subordinate(user: 1000, group: 1000, userRanges: ranges, groupRanges: ranges)
        return OwnIDMap.Caller(mode: mode, user: 1000, group: 1000, map: map)
    }

    private func text(_ mappings: [RuntimeSpec.IDMapping]) -> [String] {
        mappings.map { "\($0.containerID) \($0.hostID) \($0.size)" }
    }

    private func map(
        _ users: [String], _ groups: [String] = [], _ caller: OwnIDMap.Caller? = nil
    ) throws(OptionError) -> (users: [String], groups: [String]) {
        var options: [[IDMapOption]] = [[], []]
        for (place, texts) in [users, groups].enumerated() {
            for text in texts { options[place] += try IDMapOption.list(text, flag: "uidmap") }
        }
        let map = try OwnIDMap.given(users: options[0], groups: options[1], caller ?? self.caller())
        return (text(map.users), text(map.groups))
    }

    @Test func oneFlagMeansBoth() throws {
        #expect(try map(["0:1:5"]) == (["0 1 5"], ["0 1 5"]))
        #expect(try map([], ["0:1:5"]) == (["0 1 5"], ["0 1 5"]))
        #expect(try map(["0:1:5", "5:0"], ["0:0:10"]) == (["0 1 5", "5 0 1"], ["0 0 10"]))
        #expect(try map(["0:1:5:5:0:1"]).users == ["0 1 5", "5 0 1"])
        #expect(try map(["0:1:5,5:0:1"]).users == ["0 1 5", "5 0 1"])
        // Neighbours are one mapping, and no ids are no mapping.
        #expect(try map(["3:4:2", "0:1:3", "9:9:0"]).users == ["0 1 5"])
    }

    @Test func lettersSayWhichOfTheTwoIsMeant() throws {
        // What nothing is said of has all ids.
        #expect(try map(["u0:1:5"]) == (["0 1 5"], ["0 0 65537"]))
        #expect(try map(["g0:1:5"]) == (["0 0 65537"], ["0 1 5"]))
        #expect(try map(["u0:1:5", "g0:2:7"]) == (["0 1 5"], ["0 2 7"]))
        #expect(try map(["ug0:1:5"]) == (["0 1 5"], ["0 1 5"]))
        #expect(throws: OptionError.self) { try map(["u0:1:5"], [], caller(.host)) }
    }

    @Test func theHostsIDsAreTranslated() throws {
        #expect(try map(["0:@1000", "1:@100000:10"]).users == ["0 0 11"])
        let two = caller(ranges: [.init(first: 100_000, count: 10), .init(first: 300_000, count: 10)])
        #expect(try map(["0:@300000:10", "10:@1000"], [], two).users == ["0 11 10", "10 0 1"])
        for other in ["0:@1001", "0:@100005:10", "0:@99999:2"] {
            #expect(throws: OptionError.self) { try map([other], [], two) }
        }
        #expect(try map(["0:@70000:5"], [], caller(.host)).users == ["0 70000 5"])
    }

    @Test func anExtensionTakesItsIDsFromTheOthers() throws {
        // keep-id by hand.
        #expect(try map(["+1000:@1000"]).users == ["0 1 1000", "1000 0 1", "1001 1001 64536"])
        #expect(try map(["+u5:0"]) == (["0 1 5", "5 0 1", "6 6 65531"], ["0 0 65537"]))
        // From a mapping before it: both its place and its id.
        #expect(try map(["0:0:100", "+10:50:2"]).users == ["0 0 10", "10 50 2", "12 12 38", "52 52 48"])
        #expect(try map(["0:0:100", "+0:0:1"]).users == ["0 0 100"])
        #expect(try map(["0:100000:10", "+5:7"], [], caller(.host)).users == ["0 100000 5", "5 7 1", "6 100006 4"])
    }

    @Test(arguments: [
        "", "0", "0:1:2:3", "a:0:1", "0:a:1", "0:0:a", "-1:0:1", "0:+1:1", "x0:0:1", "0:@:1", "4294967296:0:1",
        "0:4294967296:1", "0:0:4294967296", ":0:1", "0::1", "0:0:", "0:1:5,,1:1:1", "٣:0:1",
    ])
    func whatIsMalformedIsSaidSo(_ text: String) {
        #expect(throws: OptionError.self) { try IDMapOption.list(text, flag: "uidmap") }
    }

    @Test(
        arguments: [
            (["0:1:5", "3:10:5"], "have ids in common"), (["0:1:5", "30:2:5"], "have ids in common"),
            (["0:70000:5"], "only those below 65537"), (["0:65536:2"], "wants the id 65537"),
            (["5:1:5"], "maps nothing to the container's uid 0"), (["0:0:1", "4294967294:1:2"], "beyond the last id"),
            (["0:4294967295:3"], "beyond the last id"), (["0:@5"], "/etc/subuid"),
        ])
    func whatTheKernelWouldRefuseIsSaid(_ texts: [String], _ words: String) {
        do {
            let map = try map(texts)
            Issue.record("\(texts) became \(map)")
        } catch { #expect(error.description.contains(words), "\(error)") }
    }

    @Test func aMapHasAsManyPiecesAsTheKernelTakes() throws {
        func pieces(_ count: Int) -> [String] { (0..<count).map { "\($0 * 2):\($0)" } }
        #expect(try map(pieces(340)).users.count == 340)
        #expect(throws: OptionError.self) { try map(pieces(341)) }
        #expect(throws: OptionError.self) { try map(["0:0"], [], caller(.single)) }
    }
}
