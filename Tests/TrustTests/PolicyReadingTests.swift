import Glibc
import Linux
import OCI
import Testing

@testable import Trust

@Suite struct PolicyReadingTests {
    @Test(arguments: [
        (#"{"default": \#(accept)}"#),
        (#"{"default": \#(reject), "transports": {}}"#),
        (#"{"default": \#(reject), "transports": {"docker": {}, "unheard-of": {"any scope": \#(accept)}}}"#),
        (#"{"default": \#(reject), "transports": {"oci": {"": \#(accept), "/srv/images": \#(accept)}}}"#),
        (#"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/none"}]}"#),
        (#"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyData": "", "signedIdentity": {"type": "matchExact"}}]}"#),
        (#"{"default": [{"type": "signedBaseLayer", "baseLayerIdentity": {"type": "matchRepository"}}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "keyPath": "/none"}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "keyPaths": ["/a", "/b"]}]}"#),
        ("{\"default\": [{\"type\": \"sigstoreSigned\", \"keyData\": \"YW\\r\\nJj\"}]}"),
        (#"{"default": [{"type": "sigstoreSigned", "keyDatas": ["YWJj", "YQ=="]}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "keyPath": "", "keyData": "YWJj"}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "keyPath": "/a", "rekorPublicKeyPath": "/b"}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "fulcio": {"caPath": "/a", "oidcIssuer": "i", "subjectEmail": "e"}, "rekorPublicKeyData": "YQ=="}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "pki": {"caRootsPath": "/a", "subjectHostname": "e"}}]}"#),
        (#"{"default": [{"type": "sigstoreSigned", "keyPath": "/a", "signedIdentity": {"type": "remapIdentity", "prefix": "localhost:5000", "signedPrefix": "vendor.example/team"}}]}"#),
    ])
    func whatTheFormatAllowsIsRead(_ text: String) {
        #expect(fault(text) == nil)
    }

    @Test(arguments: [
        ("", "it is no valid JSON at line 1: it ends too early"),
        ("[]", "the document is no object"),
        ("null", "the document is no object"),
        ("{}", "it has no \"default\" rule"),
        ("{\"default\": \(accept)} x", "it is no valid JSON at line 1: something follows the document"),
        (
            #"{"default": [], "transports": {}}"#,
            "default is empty: write insecureAcceptAnything where nothing is required"
        ),
        (#"{"default": null}"#, "default is no list of requirements"),
        (#"{"default": {"type": "reject"}}"#, "default is no list of requirements"),
        (#"{"default": ["reject"]}"#, "default[0] is no object"),
        (#"{"default": [{}]}"#, "default[0] has no \"type\""),
        (#"{"default": [{"type": 1}]}"#, "default[0].type is no text in quotes"),
        (#"{"default": [{"type": "Reject"}]}"#, "default[0] is of the unknown type \"Reject\""),
        (#"{"Default": \#(accept)}"#, "the document has \"Default\", and may have nothing but default, transports"),
        (#"{"default": \#(accept), "default": \#(accept)}"#, "the document has \"default\" more than once"),
        (
            #"{"default": [{"type": "reject", "type": "insecureAcceptAnything"}]}"#,
            "default[0] has \"type\" more than once"
        ),
        (#"{"default": [{"type": "reject", "x": 1}]}"#, "default[0] has \"x\", and may have nothing but type"),
        (#"{"default": \#(accept), "transports": null}"#, "transports is no object"),
        (#"{"default": \#(accept), "transports": {"docker": []}}"#, "transports.docker is no object"),
        (
            #"{"default": \#(accept), "transports": {"docker": {"a": []}}}"#,
            "transports.docker[\"a\"] is empty: write insecureAcceptAnything where nothing is required"
        ),
        (
            #"{"default": \#(accept), "transports": {"docker": {"a": \#(reject), "\u0061": \#(accept)}}}"#,
            "transports.docker has \"a\" more than once"
        ),
        (
            #"{"default": \#(accept), "transports": {"docker-archive": {"/x": \#(accept)}}}"#,
            "transports.docker-archive[\"/x\"] can never count: docker-archive has the scope \"\" alone"
        ),
        (
            #"{"default": \#(accept), "transports": {"oci": {"x": \#(accept)}}}"#,
            "transports.oci[\"x\"] can never count: it is no absolute path"
        ),
        (
            #"{"default": \#(accept), "transports": {"dir": {"/": \#(accept)}}}"#,
            "transports.dir[\"/\"] is everything, which is \"\" here"
        ),
        (
            #"{"default": \#(accept), "transports": {"oci-archive": {"/x/": \#(accept)}}}"#,
            "transports.oci-archive[\"/x/\"] can never count: write the path without \"//\", \"/./\", \"/../\" and a \"/\" at its end"
        ),
    ])
    func whatItDoesNotAllowIsRefused(_ text: String, _ cause: String) {
        #expect(fault(text) == cause)
    }

    @Test(arguments: [
        ("", "has none of keyPath, keyPaths, keyData, keyDatas"),
        (#""keyPath": """#, "has none of keyPath, keyPaths, keyData, keyDatas"),
        (#""keyPath": "/a", "keyData": "YQ==""#, "has more than one of keyPath, keyPaths, keyData, keyDatas"),
        (#""keyPath": ["/a"]"#, ".keyPath is no text in quotes"),
        (#""keyPath": null"#, ".keyPath is no text in quotes"),
        (#""keyPaths": []"#, ".keyPaths is no list with one text at least"),
        (#""keyPaths": [1]"#, ".keyPaths has something else than texts in quotes"),
        (#""keyData": "YQ""#, ".keyData is not base64"),
        (#""keyData": "Y Q=""#, ".keyData is not base64"),
        (#""keyDatas": ["YQ==", "*"]"#, ".keyDatas[1] is not base64"),
        (#""keypath": "/a""#, "has \"keypath\", and may have nothing but "),
        (#""keyPath": "/a", "keyType": "GPGKeys""#, "has \"keyType\", and may have nothing but "),
        (#""keyPath": "/a", "signedIdentity": null"#, ".signedIdentity is no object"),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "matchAny"}"#,
            ".signedIdentity is of the unknown type \"matchAny\""
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "matchExact", "dockerReference": "a"}"#,
            ".signedIdentity has \"dockerReference\", and may have nothing but type"
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "exactReference", "dockerReference": "debian"}"#,
            ".signedIdentity.dockerReference has neither a tag nor a digest"
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "exactReference"}"#,
            ".signedIdentity has no \"dockerReference\""
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "exactRepository", "dockerRepository": "A"}"#,
            ".signedIdentity.dockerRepository: invalid reference format"
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "remapIdentity", "prefix": "a"}"#,
            ".signedIdentity has no \"signedPrefix\""
        ),
        (
            #""keyPath": "/a", "signedIdentity": {"type": "remapIdentity", "prefix": "a/b:1", "signedPrefix": "c"}"#,
            ".signedIdentity.prefix is \"a/b:1\", which is no host or beginning of a name"
        ),
        (
            #""keyPath": "/a", "rekorPublicKeyPath": "/b", "rekorPublicKeyData": "YQ==""#,
            "has more than one of rekorPublicKeyPath, "
        ),
        (
            #""keyPath": "/a", "pki": {"caRootsPath": "/a", "subjectEmail": "e"}"#,
            "has more than one of keyPath, keyPaths, keyData, keyDatas, pki"
        ),
        (
            #""fulcio": {"caPath": "/a", "oidcIssuer": "i", "subjectEmail": "e"}"#,
            "has fulcio, which needs a key of Rekor's: "
        ),
        (#""fulcio": {"caPath": "/a", "oidcIssuer": "i"}"#, ".fulcio has no \"subjectEmail\""),
        (#""fulcio": {"oidcIssuer": "i", "subjectEmail": "e"}"#, ".fulcio has none of caPath, caData"),
        (#""pki": {"caRootsPath": "/a"}"#, ".pki has neither subjectEmail nor subjectHostname"),
    ])
    func aRequirementOfSignaturesIsWholeOrRefused(_ members: String, _ cause: String) {
        let text = #"{"default": [{"type": "sigstoreSigned"\#(members.isEmpty ? "" : ", " + members)}]}"#
        let found = fault(text) ?? "nothing"
        let place = cause.hasPrefix(".") ? "default[0]" : "default[0] "
        #expect(found.hasPrefix(place + cause), "\(found)")
    }

    @Test func depthAndDamageAreNoCrash() {
        let deep = #"{"default": "# + String(repeating: "[", count: 100_000)
        #expect(fault(deep)?.contains("nested too deeply") == true)
        let whole =
            #"{"default": [{"type": "sigstoreSigned", "keyDatas": ["YWJj"], "signedIdentity": {"type": "exactReference", "dockerReference": "a:1"}}], "transports": {"docker": {"a": [{"type": "reject"}]}}}"#
        let bytes = Array(whole.utf8)
        #expect(fault(whole) == nil)
        for end in bytes.indices {
            #expect(throws: TrustError.self) { try TrustPolicy(Array(bytes[..<end]), path: "/p") }
        }
        // One byte of it changed is refused, or means something all the same.
        for place in bytes.indices {
            for byte in [UInt8(ascii: "\""), 0, 0xff, UInt8(ascii: "{"), UInt8(ascii: "9")] {
                var other = bytes
                other[place] = byte
                _ = fault(String(decoding: other, as: UTF8.self))
            }
        }
    }

    @Test func theUsersOwnFileCountsAlone() throws {
        let folder = "/tmp/apus-policy-test.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectories(folder + "/own/containers")
        defer { try? Files.removeTree(folder) }
        let file = folder + "/own/containers/policy.json"
        try Files.write(Array("{\"default\": \(reject)}".utf8), to: file)
        let found = try #require(
            try TrustPolicy(environment: ["XDG_CONFIG_HOME": folder + "/own", "HOME": "/nonexistent"]))
        #expect(found.path == file)
        #expect(
            TrustPolicy.paths(["HOME": "/h"]) == ["/h/.config/containers/policy.json", "/etc/containers/policy.json"])
        #expect(TrustPolicy.paths([:]) == ["/etc/containers/policy.json"])
        // What is there and cannot be read is not what is not there.
        try Files.write(Array("{".utf8), to: file)
        #expect(throws: TrustError.policyFile(path: file, cause: "it is no valid JSON at line 1: it ends too early")) {
            try TrustPolicy(environment: ["XDG_CONFIG_HOME": folder + "/own"])
        }
        try Files.unlink(file)
        try Files.makeDirectory(file)
        #expect(throws: TrustError.self) { try TrustPolicy(environment: ["XDG_CONFIG_HOME": folder + "/own"]) }
    }
}
