import Errors
import Linux
import Testing

@testable import Build

@Suite struct RequestCacheTests {
    private static let now = Timestamp(seconds: 1_000_000)

    private func record(
        _ id: String, _ kind: BuildCacheRecord.Kind = .regular, used seconds: Int? = nil,
        _ change: (inout BuildCacheRecord) -> Void = { _ in }
    ) -> BuildCacheRecord {
        var record = BuildCacheRecord(
            id: id, kind: kind, description: "[1/2] RUN \(id)", size: 1, created: Timestamp(seconds: 999_000))
        record.lastUsed = seconds.map { Timestamp(seconds: $0) }
        change(&record)
        return record
    }

    @Test func filtersLookAtFields() throws {
        let records = [
            record("a"), record("b", .cacheMount) { $0.isMutable = true },
            record("c", .localSource) { $0.isShared = true }, record("d") { $0.parents = ["a"] },
            record("e") { $0.isInUse = true },
        ]
        func admitted(_ key: String, _ value: String) throws -> String {
            let filter = try BuildCacheFilter(key: key, value: value)
            return records.filter { filter.admits($0) }.map(\.id).joined()
        }
        let table = [
            ("id", "a", "a"), ("id!", "a", "bcde"), ("id~", "^[ab]$", "ab"), ("id", "=a", "a"),
            ("type", "exec.cachemount", "b"), ("type!", "regular", "bc"), ("type", "zz", ""), ("mutable", "", "b"),
            ("immutable", "true", "acde"), ("mutable", "false", "acde"), ("shared", "1", "c"),
            ("private", "true", "abde"),
            ("parents", "a", "d"), ("inuse", "true", "e"), ("description~", "RUN [ce]", "ce"),
        ]
        for (key, value, wanted) in table { #expect(try admitted(key, value) == wanted, "\(key)=\(value)") }
        for (key, value) in [("foo", "bar"), ("inuse", "maybe"), ("id~", "["), ("shared!", "true")] {
            #expect(
                complaint { () throws(OptionError) in _ = try BuildCacheFilter(key: key, value: value) }
                    .hasPrefix("invalid filter '\(key)"))
        }
    }

    @Test func whatIsUsedAndWhatIsYoungStays() {
        var prune = BuildCachePrune()
        #expect(prune.admits(record("a"), now: Self.now))
        #expect(!prune.admits(record("a") { $0.isInUse = true }, now: Self.now))
        #expect(!prune.admits(record("a", .internal), now: Self.now))
        prune.unusedFor = 100 * 1_000_000_000
        #expect(prune.admits(record("a", used: 999_900), now: Self.now))
        #expect(!prune.admits(record("a", used: 999_901), now: Self.now))
        // One that nothing has used is as old as it is.
        #expect(prune.admits(record("a"), now: Self.now))
        #expect(!prune.admits(record("a", used: Int.max), now: Self.now))
        prune.all = true
        #expect(prune.admits(record("a", .frontend), now: Self.now))
        #expect(!prune.admits(record("a", .frontend) { $0.isInUse = true }, now: Self.now))
    }
}
