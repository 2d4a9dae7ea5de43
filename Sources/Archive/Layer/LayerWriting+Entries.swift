import Glibc
import Linux

extension LayerWriting {
    /// Writes what is at `entry` in the last level, or goes into it.
    func add(_ entry: Entry) throws(ArchiveError) {
        let level = levels[levels.count - 1]
        if entry.isGone {
            // A whiteout among the layers shows nothing either.
            if try needsWhiteout(entry.name, level) { try addWhiteout(entry.name) }
            return
        }
        let source = level.sources[entry.source]
        let status = try reading(entry.name) { () throws(SystemError) in
            try Files.status(raw: entry.name, in: source.current)
        }
        // It went away meanwhile.
        guard let status else { return }
        if status.isWhiteout, options.form != .difference, options.form != .plain {
            if isSquashed {
                try addWhiteout(entry.name)
            } else if !isMerged, try needsWhiteout(entry.name, level) {
                try addWhiteout(entry.name)
            }
            return
        }
        let old = isMerged || options.writesAll ? nil : try below(entry.name, level)
        if status.isDirectory {
            _ = try enter(entry.name, from: entry.source, old: old?.status)
            return
        }
        if !isMerged {
            if isMountPlace(Array(path(of: entry.name).dropLast())), status.isRegular, status.size == 0 {
                levels[levels.count - 1].hasMountPlaces = true
                return
            }
            if options.form == .difference, let old, try isSame(entry.name, source, status, old) { return }
        }
        if status.isSocket {
            report.skippedSockets += 1
            if old != nil { try addWhiteout(entry.name) }
            return
        }
        try addFile(entry.name, source, status)
    }

    private func needsWhiteout(_ name: RawName, _ level: Level) throws(ArchiveError) -> Bool {
        if options.writesAll { return true }
        return try below(name, level) != nil
    }

    /// Writes the directories on the way that the archive does not have yet.
    func writePending() throws(ArchiveError) {
        for place in levels.indices where !levels[place].isWritten {
            // Of a layer's root there is something to say only where it is another than that of the layers below, as with Docker.
            let isLayer = options.form == .upper || options.form == .difference || isSquashed
            if place == 0, isLayer, !levels[0].differs { continue }
            levels[place].isWritten = true
            try write(levels[place].header)
        }
    }

    /// Writes an empty file that says something of what is below (image-spec, layer.md, Whiteouts). The same whenever it is
    /// written: when something went away is known nowhere.
    func addMark(_ name: String) throws(ArchiveError) { try addMark(RawName(name)) }

    private func addMark(_ name: RawName) throws(ArchiveError) {
        let start = FileTime(seconds: 0, nanoseconds: 0)
        try write(TarEntry(name: path(of: name), .regular, mode: 0, modification: start))
    }

    private func addWhiteout(_ name: RawName) throws(ArchiveError) {
        try refuseMarks(name)
        try writePending()
        try addMark(RawName(".wh.").dropLast() + name)
    }

    // A file of this name would take another away when the layer is unpacked.
    private func refuseMarks(_ name: RawName) throws(ArchiveError) {
        guard !isMerged || isSquashed, name.starts(with: RawName(".wh.").dropLast()) else { return }
        throw .badEntry(
            path(of: name).abbreviated, "a layer takes a name that begins with \".wh.\" for one that was removed")
    }

    private func write(_ entry: TarEntry) throws(ArchiveError) {
        report.entries += 1
        try writer.add(entry)
    }

    // MARK: - Files

    private func addFile(_ name: RawName, _ source: Source, _ status: FileStatus) throws(ArchiveError) {
        try refuseMarks(name)
        let whole = path(of: name)
        if status.linkCount > 1, let first = links[status.identity] {
            try writePending()
            var entry = header(whole, .hardLink(target: first), status, source)
            if let kept = try reading(name, { () throws(SystemError) in try kept(name, source, status) }) {
                entry.apply(kept)
            }
            return try write(entry)
        }
        var entry = header(whole, .regular, status, source)
        switch status.type {
        case S_IFREG: return try addContent(name, source)
        case S_IFLNK:
            // A link has none that an archive takes.
            guard let target = try linkTarget(name, source) else { return }
            entry.kind = .symbolicLink(target: target)
        case S_IFIFO: entry.kind = .fifo
        case S_IFCHR: entry.kind = .characterDevice(status.device)
        case S_IFBLK: entry.kind = .blockDevice(status.device)
        default: return
        }
        if !status.isSymbolicLink {
            entry.attributes = try reading(name) { () throws(SystemError) in
                try attributes(source, of: name, in: source.current)
            }
        }
        try writePending()
        try write(entry)
        if status.linkCount > 1 { links[status.identity] = whole }
    }

    // nil where it is gone, or no link any more.
    private func linkTarget(_ name: RawName, _ source: Source) throws(ArchiveError) -> RawName? {
        try reading(name) { () throws(SystemError) -> RawName? in
            do throws(SystemError) { return try Files.readLink(raw: name, in: source.current) } catch {
                if error.errno == .noEntry || error.errno == .invalid { return nil }
                throw error
            }
        }
    }

    private func addContent(_ name: RawName, _ source: Source) throws(ArchiveError) {
        guard let file = try open(name, source) else { return }
        let whole = path(of: name)
        let status = try reading(name) { () throws(SystemError) in try file.status() }
        guard status.isRegular else { return }
        var entry = header(whole, .regular, status, source)
        entry.size = status.size
        if let kept = try reading(name, { () throws(SystemError) in try kept(file.rawValue) }) { entry.apply(kept) }
        entry.attributes = try reading(name) { () throws(SystemError) in
            try attributes(source, of: file.rawValue)
        }
        try writePending()
        if entry.kind == .regular { report.contentSize += Int64(entry.size) }
        if entry.kind != .regular {
            entry.size = 0
            try write(entry)
            if status.linkCount > 1 { links[status.identity] = whole }
            return
        }
        report.entries += 1
        do throws(ArchiveError) {
            // Where holes are depends on the file system, and so would the layer's digest.
            try writer.add(entry, from: file, keepsHoles: false, padsShortFiles: true)
        } catch {
            guard case .unreadable(let cause) = error else { throw error }
            throw .unreadableEntry(whole.abbreviated, cause)
        }
        if status.linkCount > 1 { links[status.identity] = whole }
    }

    // nil where it is gone.
    private func open(_ name: RawName, _ source: Source) throws(ArchiveError) -> FileDescriptor? {
        do throws(SystemError) {
            // What has taken the file's place meanwhile may be a FIFO.
            return try Files.open(raw: name, in: source.current, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            switch error.errno {
            case .noEntry, .loop, Errno(ENXIO): return nil
            default: throw .unreadableEntry(path(of: name).abbreviated, error)
            }
        }
    }

    /// What the archive is to say of a file with `status`, but for its size and attributes.
    func header(_ name: RawName, _ kind: TarEntry.Kind, _ status: FileStatus, _ source: Source) -> TarEntry {
        let owner = source.owner(status)
        return TarEntry(
            name: name, kind, mode: status.permissions, user: owner.user, group: owner.group,
            modification: status.modificationTime)
    }
}

extension LayerWriting.Source {
    /// The owner of a file with `status` in the archive: what is kept beside it, if anything is.
    func owner(_ status: FileStatus, _ kept: KeptOwner? = nil) -> (user: UInt32, group: UInt32) {
        if let kept { return (kept.user, kept.group) }
        guard let owners else { return (status.user, status.group) }
        // The kernel's number for who has none (/proc/sys/kernel/overflowuid).
        return (owners.user(status.user) ?? 65534, owners.group(status.group) ?? 65534)
    }
}
