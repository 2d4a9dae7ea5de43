import Bytes
import Glibc
import Linux

/// A cgroup that a container's could be made in.
struct Place: Equatable {
    /// Its directory.
    var path: String
    /// What it has itself.
    var available: Controllers
    /// What it gives its children (`cgroup.subtree_control`).
    var enabled: Controllers
    /// The processes directly in it.
    var processes: [ProcessID]
    /// Whether it is the root of the whole hierarchy, which alone may have processes beside children with controllers.
    var isRoot: Bool
    /// Whether we may change what it gives its children.
    var isWritable: Bool

    /// Whether more controllers can be given to its children: not where processes of its own would compete with them
    /// (cgroup-v2.rst, No Internal Process Constraint).
    var mayEnable: Bool { isWritable && (isRoot || processes.isEmpty) }

    /// Whether its children have `controllers`, or can be given them.
    func offers(_ controllers: Controllers) -> Bool {
        controllers.isSubset(of: enabled) || mayEnable && controllers.isSubset(of: available)
    }

    init(
        path: String, available: Controllers, enabled: Controllers, processes: [ProcessID] = [], isRoot: Bool = false,
        isWritable: Bool = true
    ) {
        self.path = path
        self.available = available
        self.enabled = enabled
        self.processes = processes
        self.isRoot = isRoot
        self.isWritable = isWritable
    }

    /// The cgroup at `path` as it is now; nil where it is none.
    init?(reading path: String) {
        guard let folder = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY),
            let available = try? Files.readText("cgroup.controllers", in: folder.rawValue),
            let enabled = try? Files.readText("cgroup.subtree_control", in: folder.rawValue)
        else { return nil }
        self.path = path
        self.available = Controllers(available)
        self.enabled = Controllers(enabled)
        processes = Place.processes(of: folder)
        isRoot = !Files.exists("cgroup.type", in: folder.rawValue)
        isWritable = access("\(path)/cgroup.subtree_control", W_OK) == 0
    }

    /// The processes directly in a cgroup; a number of 0 is one that our pid namespace does not have.
    static func processes(of directory: borrowing FileDescriptor) -> [ProcessID] {
        let text = (try? Files.readText("cgroup.procs", in: directory.rawValue)) ?? ""
        return text.split(on: "\n").compactMap { ProcessID($0) }
    }

    /// Gives the children those of `controllers` that there are to give.
    mutating func enableWhatItCan(_ controllers: Controllers) {
        let useful = controllers.intersection(available)
        do throws(SystemError) { try enable(useful) } catch {
            // One that is in use elsewhere (cgroup v1, real-time processes) must not spoil the rest.
            for one in useful.list { try? enable(Controllers(one)) }
        }
    }

    /// Gives the children `controllers`; all or none of them.
    mutating func enable(_ controllers: Controllers) throws(SystemError) {
        let missing = controllers.subtracting(enabled)
        if missing.isEmpty { return }
        let words = missing.list.map { "+" + $0 }.joined(separator: " ")
        try Files.writeControl(words, to: "\(path)/cgroup.subtree_control")
        enabled.formUnion(missing)
    }
}

extension CgroupSupport {
    /// Our own cgroup and those above it that we may write to, the own first.
    func ownPlaces() -> [Place] {
        guard let mountPoint, var path = ownDirectory else { return [] }
        var places: [Place] = []
        while Self.isWritable(path), let place = Place(reading: path) {
            places.append(place)
            guard path.utf8.count > mountPoint.utf8.count else { break }
            path = Files.split(path).parent
        }
        return places
    }

    /// The directory that `choose` takes of `ownPlaces()` for `required`, where its children have all of that, and of `wanted`,
    /// already, or where no cgroup can have any of it: as a rule, and then nothing else of the places is looked at. nil where it
    /// is not so simple.
    func readyPlace(required: Controllers, wanted: Controllers) -> String? {
        guard let mountPoint, var path = ownDirectory else { return nil }
        if required.isEmpty, Self.handsDownNone(of: wanted, mountPoint) { return Self.isWritable(path) ? path : nil }
        let enough = Self.enough(for: required)
        while Self.isWritable(path), let enabled = Self.enabled(path) {
            if enough.isSubset(of: enabled) { return wanted.isSubset(of: enabled) ? path : nil }
            guard path.utf8.count > mountPoint.utf8.count else { return nil }
            path = Files.split(path).parent
        }
        return nil
    }

    // Whether the directory is the root of the whole hierarchy, and gives its children none of `controllers`: version 1 has them.
    private static func handsDownNone(of controllers: Controllers, _ top: String) -> Bool {
        guard !Files.exists("\(top)/cgroup.type"), let enabled = enabled(top) else { return false }
        return enabled.isDisjoint(with: controllers)
    }

    // What a cgroup gives its children; nil where that cannot be read.
    private static func enabled(_ directory: String) -> Controllers? {
        (try? Files.readControl("\(directory)/cgroup.subtree_control"))
            .map { Controllers(String(decoding: $0, as: UTF8.self)) }
    }

    // What a place should hand down.
    private static func enough(for required: Controllers) -> Controllers { required.union([.cpu, .memory, .pids]) }

    /// The best place for a container's cgroup that needs `required`: the nearest whose children have the controllers,
    /// else the nearest that can give them. Without any needed, the nearest that has controllers to give, else our own.
    /// nil where none will do.
    static func choose(_ places: [Place], required: Controllers) -> Place? {
        let enough = enough(for: required)
        if let ready = places.first(where: { enough.isSubset(of: $0.enabled) }) { return ready }
        // A place between others that is empty itself was handed over to hold children.
        let offering = places.filter { $0.offers(required) }
        let best = offering.first { $0.mayEnable && !$0.isRoot && !$0.available.isEmpty } ?? offering.first
        return best ?? (required.isEmpty ? places.first : nil)
    }
}
