import Linux

/// Changes to mounts that exist, by mount_setattr(2) and, before Linux 5.12, by a remount.
enum MountChange {
    /// Adds and takes away attributes of the mount whose root `place` is.
    static func apply(_ set: MountFlags, clearing clear: MountFlags, to place: borrowing FileDescriptor)
        throws(SystemError)
    {
        do throws(SystemError) {
            try place.setMountAttributes(
                MountAttributes(set), clear: attributesToClear(set: set, clear: clear))
        } catch {
            switch error.errno {
            case .notImplemented: try remount(set, clearing: clear, place)
            // What a more privileged namespace has locked cannot be taken away: it stays, as with a remount.
            case .notPermitted where mayYield(set, clear):
                try place.setMountAttributes(MountAttributes(set.subtracting(.accessTimes)))
            default: throw error
            }
        }
    }

    /// Whether something is asked for that may be locked: to take flags away, and to change when times of access are kept.
    static func mayYield(_ set: MountFlags, _ clear: MountFlags) -> Bool {
        !clear.isEmpty || !set.isDisjoint(with: .accessTimes)
    }

    /// As `apply`, for a tree that has not been attached yet: there is no second way.
    static func attributesToClear(set: MountFlags, clear: MountFlags) -> MountAttributes {
        var attributes = MountAttributes(clear.subtracting(.accessTimes))
        // The access time setting is a number, and not bits: it is cleared whole before it is set.
        if !set.union(clear).isDisjoint(with: .accessTimes) { attributes.insert(.accessTimes) }
        return attributes
    }

    /// As `apply`, one by one for all mounts below `destination` in the container, which is a recursive bind of the
    /// host's `source`: for kernels without mount_setattr(2).
    static func applyBelow(
        _ destination: String, copyOf source: String, _ set: MountFlags, clearing clear: MountFlags,
        _ root: borrowing RootDirectory
    ) throws(SystemError) {
        for path in try MountList.below(source) {
            let place: FileDescriptor
            // A mount that others cover has no path.
            do throws(SystemError) { place = try root.open(destination + "/" + path) } catch {
                if error.errno == .noEntry || error.errno == .notDirectory { continue }
                throw error
            }
            try apply(set, clearing: clear, to: place)
        }
    }

    static func makeReadOnly(_ place: borrowing FileDescriptor) throws(SystemError) {
        try apply(.readOnly, clearing: [], to: place)
    }

    // A remount sets all flags anew. In a user namespace those that were there may be locked (MNT_LOCK_NOSUID and so
    // on), and a remount that would drop one fails: they are read first and kept.
    private static func remount(
        _ set: MountFlags, clearing clear: MountFlags, _ place: borrowing FileDescriptor
    ) throws(SystemError) {
        let present = try place.mountFlags()
        let wanted = present.subtracting(clear).union(set).intersection(.perMount)
        do throws(SystemError) {
            try MountCalls.mount(nil, on: place, [.remount, .bind, wanted])
        } catch {
            if error.errno != .notPermitted || !mayYield(set, clear) { throw error }
            let kept = present.union(set.subtracting(.accessTimes)).intersection(.perMount)
            try MountCalls.mount(nil, on: place, [.remount, .bind, kept])
        }
    }

    /// Sets how mounts and unmounts travel between this mount and its peers, for all below it too if `recursive`.
    static func setPropagation(
        _ propagation: MountFlags, recursive: Bool, _ place: borrowing FileDescriptor
    ) throws(SystemError) {
        do throws(SystemError) {
            try place.setMountAttributes(propagation: propagation, recursive: recursive)
        } catch {
            if error.errno != .notImplemented { throw error }
            try MountCalls.mount(nil, on: place, recursive ? [propagation, .recursive] : propagation)
        }
    }
}
