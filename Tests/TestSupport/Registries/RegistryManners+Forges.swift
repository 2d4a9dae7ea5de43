extension RegistryManners {
    /// GitHub's ghcr.io: tokens of the registry itself, which refuses them to who may do nothing.
    ///
    /// 401 for nobody who asks for what is private: openai/tunnel-client#75; 403 DENIED for others. That it deletes nothing (405): skopeo#1880.
    package static var github: RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/token", service: "ghcr.io", isElsewhere: false),
            grants: { user, repository in
                if repository.hasPrefix("public/") { return ["pull"] }
                return user == "octocat" && repository.hasPrefix("octocat/") ? ["pull", "push", "delete"] : []
            },
            wrongPassword: Refusal(403, "DENIED", "denied"),
            forbidden: { _, _, _ in Refusal(403, "DENIED", "permission_denied: write_package") })
        manners.passwords = ["octocat": "ghp_x"]
        manners.tokenRefusal = { user, repository in
            if repository.hasPrefix("public/") || user == "octocat" && repository.hasPrefix("octocat/") { return nil }
            return user == nil
                ? Refusal(401, "UNAUTHORIZED", "authentication required")
                : Refusal(403, "DENIED", "requested access to the resource is denied")
        }
        manners.deletions = []
        return manners
    }

    /// GitLab: names of any depth, tokens of the forge (another host), which are for what the scope says and no more.
    ///
    /// gitlab-ce#41204: "denied: access forbidden" of the token server, and "unauthorized: HTTP Basic: Access denied" for a wrong password;
    /// gitlab-foss#37810: a token for "pull" deletes nothing. docs.gitlab.com, "Delete container images": tags by their names.
    package static var gitlab: RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/jwt/auth", service: "container_registry", isElsewhere: true),
            grants: { user, repository in
                guard repository.hasPrefix("group/subgroup/") else { return [] }
                return user == "deployer" ? ["pull", "push", "delete"] : user == "reader" ? ["pull"] : []
            },
            wrongPassword: Refusal(401, "UNAUTHORIZED", "HTTP Basic: Access denied"),
            forbidden: { _, _, _ in Refusal(401, "UNAUTHORIZED", "authentication required") })
        manners.passwords = ["deployer": "glpat-x", "reader": "glpat-y"]
        manners.tokenRefusal = { user, repository in
            user != nil && repository.hasPrefix("group/subgroup/") ? nil : Refusal(403, "DENIED", "access forbidden")
        }
        return manners
    }
}
