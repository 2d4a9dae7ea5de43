import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Proxies, by the rules of Go's programs (golang.org/x/net/http/httpproxy).
@Suite struct ProxyTests {
    private func proxy(_ address: String, _ environment: [String: String]) throws -> String? {
        let url = try #require(URL(string: address))
        let origin = try #require(Origin(url))
        let settings = ProxySettings(environment: environment)
        return try settings.proxy(for: origin) == nil ? nil : settings.name(for: origin)
    }

    @Test(
        arguments: [
            ("*", true), ("example.com", true), ("EXAMPLE.com", true), (" example.com ", true),
            ("other.com, example.com", true),
            (".example.com", true), ("*.example.com", true), ("a.example.com", true), ("ple.com", false),
            ("example.org", false),
            ("example.com:443", true), ("example.com:80", false), (".com:443", true), ("a.example.com.", false),
            ("", false),
            (",,", false), (":443", false), ("10.0.0.0/8", false), (".a.example.com", false),
            ("*.a.example.com", false),
            ("**", false), ("*x", false), ("other.com example.com", false),
        ])
    func leavesOutNamedHosts(_ list: String, _ isLeftOut: Bool) throws {
        let found = try proxy("https://a.example.com/v2/", ["HTTPS_PROXY": "proxy:1", "NO_PROXY": list])
        #expect((found == nil) == isLeftOut)
    }

    @Test(
        arguments: [
            ("https://10.1.2.3/", "10.0.0.0/8", true), ("https://11.1.2.3/", "10.0.0.0/8", false),
            ("https://10.1.2.3/", "10.1.2.3", true), ("https://10.1.2.3/", "10.1.2.3:443", true),
            ("https://10.1.2.3/", "10.1.2.3:444", false), ("https://10.1.2.3/", ".3", false),
            ("https://10.1.2.3/", "2.3", false),
            ("https://[2001:db8::1]/", "2001:db8::/32", true), ("https://[2001:db8::1]/", "2001:db8:0::1", true),
            ("https://[2001:db8::1]:5000/", "[2001:db8::1]:5000", true),
            ("https://[2001:db8::1]:5000/", "[2001:db8::1]:443", false),
            ("https://example.com./", "example.com", false),
        ])
    func leavesOutAddresses(_ address: String, _ list: String, _ isLeftOut: Bool) throws {
        #expect((try proxy(address, ["HTTPS_PROXY": "proxy:1", "NO_PROXY": list]) == nil) == isLeftOut)
    }

    @Test(arguments: ["https://localhost:5000/", "https://127.0.0.1/", "https://127.9.9.9:443/", "https://[::1]:5000/"])
    func neverAsksForThisMachine(_ address: String) throws {
        #expect(try proxy(address, ["HTTPS_PROXY": "proxy:1"]) == nil)
        #expect(try proxy("https://localhost.example/", ["HTTPS_PROXY": "proxy:1"]) == "proxy:1")
    }

    @Test func takesTheVariableOfTheScheme() throws {
        let both = ["HTTPS_PROXY": "http://secure:3128", "HTTP_PROXY": "http://plain"]
        #expect(try proxy("https://r/", both) == "secure:3128")
        #expect(try proxy("http://r/", both) == "plain")
        #expect(try proxy("http://r/", ["HTTPS_PROXY": "http://secure"]) == nil)
        #expect(try proxy("https://r/", ["https_proxy": "lower:1", "HTTPS_PROXY": "UPPER:2"]) == "UPPER:2")
        #expect(try proxy("https://r/", ["https_proxy": "lower:1", "HTTPS_PROXY": ""]) == "lower:1")
        #expect(try proxy("https://r/", ["ALL_PROXY": "all:1", "all_proxy": "all:1"]) == nil)
        #expect(try proxy("https://r/", ["HTTPS_PROXY": "x:1", "no_proxy": "r"]) == nil)
        #expect(try proxy("https://r/", ["HTTPS_PROXY": "socks5://s"]) == "s")
    }

    @Test(
        arguments: [
            ["HTTPS_PROXY": "https://secure"], ["HTTPS_PROXY": "ftp://x"], ["HTTPS_PROXY": "http://h:99999"],
            ["HTTPS_PROXY": "http://"], ["HTTPS_PROXY": "socks5://user:pw@h"], ["HTTPS_PROXY": "http://h:0"],
            ["HTTPS_PROXY": "http://h:99999999999999999999"],
        ])
    func refusesProxiesThatItCannotAsk(_ environment: [String: String]) throws {
        #expect(throws: RegistryError.self) { try proxy("https://r/", environment) }
    }

    // The header Proxy of a request is the variable HTTP_PROXY of a program that a web server runs.
    @Test func believesNoHeaderOfAWebServersClient() throws {
        #expect(throws: RegistryError.self) {
            try proxy("http://r/", ["HTTP_PROXY": "evil:1", "REQUEST_METHOD": "GET"])
        }
    }

    /// What becomes of a request to a registry through a proxy that answers so.
    private func failure(_ status: Int, user: String = "") async throws -> (RegistryError?, HTTPServer) {
        let proxy = HTTPServer { _ in .text(status, "") }
        let options = testOptions(["HTTPS_PROXY": "http://\(user)\(proxy.host)"])
        let error = await registryError {
            try await withClient("registry.example", options) { _ = try await $0.manifest(tag: "x") }
        }
        return (error, proxy)
    }

    @Test func saysWhatTheProxyWants() async throws {
        let (error, proxy) = try await failure(407)
        #expect(
            "\(try #require(error))"
                == "cannot reach the registry registry.example through the proxy \(proxy.host): it wants a user name and a password"
                + " (407 Proxy Authentication Required): put them into its address in HTTPS_PROXY or HTTP_PROXY"
                + " (http://USER:PASSWORD@HOST)")
        #expect(proxy.requests.map(\.method) == ["CONNECT"])
        #expect(proxy.requests.map(\.target) == ["registry.example:443"])
    }

    @Test func saysThatTheProxyRefuses() async throws {
        let (error, proxy) = try await failure(403, user: "me:p%40ss@")
        #expect(
            "\(try #require(error))"
                == "cannot reach the registry registry.example through the proxy \(proxy.host): it refuses the connection: ask who runs"
                + " it, or name the host in NO_PROXY")
        // "me:p@ss", which no message has in it.
        #expect(proxy.requests.first?.headers["proxy-authorization"] == "Basic bWU6cEBzcw==")
        #expect(proxy.requests.count == 1)
    }

    @Test func saysThatNoProxyIsThere() async throws {
        var port = 0
        do { port = HTTPServer { _ in .text(200, "") }.port }
        let options = testOptions(["HTTPS_PROXY": "http://127.0.0.1:\(port)"])
        let error = await registryError {
            try await withClient("registry.example", options) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(error == .proxy("127.0.0.1:\(port)", host: "registry.example", cause: "connection refused"))
    }
}
