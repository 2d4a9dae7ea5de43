import Glibc
import Linux
import OCI
import Registry
import Testing

@Suite struct CredentialStoreTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func store(_ config: String, auth: String? = nil) throws -> CredentialStore {
        try folder.write("docker/config.json", config)
        if let auth { try folder.write("run/containers/auth.json", auth) }
        return CredentialStore(
            environment: ["DOCKER_CONFIG": folder.path + "/docker", "XDG_RUNTIME_DIR": folder.path + "/run"])
    }

    @Test func findsThePlacesOfTheFiles() {
        func paths(_ environment: [String: String]) -> [String] { CredentialStore(environment: environment).paths }
        #expect(paths(["HOME": "/h"]) == ["/h/.docker/config.json", "/h/.config/containers/auth.json"])
        #expect(
            paths(["HOME": "/h", "DOCKER_CONFIG": "/c", "XDG_RUNTIME_DIR": "/r", "XDG_CONFIG_HOME": "/x"])
                == ["/c/config.json", "/r/containers/auth.json", "/x/containers/auth.json"])
        #expect(
            paths(["HOME": "/h", "REGISTRY_AUTH_FILE": "/a/b", "XDG_RUNTIME_DIR": "/r"])
                == ["/h/.docker/config.json", "/a/b"])
        #expect(paths([:]) == [])
    }

    // Docker's client reads it since 28.3 (docker/cli#6008).
    @Test func theEnvironmentItselfGoesBeforeFiles() throws {
        try folder.write("config.json", #"{"auths":{"host":{"auth":"ZmlsZTpw"},"other":{"auth":"ZmlsZTpw"}}}"#)
        func credential(_ text: String, _ domain: String) throws -> Credential? {
            let environment = ["DOCKER_CONFIG": folder.path, "DOCKER_AUTH_CONFIG": text]
            return try CredentialStore(environment: environment).credential(domain: domain, path: "a")
        }
        let text = #"{"auths":{"https://host":{"auth":"ZW52OnA="},"https://index.docker.io/v1/":{"auth":"aHViOnA="}}}"#
        #expect(try credential(text, "host") == .password(user: "env", password: "p"))
        #expect(try credential(text, "docker.io") == .password(user: "hub", password: "p"))
        #expect(try credential(text, "other") == .password(user: "file", password: "p"))
        // No program is run that the environment names, and what is no credential is none.
        #expect(try credential(#"{"credsStore":"nosuch"}"#, "host") == .password(user: "file", password: "p"))
        #expect(try credential("", "host") == .password(user: "file", password: "p"))
        for wrong in ["{", "[]", #"{"auths":{"host":{"auth":"!"}}}"#] {
            let error = #expect(throws: RegistryError.self) { try credential(wrong, "host") }
            guard case .credentialFile("$DOCKER_AUTH_CONFIG", _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func asksTheFilesInTheirOrder() throws {
        func entry(_ user: String, _ key: String = "host") -> String {
            #"{"auths":{"\#(key)":{"username":"\#(user)","password":"p"}}}"#
        }
        try folder.write("home/.docker/config.json", entry("config", "first"))
        try folder.write("run/containers/auth.json", entry("runtime"))
        try folder.write("home/.config/containers/auth.json", entry("lasting", "host/team"))
        try folder.write("named.json", "\u{feff}" + entry("named", "host/team/x") + "\r\n")
        var environment = ["HOME": folder.path + "/home", "XDG_RUNTIME_DIR": folder.path + "/run"]
        func user(_ domain: String, _ path: String) throws -> String? {
            guard
                case .password(let user, _) = try CredentialStore(environment: environment).credential(
                    domain: domain, path: path)
            else { return nil }
            return user
        }
        #expect(try user("first", "a") == "config")
        // The first file with an entry decides, not the longest entry of all.
        #expect(try user("host", "team/x") == "runtime")
        try Files.unlink(folder.path + "/run/containers/auth.json")
        #expect(try user("host", "team/x") == "lasting")
        #expect(try user("host", "tea") == nil)
        environment["REGISTRY_AUTH_FILE"] = folder.path + "/named.json"
        #expect(try user("host", "team/x") == "named")
        #expect(try user("host", "team") == nil)
        environment["REGISTRY_AUTH_FILE"] = folder.path + "/missing.json"
        #expect(try user("host", "team/x") == nil)
    }

    @Test func takesThePlainNameOfSeveral() throws {
        let store = try store(
            #"{"auths":{"https://h/v1/":{"auth":"YTpi"},"h":{"auth":"Yzpk"},"http://i":{"auth":"YTpi"},"i":{}}}"#)
        #expect(try store.credential(domain: "h", path: "a") == .password(user: "c", password: "d"))
        #expect(try store.credential(domain: "i", path: "a") == .password(user: "a", password: "b"))
    }

    @Test func readsUserAndPassword() throws {
        // user:pass:word
        let store = try store(#"{"auths":{"host:5000":{"auth":"dXNlcjpwYXNzOndvcmQ="}}}"#)
        #expect(
            try store.credential(domain: "host:5000", path: "a") == .password(user: "user", password: "pass:word"))
        #expect(try store.credential(domain: "host", path: "a") == nil)
    }

    @Test(arguments: [
        "https://index.docker.io/v1/", "docker.io", "index.docker.io", "https://registry-1.docker.io/v2/",
    ])
    func knowsTheNamesOfDockersRegistry(name: String) throws {
        let store = try store(#"{"auths":{"\#(name)":{"username":"u","password":"p"}}}"#)
        #expect(try store.credential(domain: "docker.io", path: "library/a") == .password(user: "u", password: "p"))
    }

    @Test func prefersTheNarrowerEntryAndReadsTheSecondFile() throws {
        let store = try store(
            #"{"auths":{"other":{"auth":"YTpi"}}}"#,
            auth: #"{"auths":{"https://host/v1/":{"auth":"YTpi"},"host/team":{"auth":"YzpkAA=="},"host/team/x/y":{}}}"#)
        #expect(try store.credential(domain: "host", path: "team/x/y") == .password(user: "c", password: "d"))
        #expect(try store.credential(domain: "host", path: "teams") == .password(user: "a", password: "b"))
    }

    @Test func aRuntimeDirectoryOfSomebodyElseIsNotBelieved() throws {
        let store = try store("{}", auth: #"{"auths":{"host":{"auth":"YTpi"}}}"#)
        let containers = folder.path + "/run/containers"
        #expect(try store.credential(domain: "host", path: "a") != nil)
        chmod(containers, 0o777)
        #expect {
            _ = try store.credential(domain: "host", path: "a")
        } throws: {
            "\($0)".contains("chmod go-w \(containers)")
        }
        chmod(containers, 0o700)
        if geteuid() == 0 {
            chown(containers, 4711, 4711)
            #expect(try store.credential(domain: "host", path: "a") == nil)
        }
    }

    @Test func readsTokens() throws {
        let store = try store(
            #"{"auths":{"i":{"auth":"YTpi","identitytoken":"refresh"},"r":{"registrytoken":"access"}}}"#)
        #expect(try store.credential(domain: "i", path: "a") == .identityToken("refresh"))
        #expect(try store.credential(domain: "r", path: "a") == .accessToken("access"))
    }

    @Test func passesMissingAndEmptyFilesOver() throws {
        #expect(try CredentialStore(environment: ["HOME": folder.path]).credential(domain: "h", path: "a") == nil)
        #expect(try store(" \n").credential(domain: "h", path: "a") == nil)
        #expect(try store("{}").credential(domain: "h", path: "a") == nil)
    }

    @Test(arguments: ["{", "[]", #"{"auths":{"h":{"auth":"%%"}}}"#, #"{"auths":{"h":{"auth":"YWI="}}}"#])
    func namesTheFileThatItCannotUse(text: String) throws {
        let store = try store(text)
        #expect {
            try store.credential(domain: "h", path: "a")
        } throws: {
            "\($0)".contains(folder.path + "/docker/config.json")
        }
    }
}

/// PATH is one for the whole process, so these run one after the other, and nothing else starts programs.
@Suite(.serialized) struct CredentialHelperTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    /// A helper that answers each server by a case of a shell script.
    private func store(_ config: String, cases: String) throws -> CredentialStore {
        // A name of its own, by its whole path: PATH is that of all tests.
        try folder.write(
            "docker-credential-test",
            """
            #!/bin/sh
            case "$1" in
            store | erase) printf "%s %s\\n" "$1" "$(cat)" >>"\(folder.path)/log"; [ ! -e "\(folder.path)/broken" ]; exit ;;
            esac
            [ "$1" = get ] || exit 9
            read -r server || [ -n "$server" ] || exit 8
            case "$server" in
            \(cases)
            *) echo "credentials not found in native keychain"; exit 1 ;;
            esac
            """, mode: 0o755)
        try folder.write("config.json", config)
        return CredentialStore(environment: ["DOCKER_CONFIG": folder.path])
    }

    private func inPath<Value>(_ body: () throws -> Value) rethrows -> Value {
        let before = String(cString: getenv("PATH"))
        setenv("PATH", folder.path + ":" + before, 1)
        defer { setenv("PATH", before, 1) }
        return try body()
    }

    @Test func asksTheProgramOfTheRegistryAndTheOneOfAll() throws {
        let cases = """
            helped) echo '{"ServerURL":"helped","Username":"u","Secret":"s"}' ;;
            https://index.docker.io/v1/) echo '{"Username":"<token>","Secret":"refresh"}' ;;
            """
        let one = try store(#"{"credHelpers":{"helped":"test"},"auths":{"plain":{"auth":"YTpi"}}}"#, cases: cases)
        let helped = try inPath { try one.credential(domain: "helped", path: "a") }
        #expect(helped == .password(user: "u", password: "s"))
        let beside = try inPath { try one.credential(domain: "plain", path: "a") }
        #expect(beside == .password(user: "a", password: "b"))
        let all = try store(#"{"credsStore":"test","auths":{"plain":{"auth":"YTpi"}}}"#, cases: cases)
        let docker = try inPath { try all.credential(domain: "docker.io", path: "a") }
        #expect(docker == .identityToken("refresh"))
        let plain = try inPath { try all.credential(domain: "plain", path: "a") }
        #expect(plain == .password(user: "a", password: "b"))
        let none = try inPath { try all.credential(domain: "none", path: "a") }
        #expect(none == nil)
    }

    @Test func namesTheProgramThatFails() throws {
        let store = try store(#"{"credHelpers":{"h":"test","m":"missing-here"}}"#, cases: "h) echo broken; exit 3 ;;")
        func failure(_ domain: String) -> String {
            do { return "\(try inPath { try store.credential(domain: domain, path: "a") } as Any)" } catch {
                return "\(error)"
            }
        }
        #expect(failure("h") == "the credential helper docker-credential-test failed: broken")
        #expect(failure("m") == "the credential helper docker-credential-missing-here failed: it is not in PATH")
    }

    @Test func storesAndErasesByTheProgram() throws {
        _ = try store(#"{"credsStore":"test","auths":{"h":{"auth":"YTpi","email":"e"}}}"#, cases: "")
        let file = CredentialFile(directory: folder.path)
        let place = try inPath {
            try file.store(user: "u\"s", password: "p\\w", identityToken: nil, for: LoginServer("h"))
        }
        #expect(place == .helper("docker-credential-test"))
        let token = try inPath {
            try file.store(user: "u", password: "p", identityToken: "refresh", for: LoginServer("docker.io"))
        }
        #expect(token == .helper("docker-credential-test"))
        // No secret stays in the file, which lists the registries all the same.
        let text = try Files.readText(folder.path + "/config.json").replacing("\n", with: "").replacing("\t", with: "")
        #expect(
            text == #"{"credsStore": "test","auths": {"h": {"email": "e"},"https://index.docker.io/v1/": {}}}"#)
        let failures = try inPath { try file.erase(LoginServer("h")) }
        #expect(failures.isEmpty)
        #expect(
            try Files.readText(folder.path + "/log").split(separator: "\n") == [
                #"store {"ServerURL":"h","Username":"u\"s","Secret":"p\\w"}"#,
                #"store {"ServerURL":"https://index.docker.io/v1/","Username":"<token>","Secret":"refresh"}"#,
                "erase h", "erase http://h", "erase https://h",
            ])
        #expect(!(try Files.readText(folder.path + "/config.json").contains("\"h\"")))
    }

    @Test func anEmptyNameMeansTheFile() throws {
        let found = try store(
            #"{"credsStore":"missing-here","credHelpers":{"h":""},"auths":{"h":{"auth":"YTpi"}}}"#, cases: "")
        #expect(try found.credential(domain: "h", path: "a") == .password(user: "a", password: "b"))
    }

    @Test func leavesTheFileAloneWhereTheProgramFails() throws {
        let config = #"{"credsStore":"test"}"#
        _ = try store(config, cases: "")
        try folder.write("broken", "")
        let file = CredentialFile(directory: folder.path)
        #expect {
            _ = try inPath { try file.store(user: "u", password: "hunter2", identityToken: nil, for: LoginServer("h")) }
        } throws: {
            "\($0)" == "the credential helper docker-credential-test failed: it ended with 1"
        }
        #expect(try Files.readText(folder.path + "/config.json") == config)
        let failures = try inPath { try file.erase(LoginServer("h")) }
        #expect(failures.map(\.name) == ["h", "http://h", "https://h"])
    }

    @Test(arguments: ["cat; exit 1", "cat >&2; exit 1", "exit 1", "yes | head -c 3000000", "kill -9 $$"])
    func neverShowsWhatAProgramRepeats(script: String) throws {
        try folder.write("docker-credential-odd", "#!/bin/sh\nexec 2>/dev/null\n\(script)\n", mode: 0o755)
        try folder.write("config.json", #"{"credHelpers":{"h":"odd"}}"#)
        let file = CredentialFile(directory: folder.path)
        #expect {
            _ = try inPath { try file.store(user: "u", password: "hunter2", identityToken: nil, for: LoginServer("h")) }
        } throws: {
            "\($0)".contains("docker-credential-odd failed") && !"\($0)".contains("hunter2")
        }
    }
}
