import Bytes
import Glibc
import Linux
import OCI

extension Cgroup {
    /// Makes the cgroup and sets its limits. Throws `CgroupError`; nothing is left behind then.
    package static func create(_ request: CgroupRequest) throws(CgroupError) -> Cgroup { try begin(request).complete() }

    /// Begins to make it: what takes another process's answer (systemd's) goes on until `PendingCgroup.complete()`.
    package static func begin(_ request: CgroupRequest) throws(CgroupError) -> PendingCgroup {
        let support = request.support ?? .detect()
        let settings = try request.resources.map { (resources) throws(CgroupError) in try CgroupSettings(resources) }
        let required = settings?.controllers ?? []
        guard let mountPoint = support.mountPoint else {
            throw Self.noVersion2(support.hierarchy, required)
        }
        switch request.placement {
        case .systemd(let scope):
            guard let manager = support.manager else {
                throw .unavailable("no systemd answers here that could make the scope \(scope.name)")
            }
            return try PendingCgroup(scope, manager, request, mountPoint)
        case .directory(let path):
            let parent = Files.split(try Self.directory(path, support))
            return PendingCgroup(
                made: try make(
                    parent.name, below: parent.parent, required: required, wanted: request.wanted,
                    mountPoint: mountPoint), request)
        case .automatic(let name, let parent):
            return try automatic(name, parent, request, required, support, mountPoint)
        }
    }

    private static func automatic(
        _ name: String, _ parent: String?, _ request: CgroupRequest, _ required: Controllers, _ support: CgroupSupport,
        _ mountPoint: String
    ) throws(CgroupError) -> PendingCgroup {
        let isSlice = parent?.ends(with: ".slice") ?? false
        if let manager = support.manager, isSlice || parent == nil && !support.isDelegatedUnit,
            support.hierarchy == .v2
        {
            let scope = CgroupRequest.ScopeRequest(
                name: "\(name).scope", slice: parent, description: "apus container \(name)", subgroup: "container")
            do throws(CgroupError) { return try PendingCgroup(scope, manager, request, mountPoint) } catch {
                // A socket that nobody listens on any more need not keep us from what we can do ourselves.
                guard !isSlice, CgroupSupport.choose(support.ownPlaces(), required: required) != nil else {
                    throw error
                }
            }
        }
        if isSlice, let parent {
            throw .unavailable("the slice \(parent) cannot be used as the parent: no systemd answers here")
        }
        if let parent {
            let directory = try directory(parent, support)
            return PendingCgroup(
                made: try make(
                    name, below: directory, required: required, wanted: request.wanted, mountPoint: mountPoint),
                request)
        }
        if let ready = support.readyPlace(required: required, wanted: request.wanted) {
            return PendingCgroup(made: try make("\(ready)/\(name)"), request)
        }
        let places = support.ownPlaces()
        guard let place = CgroupSupport.choose(places, required: required) else {
            if let own = try ownLeaf(places.first, required) {
                return PendingCgroup(made: try make(name, in: own, required: required, wanted: request.wanted), request)
            }
            throw refusal(required, places, support)
        }
        return PendingCgroup(made: try make(name, in: place, required: required, wanted: request.wanted), request)
    }

    // MARK: directories

    /// The directory of a `cgroupsPath`.
    static func directory(_ path: String, _ support: CgroupSupport) throws(CgroupError) -> String {
        let parts = path.split(on: "/")
        guard !parts.isEmpty, !parts.contains("..") else { throw .invalid("'\(path)' is no path of a control group") }
        let tail = parts.filter { $0 != "." }.joined(separator: "/")
        if path.begins(with: "/") { return "\(support.mountPoint!)/\(tail)" }
        guard let own = support.ownDirectory else {
            throw .unavailable("the control group \(path) cannot be made below our own, which is not visible here")
        }
        return "\(own)/\(tail)"
    }

    // Every cgroup from the top on has to hand the controllers down.
    private static func make(
        _ name: String, below parent: String, required: Controllers, wanted: Controllers, mountPoint: String
    ) throws(CgroupError) -> Cgroup {
        guard parent == mountPoint || parent.begins(with: mountPoint + "/") else {
            throw .invalid("\(parent)/\(name) is not below \(mountPoint)")
        }
        var path = mountPoint
        var made: [String] = []
        do throws(CgroupError) {
            for part in parent.dropping(mountPoint.utf8.count).split(on: "/") {
                handDown(path, required, wanted)
                path += "/\(part)"
                if mkdir(path, 0o755) == 0 {
                    made.append(path)
                } else if Errno.current != .exists {
                    throw notMade(path, Errno.current)
                }
            }
            guard let place = Place(reading: path) else { throw .failed(SystemError("open", path, .noEntry)) }
            return try make(name, in: place, required: required, wanted: wanted)
        } catch {
            for path in made.reversed() { rmdir(path) }
            throw error
        }
    }

    // Whether it was enough is seen at the end, in the cgroup itself.
    private static func handDown(_ path: String, _ required: Controllers, _ wanted: Controllers) {
        guard var place = Place(reading: path) else { return }
        place.enableWhatItCan(required.union(wanted))
    }

    private static func make(
        _ name: String, in place: Place, required: Controllers, wanted: Controllers
    ) throws(CgroupError) -> Cgroup {
        var place = place
        if place.mayEnable { place.enableWhatItCan(required.union(wanted)) }
        let missing = required.subtracting(place.enabled)
        guard missing.isEmpty else { throw .missing(missing, sentence(missing, below: place.path)) }
        return try make("\(place.path)/\(name)")
    }

    private static func make(_ path: String) throws(CgroupError) -> Cgroup {
        if mkdir(path, 0o755) < 0, Errno.current != .exists { throw notMade(path, Errno.current) }
        return try open(path)
    }

    // Our own cgroup could hand controllers down if we left it: only where no process but us would have to move.
    private static func ownLeaf(_ own: Place?, _ required: Controllers) throws(CgroupError) -> Place? {
        guard var own, own.isWritable, required.isSubset(of: own.available), own.processes == [getpid()] else {
            return nil
        }
        let leaf = "\(own.path)/apus"
        if mkdir(leaf, 0o755) < 0, Errno.current != .exists { return nil }
        do throws(SystemError) { try Files.writeControl("0", to: "\(leaf)/cgroup.procs") } catch {
            throw .failed(error)
        }
        own.processes = []
        return own
    }

    private static func notMade(_ path: String, _ errno: Errno) -> CgroupError {
        switch errno {
        case .access, .notPermitted:
            .unavailable("the control group \(path) cannot be made: \(errno); the directory above it is not ours")
        case Errno(EROFS):
            .unavailable("the control group \(path) cannot be made: the cgroup file system is mounted read-only")
        default: .failed(SystemError("mkdir", path, errno))
        }
    }
}

/// A cgroup that is being made.
package struct PendingCgroup: ~Copyable {
    private enum State: ~Copyable {
        case made(Cgroup)
        case scope(PendingScope)
    }

    private let state: State
    private let request: CgroupRequest

    init(made cgroup: consuming Cgroup, _ request: CgroupRequest) {
        state = .made(cgroup)
        self.request = request
    }

    init(
        _ scope: CgroupRequest.ScopeRequest, _ manager: SystemdManager, _ request: CgroupRequest, _ mountPoint: String
    ) throws(CgroupError) {
        state = .scope(try PendingScope.begin(scope, manager, request, mountPoint))
        self.request = request
    }

    /// Whether `complete()` waits for another process.
    package var isAwaited: Bool {
        switch state {
        case .made: false
        case .scope: true
        }
    }

    /// Waits for it and sets its limits; without `guarding` its devices are for the caller to guard (`Cgroup.apply`). Throws
    /// `CgroupError`; nothing is left behind then.
    package consuming func complete(guarding: Bool = true) throws(CgroupError) -> Cgroup {
        var resources = request.resources
        if !guarding { resources?.devices = nil }
        let cgroup: Cgroup
        switch consume state {
        case .made(let made): cgroup = made
        case .scope(let pending): cgroup = try pending.complete()
        }
        guard let resources else { return cgroup }
        do throws(CgroupError) {
            try cgroup.apply(resources)
        } catch {
            try? cgroup.remove()
            throw error
        }
        return cgroup
    }
}
