import Registry
import Testing

@Suite struct LoginServerTests {
    @Test(arguments: [
        "", "docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io",
        "http://docker.io/a/b",
    ])
    func knowsDockersRegistryByAllItsNames(text: String) throws {
        let server = try LoginServer(text)
        #expect(server.isDefault)
        #expect(server.key == "https://index.docker.io/v1/")
    }

    @Test(arguments: [
        ("host", "host"), ("localhost:5000", "localhost:5000"), ("https://host:1/v2/", "host:1"),
        ("http://a.example", "a.example"), ("a.example/team", "a.example"), ("[::1]:5000", "[::1]:5000"),
    ])
    func takesTheHostOfAnAddress(text: String, key: String) throws {
        let server = try LoginServer(text)
        #expect(server.key == key)
        #expect(!server.isDefault)
    }

    @Test(arguments: ["a b", "user@host", "https://", "host:port", "host\u{0}", "-", "a\nb", "hôte"])
    func refusesWhatIsNoHost(text: String) {
        #expect(throws: RegistryError.server(text)) { _ = try LoginServer(text) }
    }
}
