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
        var trail = DirectoryTrail(root: root)
        do throws(SystemError) {
            // What is still to be visited in each directory on the way.
            var names: [[RawName]] = [[]]
            do throws(SystemError) { names[0] = try rawNames(of: root) } catch { try unreadable(error) }
            while true {
                guard let name = names[names.count - 1].popLast() else {
                    names.removeLast()
                    if names.isEmpty { return }
                    let own = trail.name
                    try trail.leave()
                    try leave(trail.current, own)
                    continue
                }
                guard try visit(trail.current, name) else { continue }
                do throws(SystemError) {
                    if covered == nil {
                        try trail.enter(name)
                    } else {
                        try trail.enter(name, try openDirectory(raw: name, onMountOf: trail.current))
                    }
                } catch {
                    if let covered, error.errno == .crossDevice {
                        try covered(trail.current, name)
                        names[names.count - 1].append(name)
                        continue
                    }
                    let isGone = error.errno == .noEntry || error.errno == .notDirectory || error.errno == .loop
                    if !isGone { try unreadable(error) }
                    continue
                }
                names.append([])
                do throws(SystemError) { names[names.count - 1] = try rawNames(of: trail.current) } catch {
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
}
