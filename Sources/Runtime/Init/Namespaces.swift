import Bytes
import Glibc
import Linux
import OCI

/// Which namespaces a container gets new, which it joins, and in what order.
struct NamespacePlan: Equatable {
    struct Joined: Equatable {
        let kind: NamespaceSet
        let path: String
    }

    /// Those made for the container.
    let created: NamespaceSet
    /// Those that exist already, in the order in which they are entered.
    let joined: [Joined]

    init(_ namespaces: [RuntimeSpec.Namespace]) throws(LaunchError) {
        var created: NamespaceSet = []
        var joined: [Joined] = []
        var seen: NamespaceSet = []
        for namespace in namespaces {
            let kind = Self.kind(namespace.type)
            if seen.contains(kind) {
                throw LaunchError(
                    .namespaces, sentence: "the configuration lists the \(namespace.type.rawValue) namespace twice")
            }
            seen.insert(kind)
            if let path = namespace.path, !path.isEmpty {
                joined.append(Joined(kind: kind, path: path))
            } else {
                created.insert(kind)
            }
        }
        // The user namespace first: the others may belong to it. The mount namespace last: the paths of the others
        // are those of the caller's.
        joined.sort { Self.rank($0.kind) < Self.rank($1.kind) }
        self.created = created
        self.joined = joined
    }

    /// Whether a first process only enters namespaces, and its child goes on: a joined pid namespace and a new time
    /// namespace hold for children alone, and a new user namespace has to be there before those it is to own.
    var isStaged: Bool {
        created.contains(.user) || created.contains(.time)
            || joined.contains { $0.kind == .pid || $0.kind == .user || $0.kind == .time }
    }

    /// Those that clone(2) makes. The pid namespace can only be made so; the others are left to the child, so that
    /// the parent goes on while the kernel makes them (0.5 ms for a network namespace).
    var cloned: NamespaceSet { isStaged ? [] : created.intersection(.pid) }

    /// Those that the process which executes the command makes itself. A cgroup namespace shows the cgroup that its
    /// maker is in: made by clone3(2) together with CLONE_INTO_CGROUP, that would be the parent's.
    var unshared: NamespaceSet {
        NamespaceSet(
            rawValue: created.rawValue
                & ~(NamespaceSet.pid.rawValue | NamespaceSet.user.rawValue | NamespaceSet.time.rawValue))
    }

    func creates(_ kind: NamespaceSet) -> Bool { created.contains(kind) }

    /// Whether the container has a namespace of this kind other than its caller's.
    func separates(_ kind: NamespaceSet) -> Bool {
        created.contains(kind) || joined.contains { $0.kind == kind }
    }

    private static func kind(_ kind: RuntimeSpec.Namespace.Kind) -> NamespaceSet {
        switch kind {
        case .pid: .pid
        case .network: .network
        case .mount: .mount
        case .ipc: .ipc
        case .uts: .uts
        case .user: .user
        case .cgroup: .cgroup
        case .time: .time
        }
    }

    private static func rank(_ kind: NamespaceSet) -> Int {
        kind == .user ? 0 : kind == .mount ? 2 : 1
    }
}

extension ContainerInit {
    /// Enters the namespaces that exist already. `postponing` are those to leave for another time.
    func joinNamespaces() throws(LaunchError) {
        let joined = plan.joined
        if joined.isEmpty { return }
        // All are opened before the first is entered: in it, their paths may mean something else, or be forbidden.
        var files: [CInt] = []
        for namespace in joined {
            files.append(
                try step(.namespaces, namespace.path) { () throws(SystemError) in
                    try FileDescriptor.open(namespace.path, O_RDONLY).release()
                })
        }
        var postponed: [Int] = []
        // Those that belong to the caller's user namespace can only be entered before that is left; those that belong to
        // the joined one, only after.
        if let user = joined.first, user.kind == .user {
            for index in joined.indices.dropFirst() where entering(files[index], joined[index].kind) != nil {
                postponed.append(index)
            }
            if let errno = entering(files[0], .user) { throw cannotJoin(user, errno) }
            try step(.namespaces) { () throws(SystemError) in try Credentials.becomeRoot() }
        } else {
            postponed = Array(joined.indices)
        }
        for index in postponed {
            if let errno = entering(files[index], joined[index].kind) { throw cannotJoin(joined[index], errno) }
        }
        for file in files { close(file) }
    }

    private func entering(_ file: CInt, _ kind: NamespaceSet) -> Errno? {
        do throws(SystemError) {
            try kind.enter(file)
            return nil
        } catch { return error.errno }
    }

    private func cannotJoin(_ namespace: NamespacePlan.Joined, _ errno: Errno) -> LaunchError {
        LaunchError(
            .namespaces, SystemError("setns", namespace.path, errno),
            sentence: "cannot join the namespace \(namespace.path): \(errno)")
    }

    /// Makes those that are new and that the process itself is to be in.
    func unshareNamespaces() throws(LaunchError) {
        let new = plan.unshared
        if !new.isEmpty { try step(.namespaces) { () throws(SystemError) in try new.unshare() } }
        if new.contains(.network) {
            try step(
                .namespaces, "lo",
                sentence: { error in
                    error.errno == .notPermitted
                        ? "cannot bring up the loopback of a new network: this root lacks CAP_NET_ADMIN; start the container "
                            + "that it is in with --cap-add NET_ADMIN, or this one with --network=host" : nil
                }
            ) { () throws(SystemError) in try NetworkInterface.bringUp("lo") }
        }
    }

    /// The first of two processes: enters what only its child will be in, has the maps written, and leaves the rest to
    /// that child. Returns in the child alone.
    func leaveStage(_ channel: borrowing PacketSocket) throws(LaunchError) {
        try joinNamespaces()
        if plan.creates(.user) {
            try step(
                .namespaces,
                sentence: { $0.errno == .notPermitted ? "this machine does not allow a new user namespace" : nil }
            ) { () throws(SystemError) in try NamespaceSet.user.unshare() }
            // The files of /proc/PID of an undumpable process belong to the machine's root, and an ordinary parent could
            // not write the maps. Nobody else sees this process yet.
            Hardening.setDumpable(true)
            try step(.communication) { () throws(SystemError) in try channel.send(Frame.encode(ChildMessage.mapIDs)) }
            try expect(.mapped, channel)
            Hardening.setDumpable(false)
            try step(.namespaces) { () throws(SystemError) in try Credentials.becomeRoot() }
        }
        if plan.creates(.time) {
            try step(.namespaces) { () throws(SystemError) in try NamespaceSet.time.unshare() }
            try writeTimeOffsets()
        }
        try Self.goOnAsSibling(into: plan.created.intersection(.pid), channel)
    }

    /// Forks a sibling, tells the parent of it and ends. Returns in the sibling alone, which says nothing to the parent
    /// before that knows it. The message brings the pidfd: pidfd_open(2) may not be there.
    static func goOnAsSibling(
        into namespaces: NamespaceSet, _ channel: borrowing PacketSocket
    ) throws(LaunchError) {
        var pair = try step(.process) { () throws(SystemError) in try FileDescriptor.pipe() }
        let reading = pair.takeFirst()
        // A number: an owner would close it as soon as nothing uses it any more, and the sibling would go on before the
        // parent knows it.
        let writing = pair.takeSecond().release()
        var pidfd: CInt = -1
        let sibling = try step(.process) { () throws(SystemError) in
            try cloneSibling(into: namespaces, pidfd: &pidfd)
        }
        if sibling == 0 {
            close(writing)
            // The end of the pipe is the end of the other process.
            var byte: UInt8 = 0
            while read(reading.rawValue, &byte, 1) < 0, Errno.current == .interrupted {}
            return
        }
        let handle = FileDescriptor(owning: pidfd)
        let sent: Void? = try? channel.send(Frame.encode(ChildMessage.forked(sibling)), attachment: handle)
        _exit(sent == nil ? 1 : 0)
    }

    // time_namespaces(7): only before the first process is in it.
    private func writeTimeOffsets() throws(LaunchError) {
        guard let offsets = linux.timeOffsets, !offsets.isEmpty else { return }
        var text = ""
        for (clock, offset) in offsets {
            text += "\(clock) \(offset.secs ?? 0) \(offset.nanosecs ?? 0)\n"
        }
        Hardening.setDumpable(true)
        defer { Hardening.setDumpable(false) }
        try step(.namespaces, "time") { () throws(SystemError) in
            try Files.writeControl(text, to: "/proc/self/timens_offsets")
        }
    }
}
