import Bytes

/// What the caller of a build says of its arguments.
package struct BuildArguments: Sendable {
    /// `--build-arg`, by name.
    package var given: Variables
    /// The values of the predefined platform arguments ("TARGETARCH"), which a file uses once ARG names them; in front of the first
    /// stage without that.
    package var predefined: Variables

    /// `given` by the caller, and `predefined` for the platforms.
    package init(given: Variables = Variables(), predefined: Variables = Variables()) {
        self.given = given
        self.predefined = predefined
    }

    /// The arguments that need no ARG to reach a RUN, and that neither the cache nor the history knows.
    package static let proxies = [
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
        "ALL_PROXY",
        "all_proxy",
    ]

    /// Whether `name` is one of those.
    package static func isProxy(_ name: String) -> Bool { proxies.has(name) }

    /// Whether `name` is for BuildKit's scanners, and no variable to anything else.
    package static func isForScanner(_ name: String) -> Bool {
        ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"].has(name)
    }

    /// The platform arguments for a build on `build` for `target`, each "OS/ARCHITECTURE" and perhaps "/VARIANT"; `stage` is the
    /// name of the target, nil where none is given.
    package static func platforms(build: String, target: String, stage: String?) -> Variables {
        var result = Variables()
        for (prefix, platform) in [("BUILD", build), ("TARGET", target)] {
            let parts = platform.split(on: "/", omittingEmptySubsequences: false).map { String($0) }
            result[prefix + "PLATFORM"] = platform
            result[prefix + "OS"] = parts[0]
            result[prefix + "OSVERSION"] = ""
            result[prefix + "ARCH"] = parts.count > 1 ? parts[1] : ""
            result[prefix + "VARIANT"] = parts.count > 2 ? parts[2] : ""
        }
        result["TARGETSTAGE"] = stage ?? "default"
        return result
    }
}

/// The variables in front of the first stage, which FROM uses.
package struct GlobalScope: Sendable {
    /// What the caller says.
    package let arguments: BuildArguments
    /// The predefined arguments and those of ARG.
    package private(set) var variables: Variables
    /// Those of ARG alone that have a value.
    package private(set) var declared = Variables()
    /// What ARG used that is not set: where, and what.
    package private(set) var unset: [(lines: LineRange, name: String)] = []

    /// Evaluates the arguments in front of `file`'s first stage. Throws for a default that cannot be expanded.
    package init(_ file: Dockerfile, _ arguments: BuildArguments) throws(DockerfileError) {
        self.arguments = arguments
        variables = arguments.predefined
        for name in variables.names { if let value = arguments.given[name] { variables[name] = value } }
        for instruction in file.globalArguments {
            guard case .arg(let definitions) = instruction.action else { continue }
            for definition in definitions { try define(definition, instruction, file.directives.escape) }
        }
    }

    private mutating func define(
        _ definition: ArgumentDefinition, _ instruction: Instruction, _ escape: UInt8
    ) throws(DockerfileError) {
        var value = arguments.given[definition.name]
        if value == nil, let text = definition.value {
            let result = try expand(text, escape, instruction.lines)
            unset += result.unset.map { (instruction.lines, $0.text) }
            value = result.text
        }
        guard let value else { return }
        variables[definition.name] = value
        declared[definition.name] = value
        try variables.checkSize(instruction.lines)
    }

    /// Expands a word of a FROM.
    package func expand(_ text: String, _ escape: UInt8, _ lines: LineRange) throws(DockerfileError) -> Expansion {
        do throws(ExpansionError) { return try Expansion(text, variables, escape: escape) } catch {
            throw DockerfileError(error.description, [lines])
        }
    }
}
