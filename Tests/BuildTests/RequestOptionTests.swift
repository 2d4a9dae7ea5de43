import ContainerSpec
import Dockerfile
import Errors
import OCI
import Testing

@testable import Build

@Suite struct RequestOptionTests {
    @Test func namesAreReferencesWithoutDigests() throws {
        #expect(try BuildOption.tag("a").description == "docker.io/library/a:latest")
        let bad = [
            ("Bad/UPPER", "invalid tag \"Bad/UPPER\": repository name must be lowercase"),
            ("", "invalid tag \"\": repository name must have at least one component"),
            (
                "x@sha256:" + String(repeating: "0", count: 64),
                "failed to solve: refusing to create a tag with a digest reference"
            ),
        ]
        for (text, wanted) in bad {
            #expect(complaint { () throws(OptionError) in _ = try BuildOption.tag(text) } == wanted)
        }
        #expect(
            complaint { () throws(OptionError) in _ = try BuildOption.tag("a:b:c") }
                .hasPrefix("invalid tag \"a:b:c\": invalid reference format"))
    }

    @Test func platformsAreReadOnce() throws {
        let platforms = try BuildOption.platforms(["linux/amd64,linux/arm64", "linux/amd64", "local"])
        #expect(platforms.map(\.description).prefix(2) == ["linux/amd64", "linux/arm64"])
        #expect(platforms.contains(.host))
        #expect(platforms.count <= 3)
        #expect(try BuildOption.platforms([]).isEmpty)
        #expect(
            complaint { () throws(OptionError) in _ = try BuildOption.platforms(["bad/x/y/z"]) }
                .hasPrefix("\"bad/x/y/z\": cannot parse platform specifier: invalid argument"))
        #expect(
            complaint { () throws(OptionError) in _ = try BuildOption.platforms(["windows/amd64"]) }
                == "failed to solve: operating system is not supported: windows")
    }

    @Test func networksAreThree() throws {
        #expect(try BuildOption.network("") == .default)
        #expect(try BuildOption.network("host") == .host)
        #expect(try BuildOption.network("none") == .none)
        for text in ["foo", "container:x", "bridge"] {
            #expect(
                complaint { () throws(OptionError) in _ = try BuildOption.network(text) }
                    .hasPrefix("network mode \"\(text)\" not supported"))
        }
    }

    @Test func hostsHaveAddresses() throws {
        #expect(try BuildOption.hosts("a:1.1.1.1,b=::1").map(\.address) == ["1.1.1.1", "::1"])
        #expect(try BuildOption.hosts("a:host-gateway").count == 1)
        for text in ["x", "x:1"] {
            #expect(
                complaint { () throws(OptionError) in _ = try BuildOption.hosts(text) }.hasPrefix(
                    "invalid host \(text)"))
        }
    }

    @Test func annotationsAreOfManifests() throws {
        #expect(try AnnotationOption.read("a=b=c").map { [$0.key, $0.value] } == ["a", "b=c"])
        #expect(try AnnotationOption.read("manifest:a=b")?.key == "a")
        #expect(try AnnotationOption.read("manifest:a:b=c")?.key == "a:b")
        #expect(try AnnotationOption.read("") == nil)
        let bad = [
            ("foo", "parse annotations: invalid annotation \"foo\", expected key=value"),
            ("nolevel:a=b", "parse annotations: unknown annotation type \"nolevel\""),
            ("index:a=b", "index annotations not supported"), ("index,manifest:a=b", "index annotations not supported"),
            ("index-descriptor:a=b", "index annotations not supported"), ("manifest-descriptor:a=b", "only manifests"),
            ("manifest[linux/amd64]:a=b", "leave [linux/amd64] out"),
        ]
        for (text, wanted) in bad {
            #expect(
                complaint { () throws(OptionError) in _ = try AnnotationOption.read(text) }.contains(wanted), "\(text)")
        }
    }

    @Test func attestationsAreRefusedUnlessSwitchedOff() {
        for text in ["", "type=provenance,disabled=true", "type=sbom,disabled=1"] {
            #expect(complaint { () throws(OptionError) in try AttestationOption.check(text) } == "")
        }
        for text in ["", "false", "0", "disabled=true", "mode=max,disabled=true"] {
            #expect(complaint { () throws(OptionError) in try AttestationOption.check(text, flag: "sbom") } == "")
        }
        let bad = [
            ("foo", "invalid value foo"), ("disabled=true", "attestation type not specified"),
            ("type=provenance", "--attest type=provenance is refused: attestations are not made"),
            ("type=sbom,disabled=maybe", "disabled is true or false"),
        ]
        for (text, wanted) in bad {
            #expect(
                complaint { () throws(OptionError) in try AttestationOption.check(text) }.hasPrefix(wanted)
                    || complaint { () throws(OptionError) in try AttestationOption.check(text) }.hasSuffix(wanted),
                "\(text)")
        }
        for text in ["true", "mode=max", "mode=foo"] {
            #expect(
                complaint { () throws(OptionError) in try AttestationOption.check(text, flag: "provenance") }
                    .hasPrefix("--provenance=\(text) is refused"))
        }
    }

    @Test func onlyAnInlineCacheIsWritten() throws {
        for text in ["type=inline", "type=inline,mode=max"] { #expect(try CacheOption.isInline(destination: text)) }
        #expect(try !CacheOption.isInline(destination: ""))
        let bad = [
            ("user/app:cache", "--cache-to type=registry is refused"),
            ("type=local,dest=x", "--cache-to type=local is refused"), ("type=gha", "--cache-to type=gha is refused"),
            ("foo=bar", "type required form> \"foo=bar\""),
            ("type=bogus", "unknown cache type \"bogus\" in --cache-to"),
            ("type=inline,mode=some", "unknown cache mode: some"),
            ("type=inline,x=y", "an inline cache has only a mode"),
            ("type=local,foo", "invalid value foo"),
        ]
        for (text, wanted) in bad {
            #expect(
                complaint { () throws(OptionError) in _ = try CacheOption.isInline(destination: text) }.contains(
                    wanted),
                "\(text)")
        }
        #expect(try CacheOption.source("") == nil)
        #expect(try CacheOption.source("user/app:cache") == "user/app:cache")
        #expect(try CacheOption.source("type=registry,ref=user/app") == "user/app:latest")
        for (text, wanted) in [
            ("type=local", "local cache importer requires src"),
            ("type=local,src=x", "--cache-from type=local is refused"),
            ("type=registry", "registry cache importer requires ref"), ("type=gha", "--cache-from type=gha is refused"),
            ("type=registry,ref=A:b:c", "invalid cache reference"),
        ] {
            #expect(
                complaint { () throws(OptionError) in _ = try CacheOption.source(text) }.contains(wanted), "\(text)")
        }
    }

    @Test func callsHaveAMethodAFormatAndAStatus() throws {
        #expect(try DockerfileCall("").method == .build)
        #expect(try DockerfileCall("lint").method == .check)
        let call = try DockerfileCall("targets,format=json,ignorestatus=1")
        #expect(call.method == .targets && call.isJSON && call.ignoresStatus)
        let bad = [
            ("foo", "failed to solve: unsupported request frontend.foo"),
            ("check,foo=bar", "invalid print field: foo=bar"),
            ("check,json", "invalid print field: json"), ("check,format=xml", "invalid print format: xml"),
            (
                "check,ignorestatus=foo",
                "invalid ignorestatus print value: foo: strconv.ParseBool: parsing \"foo\": invalid syntax"
            ),
        ]
        for (text, wanted) in bad {
            #expect(complaint { () throws(OptionError) in _ = try DockerfileCall(text) }.hasPrefix(wanted), "\(text)")
        }
    }

    @Test func rightsAreThoseOfContainers() {
        for text in ["", "network.host"] {
            #expect(complaint { () throws(OptionError) in try BuildOption.checkEntitlement(text) } == "")
        }
        #expect(
            complaint { () throws(OptionError) in try BuildOption.checkEntitlement("foo") } == "unknown entitlement foo"
        )
        for text in ["security.insecure", "device", "device=foo"] {
            #expect(
                complaint { () throws(OptionError) in try BuildOption.checkEntitlement(text) }
                    .hasPrefix("failed to solve: granting entitlement \(text) is not allowed"))
        }
    }
}
