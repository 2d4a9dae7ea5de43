import Glibc
import Linux
import TestSupport
import Testing

/// `login` and `logout` against Debian's docker-registry. The sentences are those of Docker's client 28.2.2, which were compared
/// by running it against the same registry.
@Suite struct LoginTests {
    /// "secret" by bcrypt.
    static let users = "user:$2b$04$THQZ15yTc6mXKEKUsORx0.D0SIjnHquHz42U0uu8qFhQmIGlaeJlC\n"
    private static let insecure = "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n"
    private static let notATerminal = "Error: Cannot perform an interactive login from a non TTY device\n"

    private static func unencrypted(_ sandbox: Sandbox) -> String {
        """

        WARNING! Your credentials are stored unencrypted in '\(sandbox.path)/home/.docker/config.json'.
        Configure a credential helper to remove this warning. See
        https://docs.docker.com/go/credential-store/


        """
    }

    private static func existing(_ user: String) -> String {
        "Authenticating with existing credentials... [Username: \(user)]\n\n"
            + " Info -> To login with a different account, run 'apus logout' followed by 'apus login'\n\n\n"
    }

    private func withLogin(_ user: TestUser, _ body: (Sandbox, RegistryServer) throws -> Void) throws {
        try RegistryServer.with(htpasswd: Self.users) { registry throws in
            try withSandbox(user) { sandbox throws in try body(sandbox, registry) }
        }
    }

    @Test(arguments: TestUser.available)
    func aLoginIsCheckedKeptUsedAndForgotten(_ user: TestUser) throws {
        try withLogin(user) { sandbox, registry throws in
            let config = "\(sandbox.path)/home/.docker/config.json"
            let wrong = try sandbox.apus("login", "-u", "user", "-p", "wrong", registry.host)
            #expect(wrong.code == 1)
            #expect(
                wrong.errorText.hasPrefix(
                    Self.insecure + "apus: login attempt to http://\(registry.host)/v2/ failed with status: 401"))
            #expect(!Files.exists(config))

            let name = try registry.push(
                "oci:\(Fixtures.path("busybox.oci", of: .busybox)):latest", as: "private/image:1", "--dest-creds",
                "user:secret")
            #expect(try sandbox.apus("pull", "-q", name).code == 1)
            let login = try sandbox.apus(
                "login", "-u", "user", "--password-stdin", registry.host, input: Array("secret\r\n".utf8))
            #expect(login.code == 0, "\(login)")
            #expect(login.text == "Login Succeeded\n")
            #expect(login.errorText == Self.unencrypted(sandbox))
            #expect(try Files.status(config).permissions == 0o600)
            #expect(try Files.status(config).user == user.entry?.uid)
            #expect(
                try Files.readText(config)
                    == "{\n\t\"auths\": {\n\t\t\"\(registry.host)\": {\n\t\t\t\"auth\": \"dXNlcjpzZWNyZXQ=\"\n\t\t}\n\t}\n}"
            )
            #expect(try sandbox.apus("pull", "-q", name).code == 0)

            // Nothing new is stored, so nothing is warned of.
            let again = try sandbox.apus("login", "-u", "user", "-p", "secret", "https://\(registry.host)/v2/")
            #expect(again.errorText == Self.insecure)
            let known = try sandbox.apus("login", registry.host)
            #expect(known.code == 0)
            #expect(known.text == "Login Succeeded\n")
            #expect(known.errorText == Self.existing("user"))

            let logout = try sandbox.apus("logout", "http://\(registry.host)/v1/")
            #expect(logout.text == "Removing login credentials for \(registry.host)\n")
            #expect(logout.errorText == "")
            #expect(try Files.readText(config) == "{\n\t\"auths\": {}\n}")
            #expect(try sandbox.apus("pull", "-q", name).code == 1)
            let twice = try sandbox.apus("logout", registry.host)
            #expect(twice.code == 0)
            #expect(twice.text == "Removing login credentials for \(registry.host)\n")
        }
    }

    @Test func flagsThatContradictAreRefused() throws {
        try withSandbox(.any) { sandbox throws in
            for (arguments, sentence) in [
                (["-u", "", "h.example"], "username is empty"), (["-p", "", "h.example"], "password is empty"),
                (["--password-stdin", "h.example"], "the --password-stdin option requires --username to be set"),
                (
                    ["-u", "a", "-p", "b", "--password-stdin", "h.example"],
                    "conflicting options: cannot specify both --password and --password-stdin"
                ),
            ] {
                let result = try sandbox.apus(["login"] + arguments)
                #expect(result.code == 1)
                #expect(result.errorText == "apus: \(sentence)\n")
            }
            #expect(try sandbox.apus("login", "a", "b").errorText.contains("'apus login' requires at most 1 argument"))
            let host = try sandbox.apus("login", "-u", "a", "--password-stdin", "a b", input: [120])
            #expect(host.errorText.hasPrefix("apus: unable to parse server address: \"a b\""))
            let nobody = try sandbox.apus("login", "-u", "a", "--password-stdin", "localhost:1", input: [120])
            #expect(nobody.errorText == "apus: cannot reach the registry localhost:1: connection refused\n")
            let bytes = try sandbox.apus("login", "-u", "a", "--password-stdin", "localhost:1", input: [255])
            #expect(bytes.errorText == "apus: the password is no UTF-8\n")
            #expect(try sandbox.apus("logout").text == "Removing login credentials for https://index.docker.io/v1/\n")
        }
    }

    @Test func nobodyIsAskedWithoutATerminal() throws {
        try withLogin(.any) { sandbox, registry throws in
            for arguments in [[], ["-u", "user"], ["-u", "user", "--password-stdin"]] {
                let result = try sandbox.apus(["login"] + arguments + [registry.host])
                #expect(result.code == 1)
                #expect(result.errorText == Self.notATerminal)
            }
            let half = try sandbox.apus("login", "-p", "secret", registry.host)
            #expect(half.errorText == Self.insecure + Self.notATerminal)
            try Files.makeDirectories("\(sandbox.path)/work/docker")
            try sandbox.write(#"{"auths":{"\#(registry.host)":{"auth":"dXNlcjp3cm9uZw=="}}}"#, to: "docker/config.json")
            let stale = try sandbox.apus("--config", "\(sandbox.path)/work/docker", "login", registry.host)
            #expect(stale.code == 1)
            #expect(
                stale.errorText == Self.existing("user") + "Stored credentials invalid or expired\n" + Self.notATerminal
            )
        }
    }

    private func session(_ sandbox: Sandbox, _ words: String...) throws -> TerminalSession {
        try TerminalSession(sandbox.spawn(Executable.path, ["login"] + words))
    }

    @Test(arguments: TestUser.available)
    func aTerminalIsAskedAndShowsNoPassword(_ user: TestUser) throws {
        try withLogin(user) { sandbox, registry throws in
            let session = try session(sandbox, registry.host)
            try session.waitFor("Username: ")
            try session.type(" user \n")
            try session.waitFor("Password: ")
            #expect(!session.isCooked)
            try session.type("secret\n")
            #expect(try session.wait() == .exited(code: 0))
            #expect(session.screen.hasPrefix("Username:  user \r\nPassword: \r\n\r\nWARNING! Your credentials"))
            #expect(session.screen.hasSuffix("\r\n\r\nLogin Succeeded\r\n"))
            #expect(!session.screen.contains("secret"))
            #expect(session.isCooked)
        }
    }

    @Test func whoWasThereBeforeIsOffered() throws {
        try withLogin(.any) { sandbox, registry throws in
            try Files.makeDirectories("\(sandbox.path)/home/.docker")
            try Files.write(
                Array(#"{"auths":{"\#(registry.host)":{"auth":"dXNlcjp3cm9uZw=="}}}"#.utf8),
                to: "\(sandbox.path)/home/.docker/config.json")
            if getuid() == 0 {
                try sandbox.tool("/bin/true")
                if let entry = sandbox.user.entry {
                    for path in ["/home/.docker", "/home/.docker/config.json"] {
                        _ = chown(sandbox.path + path, entry.uid, entry.gid)
                    }
                }
            }
            let session = try session(sandbox, registry.host)
            try session.waitFor("Stored credentials invalid or expired\r\nUsername (user): ")
            try session.type("\n")
            try session.waitFor("Password: ")
            try session.type("secret\n")
            #expect(try session.wait() == .exited(code: 0))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedPromptGivesTheTerminalBack(_ signal: CInt) throws {
        try withSandbox(.any) { sandbox throws in
            let session = try session(sandbox, "-u", "user", "h.example")
            try session.waitFor("Password: ")
            #expect(!session.isCooked)
            if signal == SIGINT { try session.type("\u{3}") } else { kill(session.pid, signal) }
            #expect(try session.wait() == .exited(code: 128 + signal))
            #expect(session.screen == "Password: \r\n")
            #expect(session.isCooked)
        }
    }

    @Test func anEmptyAnswerIsNone() throws {
        try withSandbox(.any) { sandbox throws in
            let first = try session(sandbox, "h.example")
            try first.waitFor("Username: ")
            try first.type("\n")
            #expect(try first.wait() == .exited(code: 1))
            #expect(first.screen == "Username: \r\nError: Non-null Username Required\r\n")
            let second = try session(sandbox, "-u", "user", "h.example")
            try second.waitFor("Password: ")
            try second.type("\n")
            #expect(try second.wait() == .exited(code: 1))
            #expect(second.screen == "Password: \r\nError: Password Required\r\n")
            #expect(second.isCooked)
        }
    }

    @Test(arguments: TestUser.available)
    func aHelperKeepsThePassword(_ user: TestUser) throws {
        try withLogin(user) { sandbox, registry throws in
            let work = "\(sandbox.path)/work"
            // Knows one account, and shows what it was started with.
            try sandbox.write(
                """
                #!/bin/sh
                echo "$1 $#" >>\(work)/calls
                case "$1" in
                store) cat >\(work)/kept ;;
                get) cat >/dev/null; [ -e \(work)/kept ] || { echo "credentials not found in native keychain"; exit 1; }; cat \(work)/kept ;;
                erase) cat >/dev/null; rm -f \(work)/kept ;;
                esac
                """, to: "docker-credential-trial", mode: 0o755)
            try Files.makeDirectories("\(work)/docker", mode: 0o755)
            try check("chmod") { chmod("\(work)/docker", 0o777) }
            try sandbox.write(#"{"credsStore":"trial"}"#, to: "docker/config.json")
            func apus(_ words: String..., input: String = "") throws -> ProgramResult {
                let environment = ["DOCKER_CONFIG=\(work)/docker", "PATH=\(work):/usr/bin:/bin"]
                let program = try RunningProgram(
                    sandbox.spawn("/usr/bin/env", environment + [Executable.path] + words))
                if !input.isEmpty { try program.write(Array(input.utf8)) }
                program.closeInput()
                return try program.wait()
            }
            let login = try apus("login", "-u", "user", "--password-stdin", registry.host, input: "secret")
            #expect(login.code == 0, "\(login)")
            #expect(login.text == "Login Succeeded\n")
            #expect(login.errorText == "")
            #expect(
                try Files.readText("\(work)/kept")
                    == #"{"ServerURL":"\#(registry.host)","Username":"user","Secret":"secret"}"#)
            #expect(!(try Files.readText("\(work)/docker/config.json").contains("dXNlcjp")))
            let known = try apus("login", registry.host)
            #expect(known.text == "Login Succeeded\n")
            let name = try registry.push(
                "oci:\(Fixtures.path("busybox.oci", of: .busybox)):latest", as: "private/image:1", "--dest-creds",
                "user:secret")
            #expect(try apus("pull", "-q", name).code == 0)
            #expect(try apus("logout", registry.host).errorText == "")
            #expect(!Files.exists("\(work)/kept"))
            #expect(try apus("pull", "-q", name).code != 0)
            #expect(try Files.readText("\(work)/calls").split(separator: "\n").allSatisfy { $0.hasSuffix(" 1") })
        }
    }
}
