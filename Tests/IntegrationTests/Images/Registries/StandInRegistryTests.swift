import Glibc
import Linux
import TestSupport
import Testing

/// What people do with the registries that they have: login, push, pull, tags and deletion, and what they are told where they may not.
@Suite struct StandInRegistryTests {
    @Test(arguments: TestUser.available)
    func dockerHubGivesAnybodyWhatIsPublic(_ user: TestUser) throws {
        let registry = StandInRegistry(.dockerHub(pulls: 2))
        try StandInVisit.with(user, registry) { visit throws in
            let host = visit.host
            let wrong = try visit.login("someone", "wrong")
            #expect(wrong.code == 1)
            #expect(
                wrong.errorText.hasSuffix(
                    "/token failed with status: 401 Unauthorized: incorrect username or password\n"),
                "\(wrong)")
            try visit.refusesPush(
                "small:1", as: "someone/small:1",
                saying:
                    "push access denied for \(host)/someone/small, repository does not exist or may require 'apus login':"
                    + " denied: requested access to the resource is denied")
            try visit.loggedIn("someone", "dckr_pat_x")
            try visit.sendAndFetch("small:1", as: "someone/small:1")
            try visit.refusesPush(
                "small:1", as: "library/small:1",
                saying:
                    "push access denied for \(host)/library/small, repository does not exist or may require 'apus login':"
                    + " denied: requested access to the resource is denied")
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/someone/small") == "1")
            try visit.refuses(
                "registry", "rm", "\(host)/someone/small:1",
                saying:
                    "the registry \(host) does not delete tags: delete \(host)/someone/small@\(try visit.digest("someone/small:1")),"
                    + " and with it all tags of this image: unsupported: The operation is unsupported.")
            // Signed addresses see no credentials, and the token server alone sees the password.
            #expect(!registry.storageRequests.isEmpty)
            #expect(registry.storageRequests.allSatisfy { $0.headers["authorization"] == nil })
            #expect(registry.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("Basic") != true })
            #expect(
                registry.tokenRequests.contains {
                    $0.target.contains("scope=repository%3Asomeone%2Fsmall%3Apull%2Cpush")
                        && $0.target.contains("account=someone")
                })

            // Nobody in particular has so many pulls, and is told when there are more.
            try visit.sandbox.output("logout", host)
            let rules = try visit.sandbox.write(
                "[[registry]]\nprefix = \"docker.io\"\nlocation = \"\(host)\"\n", to: "registries.conf")
            let hub = ["CONTAINERS_REGISTRIES_CONF=\(rules)"]
            for number in 1...3 {
                try visit.sandbox.output("rmi", "-f", "someone/small:1")
                let result = try visit.apus("pull", "-q", "someone/small:1", environment: hub)
                #expect(result.code == (number == 3 ? 1 : 0), "\(result)")
                if number == 3 {
                    #expect(
                        result.errorText
                            == "apus: too many requests to the registry \(host): try again later (it takes 2 requests in 6 hours):"
                            + " toomanyrequests: You have reached your unauthenticated pull rate limit."
                            + " https://www.docker.com/increase-rate-limit\n")
                }
            }
            let official = try visit.apus("pull", "small:1", environment: hub)
            #expect(official.errorText.contains("too many requests"), "\(official)")
            #expect(registry.requests.last?.path == "/v2/library/small/manifests/1")
        }
    }

    @Test func amazonsTokensComeFromAProgramAndEndAfterHours() throws {
        let registry = StandInRegistry(.amazon(token: "fresh"))
        registry.makeRepository("team/small")
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            // Without a program, what was stored hours ago.
            try visit.sandbox.write(#"{"auths":{"\#(host)":{"auth":"QVdTOm9sZA=="}}}"#, to: "config.json")
            let old = ["DOCKER_CONFIG=\(visit.sandbox.path)/work"]
            try visit.sandbox.output("tag", "small:1", "\(host)/team/small:1")
            let expired = try visit.apus("push", "-q", "\(host)/team/small:1", environment: old)
            #expect(expired.code == 1)
            #expect(
                expired.errorText.contains(
                    "denied: Your authorization token has expired. Reauthenticate and try again."), "\(expired)")
            let stale = try visit.login("AWS", "old")
            #expect(stale.code == 1)
            #expect(
                stale.errorText.contains("403 Forbidden: denied: Your authorization token has expired"), "\(stale)")

            try Files.makeDirectories("\(visit.sandbox.path)/work/bin")
            try visit.sandbox.write(
                """
                #!/bin/sh
                read server
                case $1/$server in
                get/\(host)) echo '{"Username":"AWS","Secret":"fresh"}' ;;
                *) echo credentials not found in native keychain; exit 1 ;;
                esac

                """, to: "bin/docker-credential-ecr-login", mode: 0o755)
            try visit.sandbox.write(#"{"credHelpers":{"\#(host)":"ecr-login"}}"#, to: "config.json")
            let helped = old + ["PATH=\(visit.sandbox.path)/work/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
            let pushed = try visit.apus("push", "-q", "\(host)/team/small:1", environment: helped)
            #expect(pushed.code == 0, "\(pushed)")
            try visit.sandbox.output("rmi", "\(host)/team/small:1")
            let pulled = try visit.apus("pull", "-q", "\(host)/team/small:1", environment: helped)
            #expect(pulled.code == 0, "\(pulled)")
            #expect(registry.storageRequests.allSatisfy { $0.headers["authorization"] == nil })
            #expect(try visit.apus("registry", "tags", "\(host)/team/small", environment: helped).text == "1\n")

            try visit.loggedIn("AWS", "fresh")
            try visit.refusesPush(
                "small:2", as: "team/small:1",
                saying:
                    "the registry \(host) refuses \(host)/team/small:1 with status 400: tag invalid: The image tag '1' already"
                    + " exists in the 'team/small' repository and cannot be overwritten because the tag is immutable.")
            try visit.refusesPush(
                "small:2", as: "other/small:1", saying: "repository \(host)/other/small not found: name unknown")
            let digest = try #require(registry.manifests("team/small").first)
            try visit.refuses(
                "registry", "rm", "\(host)/team/small:1",
                saying:
                    "the registry \(host) does not delete tags: delete \(host)/team/small@\(digest), and with it all tags of this"
                    + " image: unsupported: The operation is unsupported.")
            #expect(
                try visit.sandbox.output("registry", "rm", "\(host)/team/small@\(digest)")
                    == "Deleted: \(host)/team/small@\(digest)")
            #expect(registry.tags("team/small").isEmpty)
        }
    }

    @Test(arguments: [400, 403])
    func amazonsPublicTokensEndInTheMiddle(_ status: Int) throws {
        // Of a push and of a pull: their requests take turns with those for another token.
        let registry = StandInRegistry(.amazonPublic(tokensEnd: .eachRequestOnce, status: status))
        try StandInVisit.with(.any, registry) { visit throws in
            try visit.loggedIn("AWS", "fresh")
            try visit.sendAndFetch("small:1", as: "team/small:1")
            // Each request that found its token over was sent once more, and no oftener.
            var refused: [String: Int] = [:]
            for request in registry.requests where request.headers["authorization"]?.hasPrefix("Bearer") == true {
                refused["\(request.method) \(request.target) \(request.headers["authorization"] ?? "")", default: 0] +=
                    1
            }
            #expect(refused.values.allSatisfy { $0 <= 2 }, "\(refused)")
            #expect(registry.tokenRequests.count > 3)
        }
        // Who never gets a good one is told what the registry says.
        let useless = StandInRegistry(.amazonPublic(tokensEnd: .always, status: status))
        try StandInVisit.with(.any, useless) { visit throws in
            let result = try visit.apus("pull", "-q", "\(visit.host)/team/small:1")
            #expect(result.code == 1)
            #expect(
                result.errorText.hasSuffix(
                    "denied: Your authorization token has expired. Reauthenticate and try again.\n"), "\(result)")
            #expect(useless.tokenRequests.count < 8, "\(useless.tokenRequests.map(\.target))")
        }
    }

    @Test func githubRefusesTokensToWhoMayDoNothing() throws {
        let registry = StandInRegistry(.github)
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            try visit.refuses(
                "pull", "-q", "\(host)/octocat/small:1",
                saying:
                    "pull access denied for \(host)/octocat/small, repository does not exist or may require 'apus login':"
                    + " unauthorized: authentication required")
            try visit.refuses(
                "pull", "-q", "\(host)/public/none:1",
                saying: "manifest for \(host)/public/none:1 not found: manifest unknown: manifest unknown")
            #expect(try visit.login("octocat", "wrong").errorText.contains("403 Forbidden: denied"))
            try visit.loggedIn("octocat", "ghp_x")
            try visit.sendAndFetch("small:1", as: "octocat/small:1")
            try visit.refusesPush(
                "small:1", as: "public/small:1",
                saying:
                    "push access denied for \(host)/public/small, repository does not exist or may require 'apus login':"
                    + " denied: permission_denied: write_package")
            try visit.refuses(
                "pull", "-q", "\(host)/somebody/small:1",
                saying:
                    "pull access denied for \(host)/somebody/small, repository does not exist or may require 'apus login':"
                    + " denied: requested access to the resource is denied")
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/octocat/small") == "1")
            let digest = try visit.digest("octocat/small:1")
            try visit.refuses(
                "registry", "rm", "\(host)/octocat/small@\(digest)",
                saying: "the registry \(host) does not delete manifests: unsupported: The operation is unsupported.")
            #expect(registry.tags("octocat/small") == ["1"])
        }
    }

    @Test func gitlabsTokensAreForWhatIsAskedFor() throws {
        let registry = StandInRegistry(.gitlab)
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            #expect(
                try visit.login("deployer", "wrong").errorText.hasSuffix(
                    "/jwt/auth failed with status: 401 Unauthorized: unauthorized: HTTP Basic: Access denied\n"))
            try visit.refuses(
                "pull", "-q", "\(host)/group/subgroup/project/small:1",
                saying:
                    "pull access denied for \(host)/group/subgroup/project/small, repository does not exist or may require"
                    + " 'apus login': denied: access forbidden")
            try visit.loggedIn("deployer", "glpat-x")
            let name = "group/subgroup/project/small"
            try visit.sendAndFetch("small:1", as: "\(name):1")
            #expect(try visit.push("small:2", as: "\(name):2").code == 0)
            #expect(
                registry.tokenRequests.contains {
                    $0.target.contains("scope=repository%3Agroup%2Fsubgroup%2Fproject%2Fsmall%3Apull%2Cpush")
                })
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/\(name)") == "1\n2")
            #expect(
                try visit.sandbox.output("registry", "rm", "\(host)/\(name):1") == "Untagged: \(host)/\(name):1")
            #expect(registry.tags(name) == ["2"])
            #expect(registry.manifests(name).count == 2)
            #expect(registry.tokenRequests.last?.target.contains("%3Adelete%2Cpull") == true)
            try visit.refuses(
                "registry", "rm", "\(host)/\(name):1",
                saying: "manifest for \(host)/\(name):1 not found: manifest unknown: manifest unknown")

            try visit.loggedIn("reader", "glpat-y")
            #expect(try visit.apus("pull", "-q", "\(host)/\(name):2").code == 0)
            try visit.refusesPush(
                "small:1", as: "\(name):3",
                saying: "push access denied for \(host)/\(name), repository does not exist or may require 'apus login':"
                    + " unauthorized: authentication required")
            try visit.refuses(
                "registry", "rm", "\(host)/\(name):2",
                saying:
                    "delete access denied for \(host)/\(name), repository does not exist or may require 'apus login':"
                    + " unauthorized: authentication required")
            #expect(registry.tags(name) == ["2"])
        }
    }

    @Test func harborsRobotsAndPolicies() throws {
        let registry = StandInRegistry(.harbor)
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            try visit.loggedIn("robot$team+ci", "s3cr3t")
            try visit.sendAndFetch("small:1", as: "team/small:v1")
            let digest = try visit.digest("team/small:v1")
            try visit.refusesPush(
                "small:2", as: "team/small:v1",
                saying:
                    "the registry \(host) refuses \(host)/team/small:v1 with status 412: precondition: Failed to process request"
                    + " due to 'small:v1' configured as immutable.")
            let other = "unauthorized to access repository: other/small, action: push"
            try visit.refusesPush(
                "small:2", as: "other/small:1",
                saying:
                    "push access denied for \(host)/other/small, repository does not exist or may require 'apus login':"
                    + " unauthorized: \(other): \(other)")
            // What HEAD is refused for is pushed all the same.
            #expect(try visit.push("small:2", as: "team/small:vulnerable").code == 0)
            try visit.refuses(
                "pull", "-q", "\(host)/team/small:vulnerable",
                saying:
                    "the registry \(host) answered with status 412: projectpolicyviolation: current image with 4 vulnerabilities"
                    + " cannot be pulled due to configured policy in 'Prevent images with vulnerability severity of \"Critical\" or"
                    + " higher from running.'")
            #expect(
                try visit.sandbox.output(
                    "registry", "rm", "\(host)/team/small:vulnerable", "\(host)/team/small@\(digest)")
                    == "Untagged: \(host)/team/small:vulnerable\nDeleted: \(host)/team/small@\(digest)")
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/team/small").isEmpty)
        }
    }

    @Test func artifactoryLeadsToItsStorage() throws {
        let registry = StandInRegistry(.artifactory)
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            #expect(try visit.login("dev", "x").errorText.contains("401 Unauthorized: Wrong username was used"))
            try visit.loggedIn("dev", "AKCx")
            try visit.sendAndFetch("small:1", as: "docker-local/small:1")
            // A second pull, which would ask with HEAD.
            let again = try visit.apus("pull", "\(host)/docker-local/small:1")
            #expect(again.text.contains("Image is up to date"), "\(again)")
            #expect(!registry.storageRequests.isEmpty)
            #expect(registry.storageRequests.allSatisfy { $0.headers["authorization"] == nil })
            try visit.refusesPush(
                "small:2", as: "docker-remote/small:1",
                saying:
                    "push access denied for \(host)/docker-remote/small, repository does not exist or may require 'apus login':"
                    + " Forbidden")
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/docker-local/small") == "1")
            #expect(try visit.apus("registry", "rm", "\(host)/docker-local/small:1").code == 0)
            #expect(registry.tags("docker-local/small").isEmpty)
        }
    }

    @Test(arguments: [("team+robot", "ROBOT", true), ("$oauthtoken", "OAUTH", false)])
    func quaysAccountsAndTagsThatAreOver(_ name: String, _ password: String, _ deletesTags: Bool) throws {
        let registry = StandInRegistry(.quay(deletesTags: deletesTags))
        try StandInVisit.with(.any, registry) { visit throws in
            let host = visit.host
            #expect(
                try visit.login(name, "x").errorText.contains(
                    "401 Unauthorized: Could not find robot with specified username"))
            try visit.loggedIn(name, password)
            try visit.sendAndFetch("small:1", as: "team/small:1")
            try visit.refusesPush(
                "small:2", as: "other/small:1",
                saying:
                    "push access denied for \(host)/other/small, repository does not exist or may require 'apus login':"
                    + " unauthorized: access to the requested resource is not authorized")
            try visit.refuses(
                "pull", "-q", "\(host)/team/small:old",
                saying:
                    "manifest for \(host)/team/small:old not found: manifest unknown: tag expired: Tag old was deleted or has"
                    + " expired. To pull, revive via time machine")
            #expect(try visit.sandbox.output("registry", "tags", "\(host)/team/small") == "1")
            let removal = try visit.apus("registry", "rm", "\(host)/team/small:1")
            #expect(removal.code == (deletesTags ? 0 : 1), "\(removal)")
            #expect(registry.tags("team/small") == (deletesTags ? [] : ["1"]))
            let digest = try visit.digest("team/small:1")
            #expect(try visit.apus("registry", "rm", "\(host)/team/small@\(digest)").code == 0)
            #expect(registry.manifests("team/small").isEmpty)
        }
    }
}
