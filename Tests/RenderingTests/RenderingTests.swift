import Bytes
import Errors
import GoTemplate
import Rendering
import Testing

@Suite struct HumanTextTests {
    static let sizes: [(bytes: Int64, text: String)] = [
        (0, "0B"), (999, "999B"), (1000, "1kB"), (1_234_567, "1.23MB"), (7_805_952, "7.81MB"), (124_000_000, "124MB"),
        (1_500_000_000, "1.5GB"), (999_900, "1e+03kB"),
    ]

    @Test(arguments: sizes)
    func sizesHaveThreeDigits(bytes: Int64, text: String) {
        #expect(HumanSize.decimal(bytes, digits: 3) == text)
    }

    @Test func binarySizesHaveFourDigits() {
        #expect(HumanSize.binary(1536) == "1.5KiB")
        #expect(HumanSize.binary(16_654_311_424) == "15.51GiB")
        #expect(HumanSize.decimal(1_234_567) == "1.235MB")
    }

    static let spans: [(seconds: Double, text: String)] = [
        (0.4, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"), (3599, "59 minutes"), (3600, "About an hour"), (5399, "About an hour"), (5400, "2 hours"),
        (47 * 3600, "47 hours"), (48 * 3600, "2 days"), (13 * 86400, "13 days"), (14 * 86400, "2 weeks"),
        (59 * 86400, "8 weeks"), (60 * 86400, "2 months"), (729 * 86400, "24 months"), (730 * 86400, "2 years"),
    ]

    @Test(arguments: spans)
    func spansOfTimeAreInDockersWords(seconds: Double, text: String) {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }

    @Test func timestampsAreReadToTheNanosecondAndWrittenBack() throws {
        let time = try #require(Moment("2024-02-29T23:59:59.000000001+02:00"))
        #expect(time == Moment(seconds: 1_709_243_999, nanoseconds: 1))
        #expect(time.rfc3339 == "2024-02-29T21:59:59.000000001Z")
        #expect(Moment("1969-12-31T23:59:59Z")?.seconds == -1)
        #expect(Moment("2025-05-30T12:07:14Z")?.calendar == "Fri May 30 12:07:14 2025")
        for text in ["", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "x"] {
            #expect(Moment(text) == nil, "\(text)")
        }
    }

    @Test func longTextsAreCut() {
        #expect(Shortening.id("sha256:0123456789abcdef") == "0123456789ab")
        #expect(Shortening.id("0123456789abcdef") == "0123456789ab")
        #expect(Shortening.ellipsis("sleep infinity and more", 20) == "sleep infinity and …")
        #expect(Shortening.ellipsis("short", 20) == "short")
    }
}

@Suite struct ListFormatTests {
    private let headers = [(field: "ID", title: "CONTAINER ID"), (field: "Names", title: "NAMES")]
    private let records = [
        TemplateRecord("*formatter.ContainerContext", [("ID", .string("0123456789ab")), ("Names", .string("web"))]),
        TemplateRecord("*formatter.ContainerContext", [("ID", .string("x")), ("Names", .string("a-longer-name"))]),
    ]
    private func render(_ format: String?, quiet: String? = nil) throws -> String {
        try ListFormat(format, table: #"{{.ID}}\t{{.Names}}"#, quiet: quiet).render(records, headers: headers)
    }

    @Test func theStandardTableIsAligned() throws {
        let expected = "CONTAINER ID   NAMES\n0123456789ab   web\nx              a-longer-name\n"
        #expect(try render(nil) == expected)
        #expect(try render("table") == expected)
        #expect(try render(#"table {{.ID}}\t{{.Names}}"#) == expected)
    }

    @Test func aTableWithoutRowsHasItsHeader() throws {
        #expect(
            try ListFormat(nil, table: "{{.ID}}\t{{.Names}}").render([], headers: headers) == "CONTAINER ID   NAMES\n")
    }

    @Test func templatesMakeOneLineEach() throws {
        #expect(try render("{{.Names}}={{.ID}}") == "web=0123456789ab\na-longer-name=x\n")
        #expect(try render(#" {{.ID}}\t{{upper .Names}} "#) == "0123456789ab\tWEB\nx\tA-LONGER-NAME\n")
        #expect(
            try render("json")
                == "{\"ID\":\"0123456789ab\",\"Names\":\"web\"}\n{\"ID\":\"x\",\"Names\":\"a-longer-name\"}\n")
        #expect(try render("json", quiet: "{{.ID}}") == "0123456789ab\nx\n")
    }

    @Test func functionsLeaveTheTitlesOfColumnsAsTheyAre() throws {
        #expect(try render("table {{lower .Names}}") == "NAMES\nweb\na-longer-name\n")
    }

    @Test func wrongTemplatesAreReportedInDockersWords() {
        #expect(throws: TemplateError("template parsing error: template: :1: unclosed action")) {
            try render("{{.ID")
        }
        #expect(
            throws: TemplateError(
                "template parsing error: template: :1:2: executing \"\" at <.X>: can't evaluate field X in type *formatter.ContainerContext"
            )
        ) { try render("{{.X}}") }
    }

    @Test func costlyFieldsAreFoundInTheTemplate() {
        #expect(ListFormat("{{.ID}} {{.Size}}", table: "").uses("Size"))
        for format in ["{{$.Size}}", "{{(.Size)}}", "table {{.Size}}", "{{json .Size}}", "{{.Size|json}}"] {
            #expect(ListFormat(format, table: "").uses("Size"), "\(format)")
        }
        for format in ["{{.Sizes}}", "{{.Size.x}}", "{{x.Size}}", "{{.Size2}}", "{{.SizeÉ}}", "Size", ".siz"] {
            #expect(!ListFormat(format, table: "").uses("Size"), "\(format)")
        }
        #expect(ListFormat("json", table: "").uses("Size"))
        #expect(!ListFormat("{{.ID}} {{.SizeRw}}", table: "").uses("Size"))
    }

    @Test func columnsAreRunsOfLines() {
        #expect(
            TabWriter().aligned("a\tb\nlonger-cell\tb\nplain\nx\ty")
                == "a             b\nlonger-cell   b\nplain\nx         y")
    }
}

@Suite struct InspectFormatTests {
    @Test func objectsAreAnIndentedArrayOrWhatTheTemplateSays() throws {
        let object = try TemplateValue(json: Array(#"{"Id":"x","State":{"Pid":0}}"#.utf8))
        #expect(
            try InspectFormat(nil).document([object])
                == "[\n    {\n        \"Id\": \"x\",\n        \"State\": {\n            \"Pid\": 0\n        }\n    }\n]\n"
        )
        #expect(try InspectFormat(nil).document([]) == "[]\n")
        #expect(try InspectFormat("json").document([object]) == "[{\"Id\":\"x\",\"State\":{\"Pid\":0}}]\n")
        let format = try InspectFormat("{{.Id}}")
        #expect(format.isTemplate)
        #expect(try format.text(of: object) == "x\n")
        #expect(
            throws: TemplateError(
                "template parsing error: template: :1:8: executing \"\" at <.State.Foo>: map has no entry for key \"Foo\""
            )
        ) { try InspectFormat("{{.State.Foo}}").text(of: object) }
        #expect(throws: TemplateError("template parsing error: template: :1: unclosed action")) {
            try InspectFormat("{{")
        }
    }

    private struct Members: Encodable {
        var list: [String]?
        var map: [String: String]?
        var text: String?
        var number: Int?
        var labels: [ByteKey: String] = ["a": "b"]
    }

    @Test(arguments: [
        ("{{.list}} {{.map}} {{.text}}|{{.number}}", "[] map[] |<nil>"), ("{{len .list}} {{len .map}}", "0 0"),
        ("{{range .list}}a{{else}}none{{end}}", "none"), (#"{{index .map "x"}}|{{.map.x}}"#, "|<no value>"),
        ("{{.labels.a}} {{.labels.x}}", "b <no value>"), ("{{json .list}} {{json .text}}", #"null """#),
        ("{{json .}}", #"{"labels":{"a":"b"}}"#), ("{{if .list}}yes{{else}}no{{end}}", "no"),
        ("{{.}}", "{[] map[]  <nil> map[a:b]}"),
    ])
    func whatIsNotSetHasTheTypeThatGoKnows(_ template: String, _ text: String) throws {
        let object = try TemplateValue(encoding: Members())
        #expect(try InspectFormat(template).text(of: object) == text + "\n")
    }

    @Test func labelsAreKeptByTheirBytes() throws {
        var members = Members()
        members.labels = ["\u{E9}": "1", "e\u{301}": "2", "f": "3"]
        let object = try TemplateValue(encoding: members)
        func text(_ template: String) throws -> [UInt8] { Array(try InspectFormat(template).text(of: object).utf8) }
        #expect(try text("{{json .labels}}") == Array("{\"e\u{301}\":\"2\",\"f\":\"3\",\"\u{E9}\":\"1\"}\n".utf8))
        #expect(try text("{{index .labels \"\u{E9}\"}}{{index .labels \"e\u{301}\"}}") == Array("12\n".utf8))
    }
}

@Suite struct FilterTests {
    private func filters(_ pairs: (String, String)...) throws -> Filters {
        try Filters(pairs.map { (key: $0.0, value: $0.1) }, keys: ["name", "label", "dangling"])
    }

    @Test func valuesOfOneKeyAreAlternatives() throws {
        let filters = try filters(("name", "a"), ("name", "b"))
        #expect(filters.admits("name") { $0 == "b" })
        #expect(!filters.admits("name") { $0 == "c" })
        #expect(filters.admits("dangling") { _ in false })
    }

    @Test func eachLabelMustHold() throws {
        let filters = try filters(("label", "a"), ("label", "b=2"))
        #expect(filters.admitsLabels(["a": "", "b": "2"]))
        #expect(!filters.admitsLabels(["a": "", "b": "3"]))
        #expect(!filters.admitsLabels(["b": "2"]))
        let accents = try self.filters(("label", "\u{E9}=\u{E9}"))
        #expect(accents.admitsLabels(["\u{E9}": "\u{E9}", "e\u{301}": "x"]))
        #expect(!accents.admitsLabels(["e\u{301}": "\u{E9}"]))
        #expect(!accents.admitsLabels(["\u{E9}": "e\u{301}"]))
    }

    @Test func unknownKeysAndWordsAreErrors() throws {
        #expect(throws: FilterError("invalid filter 'bogus'")) { try filters(("bogus", "x")) }
        #expect(try filters(("dangling", "True")).bool("dangling") == true)
        #expect(throws: FilterError("invalid filter 'dangling=[maybe]'")) {
            try filters(("dangling", "maybe")).bool("dangling")
        }
    }

    @Test func namesMatchExpressionsAndReferencesGlobs() {
        #expect(
            Filters.matches("web-1", "^web") && Filters.matches("my-web", "web") && !Filters.matches("my-web", "^web"))
        #expect(Filters.matches("a[b", "a["))
        #expect(Filters.isGlob("deb*", matching: "debian") && !Filters.isGlob("*", matching: "library/debian"))
    }
}

@Suite struct DockerPeerTests {
    static let formats: [String] = [
        "table", "json", "{{.Name}}", #"table {{.Name}}\t{{.Current}}\t{{.Error}}\t{{upper .Name}}"#,
        "{{.Name | printf \"%10s|\"}}", "{{.X}}", "{{.Name", "{{json .Name}}", "{{.Name.X}}", "{{index .Name 99}}",
        "{{printf \"%v %d %x\" .Current .Name .Name}}", "{{lower .Current}}", "{{nope}}", "{{pad .Name 2 3}}|",
        "{{truncate .Name 3}} {{title .Name}} {{split .Name \"f\"}} {{join (split .Name \"f\") \"-\"}}",
        "{{range $i, $p := split .Name \"a\"}}{{if $i}},{{end}}{{$p}}{{else}}none{{end}}",
        "{{if and .Current (eq .Name \"default\")}}yes{{end}}",
        "{{len .Name}} {{slice .Name 1 3}} {{html \"<a>\"}} {{js \"a'b\"}} {{urlquery \"a b\"}}",
        "{{template \"x\"}}",
        "{{with $x := .Name}}{{$x}}{{end}}{{- /* c */ -}} x", "table {{.Name}}{{\"\\t\"}}{{.Current}}",
        "{{lt 1 \"a\"}}", "{{eq 1 2 1}} {{ne 1 2}} {{1.0}} {{1e21}} {{0x10}} {{'a'}}", "{{index .Name}}",
        "{{upper}}", "{{.Name 1}}",
        "{{1 | 2}}", "{{end}}", "{{if}}{{end}}", "{{if true}}", "{{(1}}", "{{print 1 2 \"a\" \"b\" 3 4}}",
        "{{println 1 \"a\"}}",
        "{{printf \"%5.2f|%-6s|%06d|%+d|%t|%q|%T|%%|%s\" 3.14159 \"ab\" 42 7 true \"q\" 1}}", "{{break}}", "{{$x}}",
        "{{nil}}",
        "{{\"abc", "{{.Name | lower | upper}}", "{{define \"a\"}}<{{.}}>{{end}}{{template \"a\" .Name}}",
        "{{.Name}}\\n{{.Name}}",
        "{{call .Name}}", "{{not true}} {{and 1 0}} {{or 0 \"x\"}}", "{{index (split .Name \"a\") 0}}",
        "{{json (split .Name \"a\")}}",
        "{{range 3}}{{.}}{{end}}", "{{$a := 1}}{{$a = 2}}{{$a}}",
        "{{range split .Name \"\"}}{{.}} {{break}}{{end}}", "{{else}}", "{{range}}{{end}}",
    ]

    @Test(.enabled(if: hasDocker, "docker's client is not installed"), arguments: formats)
    func templatesOfOneContextGiveWhatDockerGives(format: String) throws {
        // Docker's client lists its contexts without a daemon: a peer for every rule of `--format`.
        let record = TemplateRecord(
            "*formatter.clientContextContext",
            [
                ("Current", .bool(true)), ("Description", .string("Current DOCKER_HOST based configuration")),
                ("DockerEndpoint", .string("unix:///var/run/docker.sock")), ("Error", .string("")),
                ("Name", .string("default")),
            ])
        let headers = [
            (field: "Description", title: "DESCRIPTION"),
            (field: "DockerEndpoint", title: "DOCKER ENDPOINT"), (field: "Error", title: "ERROR"),
            (field: "Name", title: "NAME"),
        ]
        let table = #"{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}"#
        let theirs = output(of: ["docker", "context", "ls", "--format", format])
        let ours: String
        do { ours = try ListFormat(format, table: table).render([record], headers: headers) } catch {
            ours = error.message + "\n"
        }
        #expect(ours == theirs)
    }
}

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("plain é 漢 \u{1F600}", "plain é 漢 \u{1F600}"), ("\u{1B}[2J\u{7}", #"\x1b[2J\x07"#),
        ("a\tb\r\nc", #"a\tb\r\nc"#),
        ("\u{7F}\u{9B}1m", #"\x7f\u009b1m"#), ("abc\u{202E}fed\u{2066}", #"abc\u202efed\u2066"#), (#"\x1b"#, #"\x1b"#),
    ])
    func whatATerminalObeysIsSpelledOut(_ text: String, _ shown: String) {
        #expect(VisibleText.escaped(text) == shown)
    }

    @Test func theCallersOwnLayoutStays() {
        #expect(VisibleText.escaped("a\tb\nc\u{8}", keeping: "\t\n") == "a\tb\nc\\x08")
    }

    @Test func aTableShowsWhatATemplatePrintsAsItIs() throws {
        let record = TemplateRecord("x", [("Name", .string("a\u{1B}b\nc")), ("Other", .string("d"))])
        let headers = [(field: "Name", title: "NAME"), (field: "Other", title: "OTHER")]
        let table = try ListFormat(nil, table: "{{.Name}}\t{{.Other}}").render([record], headers: headers)
        #expect(table.contains(#"a\x1bb\nc"#))
        #expect(try ListFormat("{{.Name}}", table: "").render([record], headers: headers) == "a\u{1B}b\nc\n")
    }
}
