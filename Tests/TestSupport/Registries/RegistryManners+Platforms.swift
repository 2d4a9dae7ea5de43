extension RegistryManners {
    /// Harbor: robot accounts whose names have a dollar, and policies.
    ///
    /// The words of who may not: goharbor/harbor documentation of roles. 412 with PROJECTPOLICYVIOLATION for images with vulnerabilities:
    /// goharbor/harbor#11202, #19983, and for HEAD, too: #19408. Immutable tags are refused with 412 and PRECONDITION.
    package static var harbor: RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/service/token", service: "harbor-registry", isElsewhere: false),
            grants: { user, repository in
                user == "robot$team+ci" && repository.hasPrefix("team/") ? ["pull", "push", "delete"] : []
            },
            wrongPassword: Refusal(401, "UNAUTHORIZED", "unauthorized"),
            forbidden: { _, repository, action in
                let text = "unauthorized to access repository: \(repository), action: \(action)"
                return Refusal(401, "UNAUTHORIZED", "\(text): \(text)")
            })
        manners.passwords = ["robot$team+ci": "s3cr3t"]
        manners.policy = { request, _ in
            let place = StandInPlace(request)
            guard place.kind == "manifests", ["GET", "HEAD"].contains(request.method), place.reference == "vulnerable"
            else { return nil }
            return Refusal(
                412, "PROJECTPOLICYVIOLATION",
                "current image with 4 vulnerabilities cannot be pulled due to configured policy in 'Prevent images with"
                    + " vulnerability severity of \"Critical\" or higher from running.'")
        }
        manners.tagPolicy = { repository, tag, isTaken in
            isTaken && tag.hasPrefix("v")
                ? Refusal(
                    412, "PRECONDITION",
                    "Failed to process request due to '\(repository.drop { $0 != "/" }.dropFirst()):\(tag)' configured as immutable."
                )
                : nil
        }
        return manners
    }

    /// Artifactory in front of object storage: blobs are at another host, which refuses who shows an Authorization header besides the signature
    /// (jfrog/artifactory-client-java#282, distribution/distribution#432), uploads go to relative addresses with a query, and HEAD is not answered.
    package static var artifactory: RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/v2/token", service: "artifactory.example:443", isElsewhere: false),
            grants: { user, repository in
                repository.hasPrefix("docker-local/") && user == "dev" ? ["pull", "push", "delete"] : []
            },
            wrongPassword: Refusal(401, body: #"{"errors":[{"status":401,"message":"Wrong username was used"}]}"#),
            forbidden: { _, _, _ in Refusal(403, body: #"{"errors":[{"status":403,"message":"Forbidden"}]}"#) })
        manners.passwords = ["dev": "AKCx"]
        manners.hasStorage = true
        manners.hasHead = false
        manners.mounts = false
        return manners
    }

    /// Quay: robot accounts whose names have a plus, tokens of OAuth under the name $oauthtoken (docs.projectquay.io, "Robot accounts").
    ///
    /// A tag that is over is told apart from one that never was: openware/opendax#13, werf#4098. Deletion takes the right to push, and came for
    /// tags in 2024: quay/quay#3128.
    package static func quay(deletesTags: Bool) -> RegistryManners {
        var manners = RegistryManners(
            .bearer(path: "/v2/auth", service: "quay.io", isElsewhere: false),
            grants: { user, repository in
                guard repository.hasPrefix("team/") else { return [] }
                return ["team+robot", "$oauthtoken"].contains(user) ? ["pull", "push"] : []
            },
            wrongPassword: Refusal(401, body: #"{"error":"Could not find robot with specified username"}"#),
            forbidden: { _, _, _ in
                Refusal(401, "UNAUTHORIZED", "access to the requested resource is not authorized")
            })
        manners.passwords = ["team+robot": "ROBOT", "$oauthtoken": "OAUTH"]
        manners.deleteAction = "push"
        manners.deletions = deletesTags ? [.manifests, .tags] : [.manifests]
        manners.policy = { request, _ in
            let place = StandInPlace(request)
            guard place.kind == "manifests", ["GET", "HEAD"].contains(request.method), place.reference == "old" else {
                return nil
            }
            return Refusal(404, "TAG_EXPIRED", "Tag old was deleted or has expired. To pull, revive via time machine")
        }
        return manners
    }
}
