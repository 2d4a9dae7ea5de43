import Glibc
import Linux
import Registry
import Testing

@Suite struct CredentialFileTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private var file: CredentialFile { CredentialFile(directory: folder.path + "/docker") }
    private var path: String { folder.path + "/docker/config.json" }
    private func text() throws -> String { try Files.readText(path) }

    @discardableResult
    private func store(_ server: String, _ user: String = "user", _ password: String = "secret", token: String? = nil)
        throws -> CredentialFile.Place
    {
        try file.store(user: user, password: password, identityToken: token, for: try LoginServer(server))
    }

    @Test func makesAFileOfItsOwnersAlone() throws {
        #expect(try store("host:5000") == .file(path, isNew: true))
        #expect(
            try text() == "{\n\t\"auths\": {\n\t\t\"host:5000\": {\n\t\t\t\"auth\": \"dXNlcjpzZWNyZXQ=\"\n\t\t}\n\t}\n}"
        )
        #expect(try Files.status(path).permissions == 0o600)
        #expect(try Files.status(folder.path + "/docker").permissions == 0o700)
        #expect(try file.account(at: LoginServer("host:5000")) == .init(user: "user", password: "secret"))
        #expect(try Files.list(folder.path + "/docker") == ["config.json"])
    }

    @Test func saysWhetherAnythingIsNew() throws {
        try store("host")
        #expect(try store("host") == .file(path, isNew: false))
        #expect(try store("host", "user", "other") == .file(path, isNew: true))
    }

    @Test func keepsWhatItDoesNotKnow() throws {
        try folder.write(
            "docker/config.json",
            "\u{feff}{\"n\":9007199254740993.0e2,\r\n\"HttpHeaders\":{\"b\":1,\"a\":[null,true]},"
                + "\"auths\":{\"other\":{\"auth\":\"YTpi\",\"email\":\"e\"},\"host\":{\"auth\":\"eDp5\",\"email\":\"<h>\"}}}"
        )
        try store("host")
        #expect(
            try text().replacing("\n", with: "").replacing("\t", with: "")
                == "{\"n\": 9007199254740993.0e2,\"HttpHeaders\": {\"b\": 1,\"a\": [null,true]},"
                + "\"auths\": {\"other\": {\"auth\": \"YTpi\",\"email\": \"e\"},"
                + "\"host\": {\"email\": \"<h>\",\"auth\": \"dXNlcjpzZWNyZXQ=\"}}}")
        #expect(try file.erase(LoginServer("other")).isEmpty)
        #expect(!(try text().contains("YTpi")))
        #expect(try text().contains("dXNlcjpzZWNyZXQ="))
    }

    @Test func takesTheAccessOfOthersAway() throws {
        try folder.write("docker/config.json", "{}", mode: 0o644)
        try store("host")
        #expect(try Files.status(path).permissions == 0o600)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to make another user's directory"))
    func leavesTheFileToItsOwner() throws {
        try folder.write("docker/config.json", "{}")
        chown(path, 4711, 4712)
        try store("host")
        let status = try Files.status(path)
        #expect(status.user == 4711)
        #expect(status.group == 4712)
    }

    @Test(arguments: [true, false])
    func followsSymbolicLinks(isThere: Bool) throws {
        if isThere { try folder.write("elsewhere/real.json", #"{"a":1}"#) }
        try Files.makeDirectories(folder.path + "/elsewhere")
        try Files.makeDirectories(folder.path + "/docker")
        symlink("../elsewhere/link", path)
        symlink(folder.path + "/elsewhere/real.json", folder.path + "/elsewhere/link")
        try store("host")
        #expect(try Files.readLink(path) == "../elsewhere/link")
        let text = try Files.readText(folder.path + "/elsewhere/real.json")
        #expect(text.contains("dXNlcjpzZWNyZXQ="))
        #expect(text.contains("\"a\": 1") == isThere)
    }

    @Test func refusesALoopOfLinks() throws {
        try Files.makeDirectories(folder.path + "/docker")
        symlink("config.json", path)
        #expect(throws: RegistryError.self) { try store("host") }
    }

    @Test func keepsAnIdentityTokenInPlaceOfThePassword() throws {
        try store("host", token: "re/fresh")
        #expect(try text().contains("\"identitytoken\": \"re/fresh\""))
        #expect(!(try text().contains("dXNlcjpzZWNyZXQ=")))
        #expect(try file.account(at: LoginServer("host")) == .init(user: "user", password: nil))
        let store = CredentialStore(environment: ["DOCKER_CONFIG": folder.path + "/docker"])
        #expect(try store.credential(domain: "host", path: "a") == .identityToken("re/fresh"))
        try self.store("host")
        #expect(!(try text().contains("identitytoken")))
    }

    @Test func forgetsTheOtherNamesOfTheRegistry() throws {
        try folder.write(
            "docker/config.json",
            #"{"auths":{"https://host/v1/":{"auth":"YTpi"},"http://host":{"auth":"YTpi"},"host/team":{"auth":"Yzpk"},"hos":{}}}"#
        )
        try store("host")
        #expect(try file.account(at: LoginServer("host")) == .init(user: "user", password: "secret"))
        #expect(try file.erase(LoginServer("https://host/v2/")).isEmpty)
        let rest = try text()
        #expect(!rest.contains("YTpi"))
        #expect(!rest.contains("dXNlcjpzZWNyZXQ="))
        #expect(rest.contains("host/team"))
        #expect(rest.contains("hos\""))
    }

    @Test func forgettingWhatIsNotThereMakesNoFile() throws {
        #expect(try file.erase(LoginServer("host")).isEmpty)
        #expect(!Files.exists(path))
        try folder.write("docker/config.json", "{\"a\":1}")
        _ = try file.erase(LoginServer("host"))
        #expect(try text() == "{\"a\":1}")
    }

    @Test(arguments: ["{", "[]", #"{"auths":[]}"#, #"{"auths":{"host":1}}"#, "\u{0}"])
    func leavesAloneWhatItCannotRead(content: String) throws {
        try folder.write("docker/config.json", content)
        for body in [{ _ = try store("host") }, { _ = try file.erase(LoginServer("host")) }] {
            #expect { try body() } throws: { "\($0)".contains(path) && !"\($0)".contains("secret") }
        }
        #expect(try text() == content)
    }

    @Test func refusesAFileThatIsTooLarge() throws {
        try folder.write("docker/config.json", "{\"a\":\"" + String(repeating: "x", count: 10 << 20) + "\"}")
        try store("host")
        #expect(try Files.status(path).size > 10 << 20)
        try folder.write("docker/config.json", "{\"a\":\"" + String(repeating: "x", count: 17 << 20) + "\"}")
        #expect(throws: RegistryError.self) { try store("host") }
    }

    @Test func manyAtOnceLoseNothing() async throws {
        let file = file
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    try await onOwnThread {
                        _ = try file.store(
                            user: "u\(number)", password: "p", identityToken: nil,
                            for: try LoginServer("host:\(number + 1)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<16 {
            #expect(try file.account(at: LoginServer("host:\(number + 1)"))?.user == "u\(number)")
        }
    }
}
