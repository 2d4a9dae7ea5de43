import Errors
import Glibc
import Linux
import Trees

/// The caller's side of a copy: paths on the machine, looked at with the caller's own rights.
enum LocalPath {
    /// The path from the root, with the end that `path` has.
    static func absolute(_ path: [UInt8]) throws(EngineError) -> [UInt8] {
        if CopyPath.isAbsolute(path) { return CopyPath.keepingEnd(CopyPath.clean(path), of: path) }
        guard let text = getcwd(nil, 0) else { throw EngineError("getwd: \(Errno.current)") }
        defer { free(text) }
        let here = UnsafeBufferPointer(start: text, count: strlen(text)).map(UInt8.init(bitPattern:))
        return CopyPath.keepingEnd(CopyPath.join(here, path), of: path)
    }

    /// nil where there is nothing.
    static func status(_ path: [UInt8], following: Bool = false) throws(EngineError) -> FileStatus? {
        do throws(SystemError) {
            return try Files.status(raw(path), following: following)
        } catch {
            if error.errno == .noEntry { return nil }
            throw EngineError("\(following ? "" : "l")stat \(CopyPath.text(path)): \(error.errno)")
        }
    }

    /// What is to be copied. Throws in Docker's words where it is not there.
    static func source(_ path: [UInt8], follows: Bool) throws(EngineError) -> CopyEnd {
        var end: CopyEnd
        if follows {
            let (resolved, name) = CopyPath.following(path, to: try resolve(path))
            end = CopyEnd(path: resolved, name: name)
        } else {
            let split = path.lastIndex(of: 47).map { path.index(after: $0) } ?? path.startIndex
            let resolved = try resolve(Array(path[..<split])) + [47] + Array(path[split...])
            end = CopyEnd(path: resolved)
            if CopyPath.endsInSlash(path), CopyPath.base(path) != CopyPath.base(resolved) {
                end.name = CopyPath.base(path)
            }
        }
        guard let status = try status(end.path) else {
            throw EngineError("lstat \(CopyPath.text(end.path)): \(Errno.noEntry)", .notFound)
        }
        end.exists = true
        end.isDirectory = status.isDirectory
        return end
    }

    /// Where a copy goes: links are followed to what they lead to, which need not be there. Throws in Docker's words.
    static func destination(_ path: [UInt8]) throws(EngineError) -> CopyEnd {
        var end = CopyEnd(path: path)
        for _ in 0..<12 {
            guard let status = try status(end.path) else {
                let parent = CopyPath.split(end.path).directory
                guard let folder = try Self.status(parent, following: true) else {
                    throw EngineError("stat \(CopyPath.text(parent)): \(Errno.noEntry)", .notFound)
                }
                guard folder.isDirectory else { throw EngineError("not a directory", .invalid) }
                return end
            }
            guard status.isSymbolicLink else {
                end.exists = true
                end.isDirectory = status.isDirectory
                return end
            }
            do throws(SystemError) {
                end.path = CopyPath.target(try Files.readLink(raw: raw(end.path), in: AT_FDCWD).bytes, ofLink: end.path)
            } catch { throw EngineError("readlink \(CopyPath.text(end.path)): \(error.errno)") }
        }
        throw EngineError("too many symlinks in \(CopyPath.text(path))", .invalid)
    }

    /// Refuses what nothing can be copied to, before the container is asked for anything.
    static func checkOutput(_ path: [UInt8]) throws(EngineError) {
        let parent = CopyPath.directory(CopyPath.clean(path))
        if try status(parent, following: true) == nil {
            throw EngineError("invalid output path: directory \"\(CopyPath.text(parent))\" does not exist", .notFound)
        }
        guard let status = try status(path, following: true), !status.isDirectory, !status.isRegular,
            let reason = refusedDestination(FileMode(status.raw.st_mode))
        else { return }
        throw EngineError(
            "invalid output path: \"\(CopyPath.text(path))\" must be a directory or a regular file: \(reason)", .invalid
        )
    }

    static func raw(_ path: [UInt8]) -> RawName { path.map(CChar.init(bitPattern:)) + [0] }

    /// The path without links and dots. Everything in it must be there.
    private static func resolve(_ path: [UInt8]) throws(EngineError) -> [UInt8] {
        var place: [UInt8] = []
        var pending: [[UInt8]] = path.split(separator: 47).reversed().map(Array.init)
        var links = 0
        var isDirectory = true
        while let name = pending.popLast() {
            guard isDirectory else { throw EngineError("not a directory", .invalid) }
            if name == [46] { continue }
            if name == [46, 46] {
                place = CopyPath.directory(place + [47])
                place = CopyPath.directory(place)
                if place == [47] { place = [] }
                continue
            }
            let next = place + [47] + name
            guard let status = try status(next) else {
                throw EngineError("lstat \(CopyPath.text(next)): \(Errno.noEntry)", .notFound)
            }
            guard status.isSymbolicLink else {
                place = next
                isDirectory = status.isDirectory
                continue
            }
            links += 1
            if links > 255 { throw EngineError("EvalSymlinks: too many links", .invalid) }
            let target: [UInt8]
            do throws(SystemError) { target = try Files.readLink(raw: raw(next), in: AT_FDCWD).bytes } catch {
                throw EngineError("readlink \(CopyPath.text(next)): \(error.errno)")
            }
            if CopyPath.isAbsolute(target) { place = [] }
            pending += target.split(separator: 47).reversed().map(Array.init)
        }
        guard isDirectory || !CopyPath.assertsDirectory(path) else { throw EngineError("not a directory", .invalid) }
        return place.isEmpty ? [47] : place
    }
}
