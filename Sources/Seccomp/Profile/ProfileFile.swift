import JSON
package import Linux
package import OCI

/// A profile in Docker's JSON format, as `--security-opt seccomp=FILE` takes it: the runtime specification's, and
/// rules under conditions (docs.docker.com, Seccomp security profiles for Docker; moby `profiles/seccomp`).
package struct ProfileFile: Sendable {
    private let document: Document
    private let file: String

    /// Reads `contents`; `file` names it in errors. Throws `SeccompError.profile` for what is no such document, and for
    /// fields that contradict each other.
    package init(_ contents: [UInt8], file: String) throws(SeccompError) {
        self.file = file
        do throws(JSONError) { document = try JSONTree.decode(from: contents) } catch {
            throw .profile(file: file, field: error.place, reason: error.cause)
        }
        if document.architectures?.isEmpty == false && document.archMap?.isEmpty == false {
            throw .profile(file: file, field: "archMap", reason: "cannot be given together with architectures")
        }
        for (index, rule) in (document.syscalls ?? []).enumerated() {
            let hasName = rule.name?.isEmpty == false
            if hasName && rule.names?.isEmpty == false {
                throw .profile(
                    file: file, field: "syscalls[\(index)].name", reason: "cannot be given together with names")
            }
            if !hasName && rule.names == nil {
                throw .profile(file: file, field: "syscalls[\(index)].names", reason: "is missing")
            }
            try check(rule, index: index)
        }
        if document.defaultAction?.isEmpty != false && document.syscalls?.isEmpty == false {
            throw .profile(file: file, field: "defaultAction", reason: "is missing")
        }
    }

    /// The words that only the compiler would miss, while their field can still be named.
    private func check(_ rule: Document.Rule, index: Int) throws(SeccompError) {
        let place = "syscalls[\(index)]"
        if SeccompAction(rawValue: rule.action) == nil {
            throw .profile(file: file, field: "\(place).action", reason: "\"\(rule.action)\" is no action")
        }
        for (number, argument) in (rule.args ?? []).enumerated() where SeccompOperator(rawValue: argument.op) == nil {
            throw .profile(
                file: file, field: "\(place).args[\(number)].op", reason: "\"\(argument.op)\" is no operator")
        }
        for (field, filter) in [("includes", rule.includes), ("excludes", rule.excludes)] {
            for name in filter?.caps ?? [] where ProfileCapability(name: name) == nil {
                throw .profile(file: file, field: "\(place).\(field).caps", reason: "\"\(name)\" is no capability")
            }
            if let least = filter?.minKernel, KernelVersion(least) == nil {
                throw .profile(
                    file: file, field: "\(place).\(field).minKernel", reason: "\"\(least)\" is no version like \"4.8\"")
            }
        }
    }

    /// The profile for a container whose bounding set is `capabilities` (bit n for capability n), with the rules whose
    /// conditions hold; nil for a profile without default action and rules, which filters nothing.
    package func specification(
        capabilities: UInt64, kernel: KernelVersion = .running, architecture: SeccompArchitecture = .native
    ) -> RuntimeSpec.Seccomp? {
        guard let action = document.defaultAction, !action.isEmpty else { return nil }
        var profile = RuntimeSpec.Seccomp(defaultAction: action)
        profile.defaultErrnoRet = document.defaultErrnoRet
        profile.flags = document.flags
        profile.listenerPath = document.listenerPath
        profile.listenerMetadata = document.listenerMetadata
        profile.architectures = document.architectures ?? []
        if let entry = document.archMap?.first(where: { $0.architecture == architecture.rawValue }) {
            profile.architectures = [entry.architecture] + (entry.subArchitectures ?? [])
        }
        profile.syscalls = (document.syscalls ?? []).filter { rule in
            rule.holds(capabilities: capabilities, kernel: kernel, architecture: architecture)
        }.map(\.specification)
        return profile
    }
}

extension ProfileFile {
    /// The JSON as it stands. Fields that Docker does not know are passed over, as Docker does.
    fileprivate struct Document: Decodable, Sendable {
        var defaultAction: String?
        var defaultErrnoRet: UInt32?
        var architectures: [String]?
        var archMap: [ArchitectureMap]?
        var flags: [String]?
        var listenerPath: String?
        var listenerMetadata: String?
        var syscalls: [Rule]?

        struct ArchitectureMap: Decodable, Sendable {
            var architecture: String
            var subArchitectures: [String]?
        }

        struct Rule: Decodable, Sendable {
            var name: String?
            var names: [String]?
            var action: String
            var errnoRet: UInt32?
            var args: [Argument]?
            var includes: Filter?
            var excludes: Filter?
        }

        struct Argument: Decodable, Sendable {
            var index: UInt32?
            var value: UInt64?
            var valueTwo: UInt64?
            var op: String
        }

        struct Filter: Decodable, Sendable {
            var caps: [String]?
            var arches: [String]?
            var minKernel: String?
        }
    }
}

extension ProfileFile.Document.Rule {
    /// Included by all of `includes`, excluded by any of `excludes`.
    fileprivate func holds(capabilities: UInt64, kernel: KernelVersion, architecture: SeccompArchitecture) -> Bool {
        func granted(_ name: String) -> Bool {
            guard let capability = ProfileCapability(name: name) else { return false }
            return capabilities & 1 << UInt64(capability.rawValue) != 0
        }
        func isReached(_ version: String) -> Bool { KernelVersion(version).map { kernel >= $0 } ?? false }
        if let excludes {
            if excludes.arches?.contains(architecture.dockerName) == true { return false }
            if excludes.caps?.contains(where: granted) == true { return false }
            if let least = excludes.minKernel, isReached(least) { return false }
        }
        if let includes {
            if let names = includes.arches, !names.isEmpty, !names.contains(architecture.dockerName) { return false }
            if let names = includes.caps, !names.allSatisfy(granted) { return false }
            if let least = includes.minKernel, !isReached(least) { return false }
        }
        return true
    }

    fileprivate var specification: RuntimeSpec.Seccomp.Rule {
        let single = name.flatMap { $0.isEmpty ? nil : [$0] }
        return RuntimeSpec.Seccomp.Rule(
            names: single ?? names ?? [], action: action, errnoRet: errnoRet,
            args: args?.map {
                RuntimeSpec.Seccomp.Argument(
                    index: $0.index ?? 0, value: $0.value ?? 0, valueTwo: $0.valueTwo, op: $0.op)
            })
    }
}
