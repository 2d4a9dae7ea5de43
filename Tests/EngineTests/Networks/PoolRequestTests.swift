import Errors
import Store
import Testing

@testable import Engine

/// Against what Docker 28.2's client and engine said to the same flags.
@Suite struct PoolRequestTests {
    struct Flags: Sendable {
        var subnets: [String] = []
        var ranges: [String] = []
        var gateways: [String] = []
        var auxiliary: [(String, String)] = []
    }

    private func assembled(_ flags: Flags) throws(OptionError) -> [PoolRequest] {
        try PoolRequest.assemble(
            subnets: flags.subnets, ranges: flags.ranges, gateways: flags.gateways, auxiliary: flags.auxiliary)
    }

    private static let wide = ["10.79.0.0/16"]
    private static let both = ["10.79.0.0/16", "fd00:1::/64"]

    @Test func eachBelongsToItsSubnet() throws {
        let pools = try assembled(
            Flags(
                subnets: Self.both, ranges: ["fd00:1::/80", "10.79.1.0/24"], gateways: ["10.79.0.254", "fd00:1::1"],
                auxiliary: [("a", "10.79.0.7"), ("b", "fd00:1::7"), ("a", "10.79.0.8")]))
        #expect(
            pools == [
                PoolRequest(
                    subnet: "10.79.0.0/16", range: "10.79.1.0/24", gateway: "10.79.0.254",
                    auxiliary: ["a": "10.79.0.8"]),
                PoolRequest(
                    subnet: "fd00:1::/64", range: "fd00:1::/80", gateway: "fd00:1::1", auxiliary: ["b": "fd00:1::7"]),
            ])
        #expect(PoolRequest.problems(pools) == [])
        let first = try pools[0].pool()
        #expect("\(first.subnet) \(first.range!) \(first.gateway!)" == "10.79.0.0/16 10.79.1.0/24 10.79.0.254")
        #expect(first.auxiliary.map { "\($0.0) \($0.1)" } == ["a 10.79.0.8"])
    }

    @Test(
        arguments: [
            (Flags(gateways: ["10.79.0.1"]), "every ip-range or gateway must have a corresponding subnet"),
            (Flags(ranges: ["10.80.0.0/24"]), "every ip-range or gateway must have a corresponding subnet"),
            (Flags(subnets: wide, gateways: ["10.80.0.1"]), "no matching subnet for gateway 10.80.0.1"),
            (Flags(subnets: wide, gateways: ["foo"]), "no matching subnet for gateway foo"),
            (Flags(subnets: wide, gateways: ["fd00::1"]), "no matching subnet for gateway fd00::1"),
            (Flags(subnets: wide, ranges: ["10.80.0.0/24"]), "no matching subnet for range 10.80.0.0/24"),
            (Flags(subnets: wide, ranges: ["10.0.0.0/8"]), "no matching subnet for range 10.0.0.0/8"),
            (Flags(subnets: wide, ranges: ["foo"]), "invalid CIDR address: foo"),
            (Flags(subnets: wide, ranges: ["10.79.1.0"]), "invalid CIDR address: 10.79.1.0"),
            (Flags(auxiliary: [("a", "10.79.0.5")]), "no matching subnet for aux-address 10.79.0.5"),
            (Flags(subnets: wide, auxiliary: [("a", "foo")]), "no matching subnet for aux-address foo"),
            (Flags(subnets: wide, auxiliary: [("foo", "")]), "no matching subnet for aux-address "),
            (
                Flags(subnets: ["10.79.0.0/16", "10.79.0.0/24"]),
                "multiple overlapping subnet configuration is not supported"
            ),
            (
                Flags(subnets: both, ranges: ["10.79.1.0/24", "10.79.2.0/24"]),
                "cannot configure multiple ranges (10.79.2.0/24, 10.79.1.0/24) on the same subnet (10.79.0.0/16)"
            ),
            (
                Flags(subnets: both, gateways: ["10.79.1.0", "10.79.2.0"]),
                "cannot configure multiple gateways (10.79.2.0, 10.79.1.0) for the same subnet (10.79.0.0/16)"
            ),
            (Flags(subnets: ["foo"], gateways: ["10.0.0.1"]), "invalid subnet: invalid CIDR address: foo"),
            (Flags(subnets: ["10.79.0.0/31", "foo"]), "invalid subnet: invalid CIDR address: foo"),
        ] as [(Flags, String)])
    func whatTheClientFinds(_ flags: Flags, _ sentence: String) {
        do throws(OptionError) {
            Issue.record("\(try assembled(flags))")
        } catch { #expect(error.description == sentence) }
    }

    @Test(
        arguments: [
            (Flags(subnets: ["foo"]), ["invalid subnet foo: invalid CIDR block notation"]),
            (Flags(subnets: ["10.0.0.0"]), ["invalid subnet 10.0.0.0: invalid CIDR block notation"]),
            (Flags(subnets: ["10.79.0.0/33"]), ["invalid subnet 10.79.0.0/33: invalid CIDR block notation"]),
            (Flags(subnets: ["10.78.0.1/16"]), ["invalid subnet 10.78.0.1/16: it should be 10.78.0.0/16"]),
            (Flags(subnets: ["fd00:6::1/64"]), ["invalid subnet fd00:6::1/64: it should be fd00:6::/64"]),
            (
                Flags(subnets: wide, ranges: ["10.79.0.0/8"]),
                [
                    "invalid ip-range 10.79.0.0/8: CIDR block is bigger than its parent subnet 10.79.0.0/16",
                    "invalid ip-range 10.79.0.0/8: it should be 10.0.0.0/8",
                ]
            ),
            (
                Flags(subnets: wide, gateways: ["10.79.0.1/16"]), ["invalid gateway 10.79.0.1/16: invalid address"]
            ),
            (
                Flags(subnets: wide, auxiliary: [("a", "10.79.0.1/16")]),
                ["invalid auxiliary address a: invalid address"]
            ),
            (
                Flags(subnets: ["10.79.0.1/16"], ranges: ["10.79.1.1/24"], gateways: ["10.79.0.1"]),
                [
                    "invalid subnet 10.79.0.1/16: it should be 10.79.0.0/16",
                    "invalid ip-range 10.79.1.1/24: it should be 10.79.1.0/24",
                ]
            ),
        ] as [(Flags, [String])])
    func whatTheEngineFinds(_ flags: Flags, _ problems: [String]) throws {
        #expect(PoolRequest.problems(try assembled(flags)) == problems)
    }

    @Test(
        arguments: [
            (Flags(subnets: wide, gateways: ["10.79.0.0"]), "gateway (10.79.0.0)"),
            (Flags(subnets: wide, gateways: ["10.79.255.255"]), "gateway (10.79.255.255)"),
            (
                Flags(subnets: wide, gateways: ["10.79.0.1"], auxiliary: [("a", "10.79.0.1")]),
                "secondary ip address (a:10.79.0.1)"
            ),
            (
                Flags(subnets: wide, auxiliary: [("a", "10.79.0.2"), ("b", "10.79.0.2")]),
                "secondary ip address (b:10.79.0.2)"
            ),
        ] as [(Flags, String)])
    func noAddressTwice(_ flags: Flags, _ what: String) throws {
        let pools = try assembled(flags)
        do throws(OptionError) {
            Issue.record("\(try pools[0].pool())")
        } catch { #expect(error.description == "failed to allocate \(what): Address already in use") }
    }
}
