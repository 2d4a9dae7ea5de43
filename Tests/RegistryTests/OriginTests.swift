import FoundationEssentials
import Testing

@testable import Registry

@Suite struct OriginTests {
    // A registry behind a proxy that ends TLS knows nothing of it, and names plain addresses.
    @Test(
        arguments: [
            ("https://r.example", "http://r.example/x?y=1", "https://r.example/x?y=1"),
            ("https://r.example:5000", "http://r.example/x", "https://r.example:5000/x"),
            ("https://r.example:5000", "http://r.example:5000/x", "https://r.example:5000/x"),
            ("https://r.example", "http://r.example:8080/x", "http://r.example:8080/x"),
            ("https://r.example", "http://other.example/x", "http://other.example/x"),
            ("https://r.example", "https://other.example/x", "https://other.example/x"),
            ("http://r.example", "http://r.example:80/x", "http://r.example:80/x"),
            ("https://[2001:db8::1]:5000", "http://[2001:db8::1]:5000/x?a=%2F", "https://[2001:db8::1]:5000/x?a=%2F"),
            ("https://r.example", "ftp://r.example/x", nil),
        ] as [(String, String, String?)])
    func staysSecureAtItsOwnHost(_ own: String, _ given: String, _ expected: String?) throws {
        let address = try #require(URL(string: own))
        let origin = try #require(Origin(address))
        let url = try #require(URL(string: given))
        #expect(origin.secured(url)?.absoluteString == expected)
    }

    @Test(
        arguments: [
            ("https://a.example", "https://b.example", true), ("https://a.example", "http://a.example", false),
            ("https://a.example", "http://127.0.0.1:5000", false), ("https://localhost", "http://localhost", false),
            ("http://a.example", "https://b.example", true), ("http://a.example", "http://a.example:81", true),
            ("http://a.example", "http://b.example", false), ("http://a.example", "http://127.0.0.1:5000", true),
        ])
    func leadsToNobodyWhoCanBeListenedTo(_ own: String, _ other: String, _ isAllowed: Bool) throws {
        let (from, to) = (try #require(URL(string: own)), try #require(URL(string: other)))
        let (origin, target) = (try #require(Origin(from)), try #require(Origin(to)))
        #expect(origin.mayLead(to: target) == isAllowed)
    }
}
