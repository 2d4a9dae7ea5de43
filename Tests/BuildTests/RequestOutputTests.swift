import Errors
import Linux
import OCI
import Testing

@testable import Build

@Suite struct RequestOutputTests {
    /// What a plan comes to, in words.
    private func plan(
        _ texts: [String], tags: [String] = [], change: (inout OutputPlan.Context) -> Void = { _ in }
    ) throws(OptionError) -> [String] {
        var context = OutputPlan.Context()
        for tag in tags { context.names.append(try BuildOption.tag(tag)) }
        context.directory = "/nonexistent"
        change(&context)
        var options: [OutputOption] = []
        for text in texts { if let option = try OutputOption(text) { options.append(option) } }
        return try OutputPlan(options, context).outputs.map { output in
            switch output {
            case .image(let names, let annotations, let pushes):
                return "image " + names.map(\.familiar).joined(separator: ",") + (pushes ? " pushed" : "")
                    + annotations.map { " \($0.key)=\($0.value)" }.joined()
            case .local(let path): return "local \(path)"
            case .tar(let place): return "tar \(word(place))"
            case .archive(let place, let format, let names):
                return "\(format) \(word(place)) \(names.map(\.familiar).joined(separator: ","))"
            }
        }
    }

    private func word(_ place: BuildDestination) -> String {
        switch place {
        case .file(let path): path
        case .descriptor(let number): "\(number)"
        case .directory(let path): "\(path)/"
        }
    }

    @Test func outputsAreWhatDockerTakesThemFor() throws {
        let good: [([String], [String])] = [
            ([], ["image t:latest"]), ([""], ["image t:latest"]), (["out"], ["local /nonexistent/out"]),
            (["/x/out"], ["local /x/out"]), (["-"], ["tar 1"]),
            // A path whatever is in it: only "type=" begins a list.
            (["dest=out"], ["local /nonexistent/dest=out"]), (["type=local,dest=/x"], ["local /x"]),
            (["type=tar,dest=/x.tar"], ["tar /x.tar"]), (["type=tar,dest=-"], ["tar 1"]), (["type=tar"], ["tar 1"]),
            (["type=oci,dest=/x.tar"], ["oci /x.tar t:latest"]), (["type=oci,dest=/x,tar=false"], ["oci /x/ t:latest"]),
            (["type=docker,dest=/x.tar"], ["docker /x.tar t:latest"]), (["type=docker"], ["image t:latest"]),
            (["type=docker,dest=-"], ["docker 1 t:latest"]),
            (["type=image,push=true"], ["image t:latest pushed"]), (["type=registry"], ["image t:latest pushed"]),
            (["type=image,name=other:1"], ["image t:latest"]), (["type=cacheonly"], []),
            (["type=image", "type=docker"], ["image t:latest"]),
            (["type=image", "type=local,dest=/x"], ["image t:latest", "local /x"]),
            (["type=image,annotation.A.b=c,annotation-manifest.d=e"], ["image t:latest A.b=c d=e"]),
            (
                ["type=image,compression=uncompressed,force-compression=false,oci-mediatypes=true,unpack=true"],
                ["image t:latest"]
            ),
            (["type=local,dest=/x,mode=copy"], ["local /x"]), (["TYPE=local,dest=/a,DEST=/x"], ["local /x"]),
        ]
        for (texts, wanted) in good { #expect(try plan(texts, tags: ["t"]) == wanted, "\(texts)") }
        #expect(try plan(["type=image,\"name=a:1,b\""]) == ["image a:1,b:latest"])
        #expect(try plan([]) == ["image "])
    }

    @Test func outputsThatCannotBeAreRefused() {
        let bad: [([String], String)] = [
            (["type=foo"], "failed to solve: exporter \"foo\" could not be found"),
            (["type=local"], "dest is required for local exporter"),
            (["type=local,dest=-"], "dest cannot be stdout for local exporter"),
            (["type=local,dest=/etc/passwd"], "destination directory /etc/passwd is a file"),
            (["type=tar,dest=/etc"], "destination file /etc is a directory"), ([","], "invalid value "),
            (["type=image,foo"], "invalid value foo"), (["dest=/x,mode=copy"], "type is required for output"),
            (["type=image,push=true"], "tag is needed when pushing to registry"),
            (["type=image,push=foo"], "non-bool value specified for push: foo"),
            (["type=image,dest=/x"], "output type=image has no dest: it is an image of the store"),
            (["type=image,bogus=aa"], "output type=image has no key \"bogus\""),
            (["-", "type=tar"], "two outputs cannot both go to the standard output: give one of them a dest"),
            (["/x", "type=local,dest=/x"], "two outputs cannot both go to /x"),
            (["type=local,\"x"], "parse error on line 1: extraneous or missing \" in quoted-field"),
        ]
        for (texts, wanted) in bad {
            #expect(complaint { () throws(OptionError) in _ = try plan(texts) } == wanted, "\(texts)")
        }
        let refused: [String] = [
            "type=image,compression=zstd", "type=image,compression=gzip", "type=image,force-compression=true",
            "type=image,oci-mediatypes=false",
            "type=image,unpack=false", "type=local,dest=/x,mode=delete", "type=local,dest=/x,platform-split=true",
            "type=oci,dest=/x,annotation.a=b", "type=docker,dest=/x,oci-mediatypes=true",
            "type=image,annotation-index.a=b",
        ]
        for text in refused {
            #expect(complaint { () throws(OptionError) in _ = try plan([text]) }.contains(" is refused: "), "\(text)")
        }
    }

    @Test func pushAndLoadAreOutputs() throws {
        func both(_ texts: [String], push: Bool = false, load: Bool = false, tags: [String] = ["t"]) throws(OptionError)
            -> [String]
        {
            try plan(texts, tags: tags) { context in
                context.pushes = push
                context.loads = load
            }
        }
        #expect(try both([], push: true) == ["image t:latest pushed"])
        #expect(try both([], load: true) == ["image t:latest"])
        #expect(try both([], push: true, load: true) == ["image t:latest pushed"])
        #expect(try both(["type=image"], push: true) == ["image t:latest pushed"])
        #expect(try both(["/x"], load: true) == ["image t:latest", "local /x"])
        #expect(try both(["type=oci,dest=/x"], push: true) == ["image t:latest pushed", "oci /x t:latest"])
        #expect(
            complaint { () throws(OptionError) in _ = try both([], push: true, tags: []) }
                == "tag is needed when pushing to registry")
    }

    @Test func whatTheOutputsNeedIsKnown() throws {
        var context = OutputPlan.Context()
        var plan = try OutputPlan([OutputOption("-")!], context)
        #expect(plan.usesStandardOutput && plan.hasFiles && plan.rewritesTimes)
        plan = try OutputPlan([OutputOption("type=image,rewrite-timestamp=true")!], context)
        #expect(!plan.usesStandardOutput && !plan.hasFiles && plan.rewritesTimes)
        context.isTerminal = true
        #expect(
            complaint { () throws(OptionError) in _ = try OutputPlan([OutputOption("type=oci")!], context) }
                == "dest file is required for oci exporter. refusing to write to console")
        context.platforms = 2
        #expect(
            complaint { () throws(OptionError) in _ = try OutputPlan([OutputOption("type=docker,dest=/x")!], context) }
                .hasPrefix("docker exporter does not support exporting manifest lists"))
        context.annotations = [("a", "b")]
        #expect(
            complaint { () throws(OptionError) in _ = try OutputPlan([OutputOption("/x")!], context) }
                .hasPrefix("--annotation is refused"))
    }
}
