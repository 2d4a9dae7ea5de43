import Glibc

/// A directory that belongs to one user and whose names nobody else can change: the only kind that is trusted outside of
/// a home directory, where anybody may have made it first (/tmp).
package enum PrivateDirectory {
    /// Why a directory is not trusted; each description is a part of a sentence that has named the directory.
    package enum Refusal: Error, Sendable, CustomStringConvertible {
        /// Something else has the name; a symbolic link too, unless links are followed.
        case notDirectory
        case foreign(owner: UInt32, user: UInt32)
        case writable(path: String)
        case failed(SystemError)

        package var description: String {
            switch self {
            case .notDirectory: "it is not a directory"
            case .foreign(let owner, let user): "it belongs to uid \(owner) and not to uid \(user), who runs apus"
            case .writable(let path): "other users may write to it: 'chmod go-w \(path)' forbids that"
            case .failed(let error): error.description
            }
        }

        /// Whether there is no such directory.
        package var isMissing: Bool {
            if case .failed(let error) = self { error.errno == .noEntry } else { false }
        }
    }

    /// Opens the directory at `path` as a place in the file tree (O_PATH), and looks at what was opened: `user` must own
    /// it, and nobody else have one of the permission bits `forbidden`. A final symbolic link is followed only if
    /// `following`. Throws `Refusal`.
    package static func open(
        _ path: String, user: UInt32 = geteuid(), following: Bool = false, forbidden: FileMode = 0o022
    ) throws(Refusal) -> FileDescriptor {
        let flags = FileDescriptor.pathOnly | O_DIRECTORY | (following ? 0 : O_NOFOLLOW)
        let folder = try refusing { () throws(SystemError) in try FileDescriptor.open(path, flags) }
        let status = try refusing { () throws(SystemError) in try Files.status(of: folder.rawValue) }
        guard status.user == user else { throw .foreign(owner: status.user, user: user) }
        guard status.permissions & forbidden == 0 else { throw .writable(path: path) }
        return folder
    }

    private static func refusing<T: ~Copyable>(_ body: () throws(SystemError) -> T) throws(Refusal) -> T {
        do throws(SystemError) { return try body() } catch {
            throw error.errno == .notDirectory || error.errno == .loop ? .notDirectory : .failed(error)
        }
    }

    /// As `open`, and makes the directory and its missing parents, mode 0700, before.
    package static func make(_ path: String) throws(Refusal) -> FileDescriptor {
        do throws(SystemError) { try Files.makeDirectory(path, mode: 0o700) } catch {
            switch error.errno {
            case .exists: break
            case .noEntry:
                do throws(SystemError) { try Files.makeDirectories(path, mode: 0o700) } catch { throw .failed(error) }
            default: throw .failed(error)
            }
        }
        return try open(path)
    }

    /// Whether `open` would open it.
    package static func isTrusted(_ path: String, user: UInt32 = geteuid(), following: Bool = false) -> Bool {
        do throws(Refusal) {
            _ = try open(path, user: user, following: following)
            return true
        } catch { return false }
    }
}
