import GoTemplate
import Testing

/// A value with every kind in it.
private let sample: TemplateValue = {
    let json = #"""
        {"ID":"abc123","Names":["web","db"],"State":{"Status":"running","Pid":42,"OOM":false,"Load":1.5},
         "Config":{"Labels":{"b":"2","a":"1"},"Env":null},"Mounts":[{"Source":"/a"},{"Source":"/b"}],
         "Big":9007199254740993,"Empty":"","None":[],"Text":"<a href=\"x\">"}
        """#
    return try! TemplateValue(json: Array(json.utf8))
}()

private func execute(_ text: String, missingKey: Template.MissingKey = .noValue) throws -> String {
    try Template(text).execute(sample, missingKey: missingKey)
}

@Suite struct TemplateTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("{{.ID}}", "abc123"),
        ("{{ .State.Pid }}-{{.State.Status}}", "42-running"),
        ("{{.State.Load}} {{.Big}} {{.State.OOM}}", "1.5 9007199254740993 false"),
        ("{{.Names}} {{.Config.Labels}} {{.None}}", "[web db] map[a:1 b:2] []"),
        ("{{.Config.Env}} {{.Nothing}}", "<no value> <no value>"),
        ("{{index .Names 1}} {{index .Config.Labels \"a\"}} {{(index .Mounts 0).Source}}", "db 1 /a"),
        ("{{json .Config}}", #"{"Labels":{"b":"2","a":"1"},"Env":null}"#),
        ("{{json .Text}}", #""<a href=\"x\">""#),
        ("{{len .Names}} {{len .ID}}", "2 6"),
        ("{{if .Empty}}a{{else if eq .State.Status \"running\"}}b{{else}}c{{end}}", "b"),
        ("{{if and .ID .State.OOM}}yes{{else}}no{{end}}{{if or .State.OOM .ID}}yes{{end}}{{not .ID}}", "noyesfalse"),
        ("{{range .Names}}<{{.}}>{{end}}", "<web><db>"),
        ("{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=web 1=db "),
        ("{{range $k, $v := .Config.Labels}}{{$k}}{{$v}}{{end}}", "a1b2"),
        ("{{range .None}}x{{else}}empty{{end}}", "empty"),
        ("{{range .Mounts}}{{.Source}}{{if eq .Source \"/a\"}}{{continue}}{{end}}!{{break}}{{end}}", "/a/b!"),
        ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{with .State}}{{.Pid}}{{end}}{{with .Empty}}x{{else}}none{{end}}", "42none"),
        ("{{with $x := 5}}{{$x}}{{end}}", "5"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{with .State}}{{$.ID}}{{end}}", "abc123"),
        ("{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .ID}}", "[abc123]"),
        ("{{block \"b\" .State}}{{.Pid}}{{end}}", "42"),
        ("a {{- /* gone */ -}} b", "ab"),
        ("a\n{{- .ID -}}\n b", "aabc123b"),
        ("{{/* only */}}x", "x"),
        ("{{.ID | upper | printf \"%-8s|\"}}", "ABC123  |"),
        ("{{join .Names \",\"}} {{range split \"a:b\" \":\"}}{{.}}.{{end}}", "web,db a.b."),
        ("{{title \"hello wide world\"}} {{lower \"ABC\"}} {{truncate .ID 3}}", "Hello Wide World abc abc"),
        ("[{{pad .ID 1 2}}]", "[ abc123  ]"),
        (
            "{{printf \"%05d|%x|%q|%v|%t|%6.2f|%T\" 42 255 \"a\" .Names true 1.5 .ID}}",
            #"00042|ff|"a"|[web db]|true|  1.50|string"#
        ),
        ("{{printf \"%d\" \"x\"}} {{printf \"%s\"}} {{printf \"a\" 1}}", "%!d(string=x) %!s(MISSING) a%!(EXTRA int=1)"),
        ("{{print 1 2 \"x\" 3}}|{{println \"a\" 1}}", "1 2x3|a 1\n"),
        ("{{html .Text}} {{js \"a'b\"}} {{urlquery \"a b&c\"}}", "&lt;a href=&#34;x&#34;&gt; a\\'b a+b%26c"),
        ("{{slice .ID 1 3}} {{slice .Names 1}}", "bc [db]"),
        (
            "{{eq .ID \"x\" \"abc123\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1.5 0.5}} {{ge \"b\" \"a\"}}",
            "true true true true true true"
        ),
        ("{{`raw\\n`}} {{\"a\\tb\"}} {{'x'}} {{0x1F}} {{1e3}}", "raw\\n a\tb 120 31 1000"),
        ("{{.Names | len | eq 2}}", "true"),
    ])
    func templatesGiveWhatGoGives(text: String, expected: String) throws {
        #expect(try execute(text) == expected)
    }

    @Test(arguments: [
        ("{{.ID", "template: :1: unclosed action"),
        ("{{foo .ID}}", "template: :1: function \"foo\" not defined"),
        ("{{if .ID}}x", "template: :1: unexpected EOF"),
        ("x{{end}}", "template: :1: unexpected {{end}}"),
        ("\n\n{{$x}}", "template: :3: undefined variable \"$x\""),
        ("{{if}}x{{end}}", "template: :1: missing value for if"),
        ("{{}}", "template: :1: missing value for command"),
        ("{{.ID | 3}}", "template: :1: non executable command in pipeline stage 2"),
        ("{{(.ID}}", "template: :1: unclosed left paren"),
        ("{{.ID)}}", "template: :1: unexpected right paren"),
        ("{{\"x}}", "template: :1: unterminated quoted string"),
        ("{{1x}}", "template: :1: bad number syntax: \"1x\""),
        ("{{.A#}}", "template: :1: bad character U+0023 '#'"),
        ("{{/* x }}", "template: :1: unclosed comment"),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
    ])
    func whatCannotBeParsedIsRefusedInGosWords(text: String, message: String) {
        #expect(throws: TemplateError(message)) { try Template(text) }
    }

    @Test(arguments: [
        ("{{.State.Foo}}", "template: :1:8: executing \"\" at <.State.Foo>: map has no entry for key \"Foo\""),
        ("{{.ID.X}}", "template: :1:5: executing \"\" at <.ID.X>: can't evaluate field X in type string"),
        (
            "{{index .Names 7}}",
            "template: :1:2: executing \"\" at <index .Names 7>: error calling index: index out of range: 7"
        ),
        ("{{lower 1}}", "template: :1:8: executing \"\" at <1>: expected string; found 1"),
        (
            "{{lower .State.Pid}}",
            "template: :1:14: executing \"\" at <.State.Pid>: wrong type for value; expected string; got int"
        ),
        ("{{upper}}", "template: :1:2: executing \"\" at <upper>: wrong number of args for upper: want 1 got 0"),
        (
            "{{lt 1 \"a\"}}",
            "template: :1:2: executing \"\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison"
        ),
        ("{{template \"x\"}}", "template: :1:11: executing \"\" at <{{template \"x\"}}>: template \"x\" not defined"),
    ])
    func whatCannotBeExecutedIsReportedWithItsPlace(text: String, message: String) {
        #expect(throws: TemplateError(message)) { try execute(text, missingKey: .error) }
    }

    @Test func anUnknownFieldOfARecordIsAnErrorAndAMethodTakesArguments() throws {
        let labels = ["a": "1"]
        let record = TemplateValue.record(
            TemplateRecord(
                "*formatter.ContainerContext", [("ID", .string("x"))],
                methods: [
                    (
                        "Label",
                        { arguments in
                            guard case .string(let key)? = arguments.first else { return .string("") }
                            return .string(labels[key] ?? "")
                        }
                    )
                ]))
        #expect(try Template("{{.ID}}{{.Label \"a\"}}").execute(record) == "x1")
        #expect(
            throws: TemplateError(
                "template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext"
            )
        ) { try Template("{{.Nope}}").execute(record) }
    }

    @Test func aTemplateThatCallsItselfEnds() throws {
        let template = try Template("{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}")
        #expect(throws: TemplateError.self) { try template.execute(.null) }
    }
}

@Suite struct ValueTests {
    private struct Inner: Encodable {
        var Zeta = 1
        var Alpha: String?
        var Labels = ["b": "2", "a": "1"]
    }
    private struct Outer: Encodable {
        var Name = "x"
        var Inner = ValueTests.Inner()
        var Ports = [UInt16(80), 443]
        var Size: Int64 = 9_007_199_254_740_993
        var Others = ["z": 1, "y": 2]
    }

    @Test func encodedMembersKeepTheirOrderAndIntegers() throws {
        let value = try TemplateValue(encoding: Outer())
        #expect(
            value.json
                == #"{"Name":"x","Inner":{"Zeta":1,"Labels":{"a":"1","b":"2"}},"Ports":[80,443],"Size":9007199254740993,"Others":{"y":2,"z":1}}"#
        )
    }

    @Test func aMemberWithoutValueIsFalseInATemplateAndAbsentInJSON() throws {
        let value = try TemplateValue(encoding: Inner())
        let text = "{{if .Alpha}}{{.Alpha.X}}{{else}}none{{end}}{{index .Labels \"zzz\"}}"
        #expect(try Template(text).execute(value, missingKey: .error) == "none")
        #expect(!value.json.contains("Alpha"))
    }

    @Test func jsonIsReadAndWrittenWithoutLoss() throws {
        let text = #"{"z":[1,-2,2.5,1e+21,true,null,"\u0001\n\"é\u2028"],"a":{},"l":[]}"#
        #expect(try TemplateValue(json: Array(text.utf8)).json == text)
        #expect(try TemplateValue(json: Array(#""\ud83d\ude00\ud83d""#.utf8)).json == "\"😀\u{FFFD}\"")
    }

    @Test func indentedJSONIsDockersLayout() throws {
        let value = try TemplateValue(json: Array(#"[{"a":1,"b":[],"c":{},"d":[1,2]}]"#.utf8))
        #expect(
            value.json(indent: 4)
                == "[\n    {\n        \"a\": 1,\n        \"b\": [],\n        \"c\": {},\n        \"d\": [\n            1,\n            2\n        ]\n    }\n]"
        )
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "01", "1.", "tru", "\"a", "[1] x", "\"\u{01}\"", "{\"a\":1,}", "-", "+1",
    ])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(throws: TemplateError.self) { try TemplateValue(json: Array(text.utf8)) }
    }
}

@Suite struct FieldTemplateTests {
    private let record = TemplateRecord(
        "*formatter.ContainerContext",
        [("ID", .string("a\tb")), ("Names", .string("")), ("Size", .int(3)), ("Label", .string("hidden"))],
        methods: [("Label", { _ throws(TemplateError) in .string("method") })])

    @Test(arguments: ["", "plain }} {", "{{.ID}}", "{{.ID}}\t{{.Names}}{{.ID}}é\n", "}}{{.Names}}{"])
    func itGivesWhatTheLanguageGives(_ source: String) throws {
        let template = try #require(FieldTemplate(source))
        #expect(try template.execute(record) == Template(source).execute(.record(record)))
    }

    @Test(arguments: [
        "{{", "{{.ID", "{{.ID}", "{{ .ID}}", "{{.ID }}", "{{-.ID}}", "{{{.ID}}", "{{.}}", "{{.ID.x}}", "{{json .}}",
        "{{/* */}}", "a{{.ID}}{{if .ID}}", "{{.I\u{301}D}}", "{{.ID1}}",
    ])
    func allElseIsLeftToTheLanguage(_ source: String) { #expect(FieldTemplate(source) == nil) }

    @Test(arguments: ["{{.Size}}", "{{.Nothing}}", "{{.ID}}{{.Label}}"])
    func soAreValuesThatAreNoTexts(_ source: String) throws {
        #expect(try #require(FieldTemplate(source)).execute(record) == nil)
    }
}
