import Bytes
import ContainerSpec
import Dockerfile
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store
import Supervision

/// What `RUN --mount` asks for, as the container's supervisor takes it; and what it takes of this process while that runs: locks of
/// caches, and threads that pass on what agents are asked. One thread uses it.
final class PreparedMounts {
    private let step: RunStep
    private let tools: BuildTools
    /// The container's, for what goes with it.
    private let directory: String
    private let runDirectory: String

    /// What is mounted where.
    private(set) var mounts: [BuildMount] = []
    /// The same, and file systems in memory, as options of a container.
    private(set) var options: [MountOption] = []
    /// Variables that come of mounts.
    private(set) var environment: [String] = []
    private var owned: [CInt] = []
    private var agents: [AgentForwarding] = []
    private var ownAgents: [OwnAgent] = []

    init(_ step: RunStep, in directory: String, runDirectory: String, _ tools: BuildTools) {
        self.step = step
        self.tools = tools
        self.directory = directory
        self.runDirectory = runDirectory
    }

    /// What the supervisor gets: sockets that it gives names, and locks that last as long as it does.
    var descriptors: [CInt] { owned }

    /// Where anything is mounted.
    var targets: [String] { options.map(\.destination) }

    /// Does all that is done before there is a container. Throws BuildKit's sentences for what is required and not there; what is
    /// taken by then goes with `finish`.
    func prepare() throws(EngineError) {
        if case .script(let name, let content) = step.instruction.program {
            add(
                RunStep.script(name), isReadOnly: true,
                .file(content, BuildFileOwner(user: 0, group: 0, mode: 0o755)))
        }
        var sockets = 0
        for (place, mount) in step.mounts.enumerated() {
            try tools.checkCancellation()
            switch mount.kind {
            case .bind: try addBind(mount, source(place))
            case .cache:
                try addCache(mount, source(place), place < step.sourceKeys.count ? step.sourceKeys[place] : nil)
            case .tmpfs: addMemory(mount)
            case .secret: try addSecret(mount)
            case .ssh:
                try addAgent(mount, number: sockets)
                sockets += 1
            }
        }
    }

    /// The container's process runs.
    func serve() { for agent in agents { agent.begin() } }

    /// No process of the container is left.
    func finish() {
        for agent in agents { agent.end() }
        agents = []
        for agent in ownAgents { agent.end() }
        ownAgents = []
        for descriptor in owned { close(descriptor) }
        owned = []
    }

    deinit { finish() }

    private func source(_ place: Int) -> FileSource? { place < step.sources.count ? step.sources[place] : nil }

    /// Relative ones are below the working directory.
    private func absolute(_ target: String) -> String {
        cleanPath(target.begins(with: "/") ? target : "\(step.workingDirectory)/\(target)")
    }

    private func add(_ destination: String, isReadOnly: Bool, _ source: BuildMount.Source) {
        mounts.removeAll { $0.destination.isSame(as: destination) }
        mounts.append(BuildMount(destination: destination, isReadOnly: isReadOnly, source: source))
        var option = MountOption(destination: destination, kind: .image(MountOption.Image(source: "build")))
        option.readOnly = isReadOnly
        add(option)
    }

    // Of two at one place the later one covers the other.
    private func add(_ option: MountOption) {
        options.removeAll { $0.destination.isSame(as: option.destination) }
        options.append(option)
    }

    // MARK: files

    private func addBind(_ mount: RunMount, _ source: FileSource?) throws(EngineError) {
        add(
            absolute(mount.target ?? ""), isReadOnly: mount.isReadOnly,
            .layers(try layers(of: source), subpath: Self.subpath(mount.source)))
    }

    private static func subpath(_ path: String?) -> String? {
        guard let path else { return nil }
        let clean = cleanPath("/" + path)
        return clean.isSame(as: "/") ? nil : clean
    }

    private func layers(of source: FileSource?) throws(EngineError) -> [String] {
        switch source {
        case .layers(let list): return list
        case .context(let tree):
            return try ContextView(tree).layers(below: directory + "/contexts", tools.cancellation)
        case nil: return []
        }
    }

    private func addCache(_ mount: RunMount, _ source: FileSource?, _ sourceKey: Digest?) throws(EngineError) {
        let target = absolute(mount.target ?? "")
        let subpath = Self.subpath(mount.source)
        let hasOwnLooks = mount.user != nil || mount.group != nil || mount.mode != nil
        var key = CacheKey(id: mount.id ?? mount.target ?? target)
        var initial: [String]?
        if hasOwnLooks, subpath == nil {
            key.looks = (mount.user ?? 0, mount.group ?? 0, mount.mode ?? 0o755)
        } else if mount.from != nil {
            initial = try layers(of: source)
            key.initial = sourceKey.map { [$0.description] } ?? Self.names(of: source)
            key.initial.append(subpath ?? "/")
        }
        let held = try CacheMounts(tools.paths, executable: tools.executable).acquire(
            key, mount.sharing ?? .shared, tools.cancellation)
        owned.append(held.lock)
        var cache = BuildCacheMount(directory: held.directory)
        cache.initial = initial
        if initial != nil { cache.initialPath = subpath ?? "/" } else { cache.subpath = subpath }
        cache.owner = BuildFileOwner(
            user: mount.user ?? 0, group: mount.group ?? 0, mode: (mount.mode ?? 0o755) & 0o7777)
        add(target, isReadOnly: mount.isReadOnly, .cache(cache))
    }

    private static func names(of source: FileSource?) -> [String] {
        switch source {
        case .layers(let list): list.map { Files.split($0).name }
        case .context(let tree): [tree.directory]
        case nil: []
        }
    }

    private func addMemory(_ mount: RunMount) {
        var memory = MountOption.Tmpfs()
        memory.options = ["exec", "dev"]
        if let size = mount.size, size > 0 { memory.options.append("size=\(size)") }
        var option = MountOption(destination: absolute(mount.target ?? ""), kind: .tmpfs(memory))
        option.readOnly = mount.isReadOnly
        mounts.removeAll { $0.destination.isSame(as: option.destination) }
        add(option)
    }

    // MARK: secrets

    /// BuildKit's limit of a secret in bytes.
    private static let largestSecret = 500 << 10

    private func addSecret(_ mount: RunMount) throws(EngineError) {
        let id = mount.source ?? mount.id ?? Self.base(mount.target ?? "")
        guard let secret = step.request.secrets[id] else {
            if mount.isRequired { throw EngineError("secret \(id): not found", .notFound) }
            return
        }
        let content = try Self.content(secret, id)
        if let variable = mount.variable {
            guard let text = String(validating: content, as: UTF8.self), !content.contains(0) else {
                throw EngineError(
                    "secret \(id) cannot be the variable \(variable): it is no text; mount it as a file", .invalid)
            }
            environment.append("\(variable)=\(text)")
            if mount.target == nil { return }
        }
        let owner = BuildFileOwner(
            user: mount.user ?? 0, group: mount.group ?? 0, mode: (mount.mode ?? 0o400) & 0o777)
        let target = absolute(mount.target ?? "/run/secrets/" + Self.base(id))
        guard !target.isSame(as: "/") else { throw EngineError("invalid mount target \"/\"", .invalid) }
        add(target, isReadOnly: true, .file(content, owner))
    }

    private static func content(_ secret: BuildSecret, _ id: String) throws(EngineError) -> [UInt8] {
        let content: [UInt8]
        switch secret {
        case .value(let bytes): content = bytes
        case .file(let path):
            do throws(SystemError) { content = try Files.readGiven(path, limit: largestSecret + 1) } catch {
                throw EngineError("secret \(id): cannot read \(path): \(error.errno)")
            }
        }
        guard content.count <= largestSecret else {
            throw EngineError("secret \(id) is larger than \(largestSecret) bytes, which is refused", .invalid)
        }
        return content
    }

    private static func base(_ path: String) -> String { Files.split(cleanPath(path)).name }

    // MARK: agents

    private func addAgent(_ mount: RunMount, number: Int) throws(EngineError) {
        let id = mount.id ?? mount.source ?? "default"
        let target = absolute(mount.target ?? "/run/buildkit/ssh_agent.\(number)")
        // Also where there is no agent, as with BuildKit.
        let name = "SSH_AUTH_SOCK="
        if !(step.environment + environment).contains(where: { $0.begins(with: name) }) {
            environment.append(name + target)
        }
        guard let agent = step.request.agents[id] else {
            if mount.isRequired { throw EngineError("unset ssh forward key \(id)", .notFound) }
            return
        }
        let socket: String
        switch agent {
        case .socket(let path): socket = path
        case .keys(let files):
            let own = try OwnAgent(files, in: "\(runDirectory)/agents/\(number)")
            ownAgents.append(own)
            socket = own.socket
        }
        let listener: FileDescriptor
        do throws(SystemError) { listener = try UnixSocket.nameless() } catch { throw EngineError(error) }
        let descriptor = listener.release()
        owned.append(descriptor)
        agents.append(AgentForwarding(listener: descriptor, to: socket))
        let owner = BuildFileOwner(
            user: mount.user ?? 0, group: mount.group ?? 0, mode: (mount.mode ?? 0o600) & 0o777)
        add(
            target, isReadOnly: false,
            .socket(BuildContainer.firstDescriptor + CInt(owned.count - 1), owner))
    }
}
