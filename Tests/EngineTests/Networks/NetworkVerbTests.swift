import Bytes
import DockerTypes
import Engine
import Errors
import Logs
import Store
import Testing

/// The verbs below any command line, on a store of their own.
@Suite struct NetworkVerbTests {
    private func failure(_ body: () throws(EngineError) -> Void) -> String {
        do throws(EngineError) { try body() } catch { return error.message }
        return "none"
    }

    private func request(_ name: String, _ change: (inout NetworkCreateRequest) -> Void = { _ in })
        -> NetworkCreateRequest
    {
        var request = NetworkCreateRequest(name: name)
        change(&request)
        return request
    }

    @Test func oneComesAndGoes() throws {
        let sandbox = try EngineSandbox()
        let engine = sandbox.engine
        let id = try engine.createNetwork(
            request("n") {
                $0.pools = [PoolRequest(subnet: "10.79.0.0/16", gateway: "10.79.0.9")]
                $0.labels = [("b", "2"), ("a", "1")]
                $0.options = [("x", "y")]
                $0.isInternal = true
                $0.egress = "deny all"
            })
        let found = try engine.network(String(id.prefix(9)))
        #expect(found.id == id && found.name == "n" && found.isInternal && found.egress == "deny all")
        #expect(found.labelMap == ["a": "1", "b": "2"] && found.optionMap == ["x": "y"])
        #expect(try engine.listNetworks().map(\.name) == ["bridge", "host", "n", "none"])
        #expect(
            failure { () throws(EngineError) in _ = try engine.createNetwork(request("n")) }.contains("already exists"))
        try engine.removeNetwork("n")
        #expect(failure { () throws(EngineError) in try engine.removeNetwork("n") } == "network n not found")
        let events = try sandbox.shell("cut -d, -f1,2,3,4 \(engine.paths.data)/events.log")
        #expect(
            events.split(separator: "\n").map(String.init) == [
                #"{"Type":"network","Action":"create","Actor":{"ID":"\#(id)","Attributes":{"name":"n""#,
                #"{"Type":"network","Action":"destroy","Actor":{"ID":"\#(id)","Attributes":{"name":"n""#,
            ])
    }

    @Test func whatIsNoNetworkIsRefused() throws {
        let engine = try EngineSandbox().engine
        let cases: [(NetworkCreateRequest, String)] = [
            (request(" "), "invalid name: name is empty"),
            (request("bridge"), "operation is not permitted on predefined bridge network"),
            (request("default"), "operation is not permitted on predefined default network"),
            (request("n") { $0.enableIPv4 = false }, "IPv4 or IPv6 must be enabled"),
            (request("n") { $0.driver = "nosuch" }, "plugin \"nosuch\" not found"),
            (request("n") { $0.driver = "null" }, "only one instance of \"null\" network is allowed"),
            (
                request("n") { $0.driver = "overlay" },
                "--driver overlay is refused: it joins the machines of a swarm, and there is none"
            ),
            (
                request("n") { $0.pools = [PoolRequest(subnet: "10.1.0.0/16"), PoolRequest(subnet: "10.2.0.0/16")] },
                "bridge driver doesn't support multiple subnets"
            ),
            (
                request("n") { $0.pools = [PoolRequest(subnet: "10.1.0.1/16")] },
                "invalid network config: invalid subnet 10.1.0.1/16: it should be 10.1.0.0/16"
            ),
            (
                request("n") { $0.options = [("com.docker.network.driver.mtu", "x")] },
                "failed to parse com.docker.network.driver.mtu value: x (strconv.Atoi: parsing \"x\": invalid syntax)"
            ),
            (
                request("n") { $0.egress = "" },
                "--egress names no rules: leave it out where containers may reach everything"
            ),
        ]
        for (request, sentence) in cases {
            #expect(failure { () throws(EngineError) in _ = try engine.createNetwork(request) } == sentence)
        }
        #expect(try engine.listNetworks().count == 3)
    }

    @Test func pruneKeepsWhatIsAlwaysThereAndWhatIsNotMeant() throws {
        let engine = try EngineSandbox().engine
        for name in ["b", "a", "keep"] { _ = try engine.createNetwork(request(name)) }
        let outcome = try engine.pruneNetworks { $0.name != "keep" }
        #expect(outcome.names == ["a", "b"] && outcome.problems == [])
        #expect(try engine.listNetworks().map(\.name) == ["bridge", "host", "keep", "none"])
        for name in ["bridge", "host", "none"] {
            #expect(
                failure { () throws(EngineError) in try engine.removeNetwork(name) }
                    == "\(name) is a pre-defined network and cannot be removed")
        }
    }
}
