import Registry
import Testing

@Suite struct AuthChallengeTests {
    private func parsed(_ values: String...) -> [AuthChallenge] { AuthChallenge.parse(values) }

    @Test func readsABearerChallenge() throws {
        let challenge = try #require(
            parsed(
                #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
            )
            .first)
        #expect(challenge.scheme == "bearer")
        #expect(
            challenge.parameters == [
                "realm": "https://auth.docker.io/token", "service": "registry.docker.io",
                "scope": "repository:a/b:pull,push",
            ])
    }

    @Test func readsSeveralChallengesOfOneHeaderAndOfSeveral() {
        let found = parsed(#"Basic realm="a, b", Bearer realm=x ,error="invalid_token""#, "Negotiate")
        #expect(found.map(\.scheme) == ["basic", "bearer", "negotiate"])
        #expect(found[0].parameters == ["realm": "a, b"])
        #expect(found[1].parameters == ["realm": "x", "error": "invalid_token"])
        #expect(found[2].parameters.isEmpty)
    }

    @Test func readsEscapesAndOddBlanks() {
        let found = parsed("BEARER  Realm = \"a\\\"b\\\\c\" ,\tservice\t=\ttoken,,")
        #expect(found.map(\.scheme) == ["bearer"])
        #expect(found[0].parameters == ["realm": "a\"b\\c", "service": "token"])
    }

    @Test func readsUnquotedAddresses() {
        #expect(
            parsed("Bearer realm=https://host:1/token?x=1").first?.parameters["realm"]?.hasPrefix("https://host")
                == true)
    }

    @Test(arguments: [
        "", ",", "=", "\"", "Basic realm=\"open", "Negotiate abc==", "Bearer =x", "\u{0}\u{1}", "Basic realm",
    ])
    func survivesAnything(value: String) {
        for challenge in parsed(value) { #expect(!challenge.scheme.isEmpty) }
    }
}
