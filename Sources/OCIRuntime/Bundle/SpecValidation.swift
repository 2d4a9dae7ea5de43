import Bytes
import Cgroups
import OCI
import Runtime

/// What the specification forbids and what cannot be honoured, found before anything is made.
struct SpecValidation {
    private let spec: RuntimeSpec

    init(_ spec: RuntimeSpec) { self.spec = spec }

    func check() throws(OCIError) {
        try checkVersion()
        guard let root = spec.root, !root.path.isEmpty else { throw OCIError("the configuration has no root.path") }
        try checkProcess()
        try checkMounts()
        try checkHooks()
        try checkLinux()
    }

    private func checkVersion() throws(OCIError) {
        let numbers = spec.ociVersion.split(on: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard numbers.count == 3, let major = Int(numbers[0]), Int(numbers[1]) != nil,
            let patch = numbers[2].unicodeScalars.first, ("0"..."9").contains(patch)
        else { throw OCIError("ociVersion \"\(spec.ociVersion)\" is no version like \"\(OCIRuntime.specVersion)\"") }
        guard major == 1 else {
            throw OCIError(
                "ociVersion \(spec.ociVersion) is not supported: this runtime follows \(OCIRuntime.specVersion)")
        }
    }

    private func checkProcess() throws(OCIError) {
        guard let process = spec.process else { return }
        guard let arguments = process.args, !arguments.isEmpty else {
            throw OCIError("process.args is empty: there is no command to run")
        }
        guard process.cwd.utf8.first == UInt8(ascii: "/") else {
            throw OCIError("process.cwd \"\(process.cwd)\" is no absolute path")
        }
        for entry in process.env ?? [] where entry.utf8.contains(0) {
            throw OCIError("process.env has an entry with a zero byte")
        }
    }

    private func checkMounts() throws(OCIError) {
        for mount in spec.mounts ?? [] where mount.destination.isEmpty {
            throw OCIError("a mount has no destination")
        }
    }

    private func checkHooks() throws(OCIError) {
        guard let hooks = spec.hooks else { return }
        let all = [
            hooks.prestart, hooks.createRuntime, hooks.createContainer, hooks.startContainer, hooks.poststart,
            hooks.poststop,
        ]
        for hook in all.flatMap({ $0 ?? [] }) {
            guard hook.path.utf8.first == UInt8(ascii: "/") else {
                throw OCIError("the hook \"\(hook.path)\" is no absolute path")
            }
            if let timeout = hook.timeout, timeout <= 0 {
                throw OCIError("the hook \(hook.path) has a time-out of \(timeout): it must be greater than zero")
            }
        }
    }

    private func checkLinux() throws(OCIError) {
        guard let linux = spec.linux else { return }
        if linux.intelRdt != nil {
            throw OCIError(
                "linux.intelRdt is not supported: this runtime does not manage classes of cache and memory bandwidth")
        }
        // Here, since a container may have no cgroup to be limited by, which would find it out.
        if let resources = linux.resources { _ = try reporting { try CgroupSettings(resources.withoutDefaults) } }
        if let policy = linux.memoryPolicy { _ = try reporting { try MemoryPolicyPlan(policy) } }
        for path in (linux.maskedPaths ?? []) + (linux.readonlyPaths ?? []) where path.utf8.first != UInt8(ascii: "/") {
            throw OCIError("\"\(path)\" of maskedPaths or readonlyPaths is no absolute path")
        }
        let kinds = Set((linux.namespaces ?? []).map(\.type))
        if !kinds.contains(.uts), spec.hostname?.isEmpty == false || spec.domainname?.isEmpty == false {
            throw OCIError(
                "a host name or domain name cannot be set without a UTS namespace: the machine's would change")
        }
        if !kinds.contains(.user), linux.uidMappings?.isEmpty == false || linux.gidMappings?.isEmpty == false {
            throw OCIError("uidMappings and gidMappings need a user namespace, and the configuration lists none")
        }
        if !kinds.contains(.time), linux.timeOffsets?.isEmpty == false {
            throw OCIError("timeOffsets need a time namespace, and the configuration lists none")
        }
        if linux.namespaces?.contains(where: { $0.type == .time && $0.path?.isEmpty == false }) == true,
            linux.timeOffsets?.isEmpty == false
        {
            throw OCIError("timeOffsets can only be set for a new time namespace")
        }
    }
}
