extension RegistryManners {
    /// Amazon ECR: one user, AWS, whose password is a token for twelve hours (docs.aws.amazon.com, "Private registry authentication").
    ///
    /// What it says of one that is over: aws-samples/ecs-bg-external-controller#13. Its repositories must be made before; a tag can be immutable
    /// (ImageTagAlreadyExistsException of PutImage, TAG_INVALID here). Blobs are at another host, which wants no further credentials:
    /// open-policy-agent/opa#6728. It mounts nothing and takes uploads at whole addresses.
    package static func amazon(token: String) -> RegistryManners {
        var manners = RegistryManners(
            .basic(#"Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#),
            grants: { _, _ in ["pull", "push", "delete"] },
            wrongPassword: Refusal(
                403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."),
            forbidden: { _, _, _ in Refusal(403, body: "Not Authorized\n") })
        manners.passwords = ["AWS": token]
        manners.location = .absolute
        manners.mounts = false
        manners.hasStorage = true
        manners.deletions = [.manifests]
        manners.tagPolicy = { repository, tag, isTaken in
            guard isTaken else { return nil }
            return Refusal(
                400, "TAG_INVALID",
                "The image tag '\(tag)' already exists in the '\(repository)' repository and cannot be overwritten because"
                    + " the tag is immutable.")
        }
        manners.policy = { request, _ in
            guard let repository = StandInPlace(request).repository, !repository.hasPrefix("team/") else { return nil }
            return Refusal(
                404, "NAME_UNKNOWN",
                "The repository with name '\(repository)' does not exist in the registry with id '123456789012'")
        }
        return manners
    }

    /// Amazon ECR Public: tokens, for anybody who pulls. One that is over is answered with 400 and no challenge (aws/containers-roadmap#2835); 403 was
    /// seen, too (amazon-ecr-credential-helper#286).
    package static func amazonPublic(tokensEnd end: TokenEnd, status: Int) -> RegistryManners {
        let over = Refusal(status, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
        var manners = RegistryManners(
            .bearer(path: "/token/", service: "public.ecr.aws", isElsewhere: false),
            grants: { user, _ in user == nil ? ["pull"] : ["pull", "push", "delete"] }, wrongPassword: over,
            forbidden: { _, _, _ in Refusal(403, body: "Not Authorized\n") })
        manners.passwords = ["AWS": "fresh"]
        manners.tokenEnd = (end, over)
        manners.location = .absolute
        manners.mounts = false
        return manners
    }
}
