import Glibc

extension Files {
    /// Visits everything below the open directory `root`, depth first, in no order, never following a symbolic link. Takes
    /// some twenty descriptors and no stack, however deep the tree is.
    ///
    /// `visit` gets an open directory and a name in it, and says whether to go into what has the name: it must be a
    /// directory then, and is passed over if it is gone. `leave` gets the same once everything below has been visited.
    /// `covered` gets a directory that something is mounted on, which is not entered then, and is visited again when it returns;
    /// without it what is mounted is visited as well. `unreadable` gets why a directory cannot be entered or listed; what it throws ends the walk. Errors have the path
    /// below `root` for their object. Throws `SystemError`.
    package static func walk(
        below root: CInt,
        visit: (_ directory: CInt, _ name: RawName) throws(SystemError) -> Bool,
        leave: (_ directory: CInt, _ name: RawName) throws(SystemError) -> Void = { (_, _) throws(SystemError) in },
        covered: ((_ directory: CInt, _ name: RawName) throws(SystemError) -> Void)? = nil,
        unreadable: (SystemError) throws(SystemError) -> Void = { (error) throws(SystemError) in throw error }
    ) throws(SystemError) {
        try walk(
            below: root, isUnread: false,
            visit: { (directory, entry) throws(SystemError) in try visit(directory, entry.name) }, leave: leave,
            covered: covered, forbidden: nil, unreadable: unreadable)
    }

    /// The same, with what the directories say of their entries. `isUnread`: `root` was opened for this walk, for reading.
    /// `forbidden` gets a directory that may not be entered, and says whether it may now.
    static func walk(
        below root: CInt, isUnread: Bool,
        visit: (_ directory: CInt, _ entry: DirectoryEntry) throws(SystemError) -> Bool,
        leave: (_ directory: CInt, _ name: RawName) throws(SystemError) -> Void,
        covered: ((_ directory: CInt, _ name: RawName) throws(SystemError) -> Void)?,
        forbidden: ((_ directory: CInt, _ name: RawName) -> Bool)?,
        unreadable: (SystemError) throws(SystemError) -> Void = { (error) throws(SystemError) in throw error }
    ) throws(SystemError) {
        func enter(_ name: RawName, _ trail: inout DirectoryTrail) throws(SystemError) {
            if covered == nil {
                try trail.enter(name)
            } else {
                try trail.enter(name, try openDirectory(raw: name, onMountOf: trail.current))
            }
        }
        var trail = DirectoryTrail(root: root)
        do throws(SystemError) {
            // What is still to be visited in each directory on the way.
            var listings = [DirectoryListing()]
            do throws(SystemError) {
                listings[0] = isUnread ? try DirectoryListing(root) : try listing(of: root)
            } catch { try unreadable(error) }
            while true {
                let listing = listings[listings.count - 1]
                guard let entry = listing.next() else {
                    listings.removeLast()
                    if listings.isEmpty { return }
                    let own = trail.name
                    try trail.leave()
                    try leave(trail.current, own)
                    continue
                }
                guard try visit(trail.current, entry) else { continue }
                do throws(SystemError) {
                    do throws(SystemError) { try enter(entry.name, &trail) } catch {
                        guard error.errno == .access, let forbidden, forbidden(trail.current, entry.name) else {
                            throw error
                        }
                        try enter(entry.name, &trail)
                    }
                } catch {
                    if let covered, error.errno == .crossDevice {
                        try covered(trail.current, entry.name)
                        listing.goBack()
                        continue
                    }
                    let isGone = error.errno == .noEntry || error.errno == .notDirectory || error.errno == .loop
                    if !isGone { try unreadable(error) }
                    continue
                }
                listings.append(DirectoryListing())
                do throws(SystemError) { listings[listings.count - 1] = try DirectoryListing(trail.current) } catch {
                    try unreadable(error)
                }
            }
        } catch {
            // The name is the object already where the call was about it.
            guard trail.depth > 0 else { throw error }
            let way = trail.path.abbreviated
            throw SystemError(error.call, error.object.map { way + "/" + $0 } ?? way, error.errno)
        }
    }

    // By a descriptor of its own, which begins with the first name.
    private static func listing(of directory: CInt) throws(SystemError) -> DirectoryListing {
        let folder = try FileDescriptor.open(".", in: directory, O_RDONLY | O_DIRECTORY)
        return try DirectoryListing(folder.rawValue)
    }
}
