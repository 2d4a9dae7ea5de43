import Archive
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

    @Test func cachesAreWrittenIntoImagesAndDirectories() throws {
        func destination(_ text: String) throws(OptionError) -> CacheOption.Destination? {
            try CacheOption.destination(text, directory: "/w")
        }
        for text in ["type=inline", "type=inline,mode=max"] { #expect(try destination(text) == .inline) }
        #expect(try destination("") == nil)
        var target = BuildCacheTarget(.directory("/w/x", tag: "latest"))
        for text in [
            "type=local,dest=x", "type=local,dest=./x,mode=min,compression=uncompressed,force-compression=true",
            "type=local,dest=/w/x,oci-mediatypes=true,image-manifest=1,ignore-error=false",
        ] { #expect(try destination(text) == .target(target), "\(text)") }
        target.place = .directory("/x", tag: "T é")
        (target.extent, target.ignoresErrors) = (.all, true)
        #expect(try destination("type=local,dest=/x,mode=max,tag=T é,ignore-error=true") == .target(target))
        target.place = .registry(try Reference("user/app:cache"))
        #expect(try destination("type=registry,ref=user/app:cache,mode=max,ignore-error=true") == .target(target))
        #expect(try destination("user/app") == .target(BuildCacheTarget(.registry(try Reference("user/app:latest")))))
        let bad = [
            ("type=registry", "registry cache exporter requires ref"),
            ("type=registry,ref=A:b:c", "invalid cache reference"),
            ("type=registry,ref=a@\(Digest(of: []))", "name a tag, and no digest"),
            ("type=registry,ref=a,dest=x", "type=registry has no key \"dest\""),
            ("type=gha", "--cache-to type=gha is refused"),
            ("type=s3,bucket=x", "--cache-to type=s3 is refused"), ("type=azblob", "--cache-to type=azblob is refused"),
            ("type=local", "local cache exporter requires dest"), ("type=local,dest=", "local cache exporter requires"),
            ("type=local,dest=/etc/passwd", "dest=/etc/passwd is no directory"),
            ("type=local,dest=x,mode=some", "unknown cache mode: some"),
            ("type=local,dest=x,compression=zstd", "type=local,compression=zstd is refused: layers are stored"),
            ("type=local,dest=x,compression-level=3", "type=local,compression-level=3 is refused"),
            ("type=local,dest=x,oci-mediatypes=false", "oci-mediatypes=false is refused"),
            ("type=local,dest=x,image-manifest=false", "image-manifest=false is refused"),
            ("type=local,dest=x,ignore-error=q", "non-bool value specified for ignore-error: q"),
            ("type=local,dest=x,tag=", "a cache's tag cannot be empty"),
            ("type=local,dest=x,src=y", "has no key \"src\""),
            ("foo=bar", "type required form> \"foo=bar\""),
            ("type=bogus", "unknown cache type \"bogus\" in --cache-to"),
            ("type=inline,mode=some", "unknown cache mode: some"),
            ("type=inline,x=y", "an inline cache has only a mode"),
            ("type=local,foo", "invalid value foo"),
        ]
        for (text, wanted) in bad {
            #expect(
                complaint { () throws(OptionError) in _ = try destination(text) }.contains(wanted),
                "\(text)")
        }
    }

    @Test func cachesAreReadFromImagesAndDirectories() throws {
        func source(_ text: String) throws(OptionError) -> BuildCacheSource? {
            try CacheOption.source(text, directory: "/w")
        }
        #expect(try source("") == nil)
        #expect(try source("user/app:cache") == .image("user/app:cache"))
        #expect(try source("type=registry,ref=user/app") == .image("user/app:latest"))
        let digest = Digest(of: [])
        #expect(try source("type=local,src=x") == .layout(.init(path: "/w/x")))
        #expect(
            try source("type=local,src=/x,tag=t,digest=\(digest)")
                == .layout(.init(path: "/x", tag: "t", digest: digest)))
        for (text, wanted) in [
            ("type=local", "local cache importer requires src"),
            ("type=local,src=x,tag=", "a cache's tag cannot be empty"),
            ("type=local,src=x,digest=1", "digest=1 is no digest"),
            ("type=local,src=x,mode=max", "has no key \"mode\""),
            ("type=azblob", "--cache-from type=azblob is refused"),
            ("type=registry", "registry cache importer requires ref"), ("type=gha", "--cache-from type=gha is refused"),
            ("type=registry,ref=A:b:c", "invalid cache reference"),
        ] {
            #expect(
                complaint { () throws(OptionError) in _ = try source(text) }.contains(wanted), "\(text)")
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
