import Bytes
import Cgroups
import Glibc
import Linux
import OCI

/// The control group of a container: made at its creation, removed with it.
enum ContainerCgroup {
    /// Makes the cgroup that `linux.cgroupsPath` names, with the limits of `linux.resources`. nil where this machine or
    /// this caller has none to give and no limit is asked for. Throws where a limit cannot be enforced.
    ///
    /// `placeholder` is for the caller to end when the container's process is in the cgroup, or will never be: systemd
    /// removes a scope that is empty.
    static func make(
        _ spec: RuntimeSpec, id: String, options: RuntimeOptions, log: RuntimeLog, placeholder: inout Placeholder?
    ) throws(OCIError) -> Cgroup? {
        let linux = spec.linux ?? .init()
        var support = CgroupSupport.detect()
        if !options.usesSystemd { support.manager = nil }
        do throws(CgroupError) {
            let placement = try placement(linux.cgroupsPath, id: id, usesSystemd: options.usesSystemd, support)
            var request = CgroupRequest(placement, resources: linux.resources)
            // What is not limited is measured.
            request.wanted = .all
            request.support = support
            if case .systemd = placement {
                // A scope needs a process from the start, and the container's is not there yet.
                placeholder = Placeholder()
                request.processes = placeholder.map { [$0.pid] } ?? []
            }
            let cgroup = try create(request, log)
            if placeholder == nil, cgroup.isPopulated {
                // They would share limits, and the removal of one container would kill the other.
                throw .invalid(
                    "container's cgroup is not empty: \(cgroup.path) is in use, and a container needs one of its own")
            }
            if cgroup.isFreezing || cgroup.isFrozen {
                throw .invalid("container's cgroup unexpectedly frozen: thaw \(cgroup.path), or those above it, first")
            }
            try delegate(cgroup, spec)
            return cgroup
        } catch {
            switch error {
            case .missing, .invalid, .refused: throw OCIError(error.description)
            case .systemd: throw OCIError(error.description)
            case .unavailable, .failed:
                guard !options.usesSystemd else { throw OCIError(error.description) }
                guard support.hierarchy != .v2 || options.toleratesMissingCgroup, !asksForLimits(linux.resources) else {
                    throw OCIError(error.description)
                }
                log.write(.debug, "the container \(id) has no control group of its own: \(error)")
                return nil
            }
        }
    }

    // Callers write what is the kernel's default anyway (ctr a weight of 1024): where the controller for that is not
    // there, nothing is missing.
    private static func create(_ request: CgroupRequest, _ log: RuntimeLog) throws(CgroupError) -> Cgroup {
        do throws(CgroupError) {
            return try Cgroup.create(request)
        } catch {
            guard case .missing = error, let resources = request.resources?.withoutDefaults,
                resources != request.resources
            else { throw error }
            var less = request
            less.resources = resources
            log.write(.debug, "defaults of the caller are left out: \(error)")
            return try Cgroup.create(less)
        }
    }

    private static func placement(
        _ path: String?, id: String, usesSystemd: Bool, _ support: CgroupSupport
    ) throws(CgroupError) -> CgroupRequest.Placement {
        guard usesSystemd else {
            if let path, !path.isEmpty { return .directory(path) }
            // A name of its own: another root may have a container with that id.
            let name = "apus-oci-\(id)-\(randomHex(bytes: 4))"
            // Not always below our own: that has processes, and hands no controllers down.
            return support.ownDirectory == nil ? .directory("/" + name) : .automatic(name: name, parent: nil)
        }
        // "slice:prefix:name", each of which may be empty.
        let parts = (path ?? "").split(on: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || path?.isEmpty ?? true else {
            throw .invalid(
                "cgroupsPath \"\(path ?? "")\" is not of the form \"slice:prefix:name\", as --systemd-cgroup needs it")
        }
        let slice = parts.count == 3 && !parts[0].isEmpty ? parts[0] : nil
        let prefix = parts.count == 3 ? parts[1] : "apus"
        let name = parts.count == 3 && !parts[2].isEmpty ? parts[2] : id
        return .systemd(
            .init(
                name: (prefix.isEmpty ? name : "\(prefix)-\(name)") + ".scope", slice: slice,
                description: "container \(id)"))
    }

    /// Whether any limit is in them that only a cgroup enforces. Rules of devices do not count: callers always write
    /// some, and what a container may open is decided by what is in its /dev and by its capabilities, too.
    private static func asksForLimits(_ resources: RuntimeSpec.Resources?) -> Bool {
        guard let resources = resources?.withoutDefaults else { return false }
        // What has no counterpart in version 2 was refused before (SpecValidation).
        return (try? CgroupSettings(resources).controllers.isEmpty) != true
    }

    // config-linux.md, Cgroup ownership: a container that may write its cgroup owns it.
    private static func delegate(_ cgroup: borrowing Cgroup, _ spec: RuntimeSpec) throws(CgroupError) {
        let linux = spec.linux ?? .init()
        let namespaces = linux.namespaces ?? []
        func isNew(_ kind: RuntimeSpec.Namespace.Kind) -> Bool {
            namespaces.contains { $0.type == kind && ($0.path ?? "").isEmpty }
        }
        guard isNew(.cgroup), isNew(.user),
            let owner = linux.uidMappings?.first(where: { $0.containerID == 0 })?.hostID,
            spec.mounts?.contains(where: {
                ($0.type == "cgroup" || $0.type == "cgroup2") && !($0.options ?? []).contains("ro")
            }) ?? false
        else { return }
        let listed =
            (try? Files.readText("/sys/kernel/cgroup/delegate"))
            ?? "cgroup.procs\ncgroup.threads\ncgroup.subtree_control"
        let path = cgroup.path
        for file in [""] + listed.split(on: "\n").map({ "/" + $0 }) {
            // The kernel's list has files of controllers, too, which may not be here.
            if lchown(path + file, owner, .max) < 0, Errno.current != .noEntry {
                throw .failed(SystemError("chown", path + file))
            }
        }
    }

    /// The directory for one more process of a container: its cgroup, or where that hands controllers down and so may
    /// hold no process itself, that of its first process.
    static func directory(for container: borrowing Container, below subgroup: String?) throws(OCIError)
        -> FileDescriptor?
    {
        guard var path = container.record.cgroup else {
            if let subgroup {
                throw OCIError("cannot use the control group \(subgroup): the container has none of its own")
            }
            return nil
        }
        if let subgroup {
            let parts = subgroup.split(on: "/")
            guard !parts.contains("..") else {
                throw OCIError("the control group \(subgroup) is outside of the container's")
            }
            path += parts.map { "/" + $0 }.joined()
        } else if let enabled = try? Files.readText("\(path)/cgroup.subtree_control"),
            enabled.contains(where: { !$0.isWhitespace }),
            let text = try? Files.readText("/proc/\(container.record.process.pid)/cgroup"),
            let own = CgroupSupport.path(inProcFile: text), let mount = CgroupSupport.detect().mountPoint,
            let directory = CgroupSupport.directory(of: own, mountPoint: mount)
        {
            path = directory
        }
        return try reporting("cannot open the control group \(path)") {
            try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        }
    }

    /// Kills what is left in the cgroup of a container and removes it.
    static func remove(_ record: ContainerRecord) throws(OCIError) {
        guard let path = record.cgroup else { return }
        try reporting("cannot remove the control group of the container \(record.id)") { try Cgroup.end(path) }
    }
}

extension RuntimeSpec.Resources {
    /// Without what has the value that the kernel gives a new cgroup by itself, or that callers write by themselves.
    var withoutDefaults: RuntimeSpec.Resources {
        var rest = self
        if rest.cpu?.shares == 1024 { rest.cpu?.shares = nil }
        if (rest.cpu?.quota ?? 0) <= 0, (rest.cpu?.period ?? 0) == 100_000 || (rest.cpu?.period ?? 0) == 0 {
            rest.cpu?.quota = nil
            rest.cpu?.period = nil
        }
        if (rest.memory?.limit ?? 0) < 0 { rest.memory?.limit = nil }
        if (rest.memory?.swap ?? 0) < 0 { rest.memory?.swap = nil }
        if (rest.memory?.reservation ?? 0) < 0 { rest.memory?.reservation = nil }
        // 2048 is what podman writes where its user has said nothing.
        if (rest.pids?.limit ?? 0) <= 0 || rest.pids?.limit == 2048 { rest.pids = nil }
        return rest
    }
}

/// A process that does nothing, until it is ended.
struct Placeholder {
    let pid: ProcessID

    init?() {
        guard let pid = try? cloneChild() else { return nil }
        if pid == 0 {
            Signals.resetAll()
            try? Credentials.setParentDeathSignal(SIGKILL)
            while true { pause() }
        }
        self.pid = pid
    }

    func end() {
        kill(pid, SIGKILL)
        _ = try? waitForExit(of: pid)
    }
}
