import Dockerfile
import Testing

@testable import Build

/// The same files were given to BuildKit's `--call=outline` and `--call=targets`.
@Suite struct RequestOutlineTests {
    private static let first = """
        # VER is the version
        ARG VER=1
        ARG UNUSED=2
        # the base stage
        FROM scratch AS base
        # A is an argument
        ARG A=1
        ARG SEC
        COPY f /
        # final puts it all together
        FROM base AS final
        ARG VER
        RUN --mount=type=secret,id=tok --mount=type=secret,id=req,required=true --mount=type=ssh --mount=type=ssh,id=x,required true
        ARG B
        FROM scratch
        ARG Z=$VER

        """

    private static let second = """
        ARG BASE=scratch
        ARG UNUSED=2
        ARG IN
        FROM scratch AS side
        ARG SIDE=s
        FROM scratch AS unneeded
        ARG UNNEEDED=s
        FROM $BASE AS base
        ARG A=1
        ARG A=2
        ARG B=${A}x C=$UNUSED
        ARG IN
        ARG TARGETARCH
        ARG UNUSED
        FROM base AS final
        # first
        # A next
        ARG A=3
        ARG HTTP_PROXY
        COPY --from=side x /
        RUN --mount=type=secret,id=zz,required=true --mount=type=secret,id=aa --mount=type=secret,target=/run/secrets/fromtarget --mount=type=secret,id=zz --mount=type=ssh,id=zz --mount=type=ssh,id=aa,required=true true
        RUN --mount=type=secret,id=aa,required=true --mount=type=cache,target=/c true

        """

    private func outline(
        _ text: String, target: String? = nil, _ arguments: [String] = []
    ) throws -> DockerfileOutline {
        try DockerfileOutline(
            try Dockerfile(Array(text.utf8)), target: target,
            BuildArguments(
                given: Variables(entries: arguments),
                predefined: BuildArguments.platforms(build: "linux/amd64", target: "linux/amd64", stage: target)))
    }

    private func words(_ arguments: [DockerfileOutline.Argument]) -> [String] {
        arguments.map { "\($0.name)|\($0.value ?? "")|\($0.description ?? "")|\($0.lines.first)" }
    }

    @Test func anOutlineHasWhatTheTargetUses() throws {
        let outline = try outline(Self.first, target: "final", ["VER=7"])
        #expect(outline.name == "final")
        #expect(outline.description == "puts it all together")
        #expect(words(outline.arguments) == ["A|1|is an argument|7", "SEC|||8", "VER|7||12", "B|||14"])
        #expect(outline.secrets.map { "\($0.id) \($0.isRequired)" } == ["tok false", "req true"])
        #expect(outline.agents.map { "\($0.id) \($0.isRequired)" } == ["default false", "x true"])
    }

    @Test func theLastStageIsTheTarget() throws {
        let outline = try outline(Self.first)
        #expect(outline.name == nil)
        #expect(words(outline.arguments) == ["Z|||16"])
        #expect(outline.secrets.isEmpty && outline.agents.isEmpty)
    }

    @Test func anOutlineHasWhatOtherStagesUseThatAreNeeded() throws {
        let outline = try outline(Self.second, ["HTTP_PROXY=p", "EXTRA=1"])
        #expect(
            words(outline.arguments) == [
                "BASE|scratch||1", "UNUSED|2||2", "SIDE|s||5", "B|2x||11", "C|||11", "IN|||12", "A|3|next|18",
                "HTTP_PROXY|p||19",
            ])
        #expect(outline.secrets.map { "\($0.id) \($0.isRequired)" } == ["zz true", "aa false", "fromtarget false"])
        #expect(outline.agents.map { "\($0.id) \($0.isRequired)" } == ["zz false", "aa true"])
    }

    @Test func aTargetThatIsNotThereIsRefused() {
        #expect(throws: DockerfileError.self) { try outline(Self.first, target: "nosuch") }
    }

    @Test func targetsHaveNamesBasesAndDescriptions() throws {
        let targets = DockerfileTarget.all(of: try Dockerfile(Array(Self.first.utf8)))
        #expect(
            targets.map { "\($0.name ?? "")|\($0.description ?? "")|\($0.base)|\($0.isDefault)|\($0.lines.first)" } == [
                "base||scratch|false|5", "final|puts it all together|base|false|11", "||scratch|true|15",
            ])
    }
}
