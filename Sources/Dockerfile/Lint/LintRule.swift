/// What `--check` looks for: BuildKit's rules, by BuildKit's names (docs.docker.com, "Build checks").
package enum LintRule: String, CaseIterable, Hashable, Sendable {
    case stageNameCasing = "StageNameCasing"
    case fromAsCasing = "FromAsCasing"
    case noEmptyContinuation = "NoEmptyContinuation"
    case consistentInstructionCasing = "ConsistentInstructionCasing"
    case duplicateStageName = "DuplicateStageName"
    case reservedStageName = "ReservedStageName"
    case jsonArgsRecommended = "JSONArgsRecommended"
    case maintainerDeprecated = "MaintainerDeprecated"
    case undefinedArgInFrom = "UndefinedArgInFrom"
    case undefinedVar = "UndefinedVar"
    case workdirRelativePath = "WorkdirRelativePath"
    case multipleInstructionsDisallowed = "MultipleInstructionsDisallowed"
    case legacyKeyValueFormat = "LegacyKeyValueFormat"
    case redundantTargetPlatform = "RedundantTargetPlatform"
    case secretsUsedInArgOrEnv = "SecretsUsedInArgOrEnv"
    case invalidDefaultArgInFrom = "InvalidDefaultArgInFrom"
    case fromPlatformFlagConstDisallowed = "FromPlatformFlagConstDisallowed"
    case copyIgnoredFile = "CopyIgnoredFile"
    case invalidDefinitionDescription = "InvalidDefinitionDescription"
    case exposeProtoCasing = "ExposeProtoCasing"
    case exposeInvalidFormat = "ExposeInvalidFormat"
    case invalidBaseImagePlatform = "InvalidBaseImagePlatform"

    /// The name.
    package var name: String { rawValue }

    /// Whether it is reported only where the directive "check=experimental=…" asks for it.
    package var isExperimental: Bool { self == .copyIgnoredFile || self == .invalidDefinitionDescription }

    /// Where Docker describes it: the name's words in small letters, with hyphens between them.
    package var url: String {
        var words = ""
        let letters = Array(rawValue.utf8)
        for (place, letter) in letters.enumerated() {
            let isCapital = letter < 97
            let startsWord =
                isCapital && place > 0
                && (letters[place - 1] >= 97 || (place + 1 < letters.count && letters[place + 1] >= 97))
            words += (startsWord ? "-" : "") + String(decoding: [letter | 32], as: UTF8.self)
        }
        return "https://docs.docker.com/go/dockerfile/rule/\(words)/"
    }

    /// What it asks for, in one sentence.
    package var description: String {
        switch self {
        case .stageNameCasing: "Stage names should be lowercase"
        case .fromAsCasing: "The 'as' keyword should match the case of the 'from' keyword"
        case .noEmptyContinuation: "A continued instruction should have no empty lines in it"
        case .consistentInstructionCasing: "All keywords should be in the same case"
        case .duplicateStageName: "Stage names should be unique"
        case .reservedStageName: "Reserved words should not be used as stage names"
        case .jsonArgsRecommended: "ENTRYPOINT and CMD should be lists, so that signals reach the command"
        case .maintainerDeprecated: "A label should name the author of an image instead of MAINTAINER"
        case .undefinedArgInFrom: "FROM should use declared arguments"
        case .undefinedVar: "Variables should be defined before their use"
        case .workdirRelativePath: "A stage's first WORKDIR should be absolute, lest it depend on the base image"
        case .multipleInstructionsDisallowed: "An instruction of which the last one counts should be in a stage once"
        case .legacyKeyValueFormat: "Keys and values should have \"=\" between them"
        case .redundantTargetPlatform: "FROM builds for $TARGETPLATFORM anyway"
        case .secretsUsedInArgOrEnv: "ARG and ENV should hold no secrets"
        case .invalidDefaultArgInFrom: "The defaults of global arguments should result in the name of an image"
        case .fromPlatformFlagConstDisallowed: "The platform of FROM should not be constant"
        case .copyIgnoredFile: "COPY should not name what .dockerignore leaves out"
        case .invalidDefinitionDescription:
            "A comment in front of ARG or FROM should begin with the name that is defined"
        case .exposeProtoCasing: "Protocols in EXPOSE should be lowercase"
        case .exposeInvalidFormat: "EXPOSE should have no addresses and no ports of the host"
        case .invalidBaseImagePlatform: "The base image should be for the platform that is built for"
        }
    }
}

/// What a rule found.
package struct LintWarning: Hashable, Sendable {
    /// The rule.
    package let rule: LintRule
    /// What is wrong, in BuildKit's words.
    package let message: String
    /// Where.
    package let lines: LineRange

    /// For what only a build knows: that an image is for another platform.
    package init(_ rule: LintRule, _ message: String, _ lines: LineRange) {
        self.rule = rule
        self.message = message
        self.lines = lines
    }

    /// The warning as `--check` prints it: rule and URL, message, the lines that it is about.
    package func report(source: SourceText, name: String) -> String {
        "WARNING: \(rule.name) - \(rule.url)\n\(message)\n"
            + SourceExcerpt(source: source, name: name, lines: lines).text
    }
}

/// What `--check` says of a file.
package struct LintReport: Sendable {
    /// The warnings in the order of their lines; those that the file skips are not here.
    package let warnings: [LintWarning]
    /// Why the check ended early; nil where it did not.
    package let failure: DockerfileError?
    /// Whether warnings make a build fail, as the file's directive says.
    package let isError: Bool

    /// What a build fails with where warnings are errors; nil where they are not, or there are none.
    package var violation: DockerfileError? {
        guard isError, !warnings.isEmpty else { return nil }
        var names: [String] = []
        for warning in warnings where !names.contains(where: { $0 == warning.rule.name }) {
            names.append(warning.rule.name)
        }
        return DockerfileError("lint violation found for rules: \(names.joined(separator: ", "))")
    }
}
