package import Errors
import Glibc
import Linux
import OCI
package import Runtime
package import Store

extension OwnIDMap {
    /// The map of the container's own user namespace; nil where it has none. With `auto`, its range is taken for as
    /// long as the container exists: no other gets one that overlaps. Throws `OptionError`.
    ///
    /// `layers` are the directories of the image's layers, the lowest first.
    package static func claim(
        _ options: RunOptions, container: String, layers: [String], in paths: StorePaths
    ) throws(OptionError) -> IDMap? {
        guard options.usernsMode.isOwn else { return nil }
        let (mode, map) = UserNamespace.plan()
        var caller = OwnIDMap.Caller(mode: mode, user: geteuid(), group: getegid(), map: map)
        if mode == .host {
            do throws(SystemError) { caller.map = try IDMap.ofOwnNamespace() } catch {
                throw OptionError("cannot read which ids there are: \(error)", .system)
            }
        }
        return try claim(options, &caller, container: container, layers: layers, in: paths).split(along: caller.map)
    }

    private static func claim(
        _ options: RunOptions, _ caller: inout OwnIDMap.Caller, container: String, layers: [String],
        in paths: StorePaths
    ) throws(OptionError) -> IDMap {
        guard case .auto(let size) = options.usernsMode else {
            return try OwnIDMap.fixed(options.usernsMode, caller)
        }
        if caller.mode == .host { caller.rootRanges = Self.rootRanges() }
        let pool = try OwnIDMap.pool(options.usernsMode, caller)
        // Its files belong to them since it was started for the first time.
        if let range = try Self.range(of: "\(paths.containers)/\(container)") { return Self.map(range) }
        let wanted = size ?? Self.size(of: layers, user: options.user)
        return try takeRange(
            wanted, of: pool, options.usernsMode, container, paths, isDurable: !options.autoRemove)
    }

    // Only what both files have: users and groups get the same numbers.
    private static func rootRanges() -> [SubordinateRange] {
        func ranges(_ file: String) -> [SubordinateRange] {
            guard let content = try? Files.read(file, limit: 16 << 20) else { return [] }
            return SubordinateRange.ranges(in: content, name: "containers", uid: .max)
        }
        let groups = ranges("/etc/subgid")
        return ranges("/etc/subuid").filter(groups.contains)
    }

    /// By the topmost of the image's files of accounts.
    private static func size(of layers: [String], user: String?) -> UInt32 {
        func read(_ path: String) -> [UInt8] {
            for layer in layers.reversed() {
                guard let folder = try? FileDescriptor.open(layer, FileDescriptor.pathOnly | O_DIRECTORY) else {
                    continue
                }
                let root = RootDirectory(folder)
                guard (try? root.open(path).status().isRegular) == true else { continue }
                return (try? root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY).readAll(limit: 16 << 20)) ?? []
            }
            return []
        }
        let number = user.flatMap { UInt32($0.prefix { $0 != ":" }) } ?? 0
        return OwnIDMap.size(passwd: read("etc/passwd"), group: read("etc/group"), user: min(number, 65535))
    }

    private static func takeRange(
        _ size: UInt32, of pool: [SubordinateRange], _ mode: UserNamespaceMode, _ container: String,
        _ paths: StorePaths,
        isDurable: Bool
    ) throws(OptionError) -> IDMap {
        func failed(_ error: SystemError) -> OptionError {
            OptionError("--userns=\(mode.option): cannot take ids for the container: \(error)", .system)
        }
        func takeLock() throws(OptionError) -> FileLock {
            do throws(SystemError) { return try FileLock("\(paths.run)/userns-auto.lock") } catch {
                throw failed(error)
            }
        }
        let lock = try takeLock()
        defer { lock.descriptor.unlock() }
        let names: [String]
        do throws(SystemError) { names = try Files.list(paths.containers) } catch { throw failed(error) }
        var taken: [SubordinateRange] = []
        for name in names where name != container && ContainerStore.isID(name) {
            if let range = try Self.range(of: "\(paths.containers)/\(name)") { taken.append(range) }
        }
        guard let first = OwnIDMap.free(size, in: pool, taken: taken) else {
            let all = pool.map { UInt64($0.count) }.reduce(0, +)
            throw OptionError(
                "--userns=\(mode.option): no \(size) ids in a row are free of the \(all) that there are; remove "
                    + "containers that were made with it, or ask for fewer with --userns=auto:size=")
        }
        do throws(SystemError) {
            try Files.replace(
                Self.rangePath("\(paths.containers)/\(container)"), with: Array("\(first) \(size)\n".utf8), mode: 0o600,
                durable: isDurable)
        } catch { throw failed(error) }
        return Self.map(SubordinateRange(first: first, count: size))
    }

    private static func map(_ range: SubordinateRange) -> IDMap {
        let mappings = [RuntimeSpec.IDMapping(containerID: 0, hostID: range.first, size: range.count)]
        return IDMap(users: mappings, groups: mappings)
    }

    private static func rangePath(_ directory: String) -> String { "\(directory)/ids" }

    // nil for a container without one. Throws for one that cannot be read: another container would get the same ids.
    private static func range(of directory: String) throws(OptionError) -> SubordinateRange? {
        let path = rangePath(directory)
        let text: String
        do throws(SystemError) { text = try Files.readText(path, limit: 64) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw OptionError("--userns=auto: cannot read which ids another container has: \(error)")
        }
        let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { UInt32($0) }
        guard numbers.count == 2 else {
            throw OptionError("--userns=auto: \(path) does not say which ids its container has: remove that container")
        }
        return SubordinateRange(first: numbers[0], count: numbers[1])
    }
}
