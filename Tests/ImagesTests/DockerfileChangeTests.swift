import Bytes
import Errors
import OCI
import Testing

@testable import Images

@Suite struct DockerfileChangeTests {
    func applied(_ changes: String...) throws -> ContainerConfig {
        var config = ContainerConfig()
        for change in changes { try DockerfileChange(change).apply(to: &config) }
        return config
    }

    @Test func commandsHaveAnExecAndAShellForm() throws {
        let config = try applied(#"CMD ["/bin/sh", "-l"]"#, "entrypoint exec  app \"$@\"")
        #expect(config.cmd == ["/bin/sh", "-l"])
        #expect(config.entrypoint == ["/bin/sh", "-c", "exec  app \"$@\""])
    }

    @Test func environmentComesAsPairsOrAsOneOldStylePair() throws {
        let config = try applied(#"ENV A=1 B="two words" C=three\ words D='$x'"#, "ENV E five  words ", "ENV A=again")
        #expect(config.env == ["A=again", "B=two words", "C=three words", "D=$x", "E=five  words"])
    }

    @Test func labelsMayHaveDotsAndQuotes() throws {
        let config = try applied(#"LABEL com.example.a="x y" b="say \"hi\"""#, "LABEL old style")
        #expect(config.labels == ["com.example.a": "x y", "b": "say \"hi\"", "old": "style"])
        // The same letter twice, by other bytes.
        #expect(try applied("LABEL \u{E9}=1 e\u{301}=2", "VOLUME /\u{E9} /e\u{301}").labels?.count == 2)
        #expect(try applied("VOLUME /\u{E9} /e\u{301}").volumes?.count == 2)
    }

    @Test func portsAreTCPUnlessTheySayOtherwise() throws {
        let config = try applied("EXPOSE 80 53/udp 9000-9002/TCP")
        #expect(config.exposedPorts?.keys.sorted() == ["53/udp", "80/tcp", "9000/tcp", "9001/tcp", "9002/tcp"])
    }

    @Test func theOthersSetTheirMember() throws {
        let config = try applied(
            "USER 1000:1000", "WORKDIR /srv", "WORKDIR app", "STOPSIGNAL SIGQUIT", "VOLUME /a /b",
            #"VOLUME ["/c d"]"#, "ONBUILD RUN true", "ONBUILD COPY . /", #"SHELL ["/bin/bash", "-c"]"#)
        #expect(config.user == "1000:1000")
        #expect(config.workingDir == "/srv/app")
        #expect(config.stopSignal == "SIGQUIT")
        #expect(config.volumes?.keys.sorted() == ["/a", "/b", "/c d"])
        #expect(config.onBuild == ["RUN true", "COPY . /"])
        #expect(config.shell == ["/bin/bash", "-c"])
    }

    @Test func healthChecksHaveOptionsAndBothForms() throws {
        let shell = try applied(
            "HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=0 --start-interval=1.5s --retries=2 CMD curl  -f / || exit 1"
        )
        var expected = Healthcheck()
        expected.test = ["CMD-SHELL", "curl  -f / || exit 1"]
        expected.interval = 90_000_000_000
        expected.timeout = 500_000_000
        expected.startPeriod = 0
        expected.startInterval = 1_500_000_000
        expected.retries = 2
        #expect(shell.healthcheck == expected)
        #expect(try applied(#"HEALTHCHECK cmd ["true", "x"]"#).healthcheck?.test == ["CMD", "true", "x"])
        #expect(try applied("HEALTHCHECK NONE").healthcheck?.test == ["NONE"])
    }

    @Test(arguments: [
        "", "CMD", "RUN true", "FROM x", "COPY a b", "ENV A", "ENV A=1 B", "LABEL x=\"y", "EXPOSE 0", "EXPOSE 80/x",
        "EXPOSE 90-80", "USER a b", "SHELL /bin/sh", "HEALTHCHECK", "HEALTHCHECK CMD", "HEALTHCHECK NONE x",
        "HEALTHCHECK true", "HEALTHCHECK --interval CMD true", "HEALTHCHECK --interval=5 CMD true",
        "HEALTHCHECK --retries=-1 CMD true", "HEALTHCHECK --often=1s CMD true",
    ])
    func whatIsNoChangeIsRefused(_ change: String) {
        #expect(throws: EngineError.self) { try applied(change) }
    }
}
