/// A name under which a verb can be called.
struct Placement: Sendable {
    enum Prominence: Sendable { case common, normal, hidden }

    /// "container" in `apus container ls`; nil for `apus ps`.
    let noun: String?
    let name: String
    let aliases: [String]
    let prominence: Prominence
    /// Makes the verb's value; nothing of a verb is set up before it is called.
    let verb: @Sendable () -> Verb

    init(
        _ noun: String?, _ name: String, aliases: [String] = [], _ prominence: Prominence = .normal,
        _ verb: @escaping @Sendable () -> Verb
    ) {
        self.noun = noun
        self.name = name
        self.aliases = aliases
        self.prominence = prominence
        self.verb = verb
    }
}

/// A word that groups verbs: `apus container …`.
struct Noun: Sendable {
    let name: String
    let summary: String
    /// Verbs of Docker's that are not there, and why.
    var refused: [(name: String, why: String)] = []
}

/// All commands. One line per name, in the order of Docker's help.
enum CommandTable {
    static let nouns = [
        Noun(name: "builder", summary: "Manage builds"),
        Noun(
            name: "buildx", summary: "Manage builds, by the names of Docker's plugin",
            refused: [
                ("bake", "files of several builds are not read; give each to \(Context.program) build"),
                ("create", builderIsOwn), ("dial-stdio", "there is no BuildKit to connect to"),
                ("history", "no records of builds are kept"),
                ("imagetools", "indexes of images in registries are not made"), ("rm", builderIsOwn),
                ("stop", builderIsOwn), ("use", builderIsOwn),
            ]),
        Noun(name: "container", summary: "Manage containers"),
        Noun(name: "image", summary: "Manage images"),
        Noun(name: "manifest", summary: "Manage lists of images for several platforms"),
        Noun(name: "network", summary: "Manage networks"),
        Noun(name: "registry", summary: "Manage what registries have"),
        Noun(name: "system", summary: "Manage apus"),
        Noun(name: "volume", summary: "Manage volumes"),
    ]

    private static let builderIsOwn =
        "there is one builder, \(Context.program) itself, which needs no set-up: leave the command out"

    static let placements: [Placement] = [
        Placement(nil, "run", .common) { .run },
        Placement(nil, "exec", .common) { .exec },
        Placement(nil, "ps", .common) { .containerList },
        Placement(nil, "build", .common) { .build },
        Placement(nil, "pull", .common) { .pull },
        Placement(nil, "push", .common) { .push },
        Placement(nil, "images", .common) { .imageList },
        Placement(nil, "login", .common) { .login },
        Placement(nil, "logout", .common) { .logout },
        Placement(nil, "search", .common) { .search },
        Placement(nil, "version", .common) { .version },
        Placement(nil, "info", .common) { .info },
        Placement(nil, "attach") { .attach },
        Placement(nil, "commit") { .commit },
        Placement(nil, "completion") { .completion },
        Placement(nil, "cp") { .copy },
        Placement(nil, "create") { .create },
        Placement(nil, "diff") { .diff },
        Placement(nil, "events") { .events },
        Placement(nil, "export") { .export },
        Placement(nil, "history") { .history },
        Placement(nil, "import") { .imageImport },
        Placement(nil, "inspect") { .inspect },
        Placement(nil, "kill") { .kill },
        Placement(nil, "load") { .imageLoad },
        Placement(nil, "logs") { .logs },
        Placement(nil, "oci") { .oci },
        Placement(nil, "pause") { .pause },
        Placement(nil, "port") { .port },
        Placement(nil, "rename") { .rename },
        Placement(nil, "restart") { .restart },
        Placement(nil, "rm") { .remove },
        Placement(nil, "rmi") { .imageRemove },
        Placement(nil, "save") { .imageSave },
        Placement(nil, "start") { .start },
        Placement(nil, "stats") { .stats },
        Placement(nil, "stop") { .stop },
        Placement(nil, "tag") { .imageTag },
        Placement(nil, "top") { .top },
        Placement(nil, "unpause") { .unpause },
        Placement(nil, "unshare") { .unshare },
        Placement(nil, "update") { .containerUpdate },
        Placement(nil, "wait") { .wait },
        Placement(nil, "help", .hidden) { .help },
        Placement(nil, "__complete", .hidden) { .complete },
        Placement(nil, "__flags", .hidden) { .flagTable },
        Placement(nil, "__man", .hidden) { .manualPages },

        Placement("builder", "build") { .build },
        Placement("builder", "du") { .builderDiskUsage },
        Placement("builder", "prune") { .builderPrune },
        Placement("buildx", "build", aliases: ["b"]) { .build },
        Placement("buildx", "du") { .builderDiskUsage },
        Placement("buildx", "inspect") { .buildxInspect },
        Placement("buildx", "ls") { .buildxList },
        Placement("buildx", "prune") { .builderPrune },
        Placement("buildx", "version") { .buildxVersion },
        Placement("container", "attach") { .attach },
        Placement("container", "commit") { .commit },
        Placement("container", "cp") { .copy },
        Placement("container", "create") { .create },
        Placement("container", "exec") { .exec },
        Placement("container", "diff") { .diff },
        Placement("container", "export") { .export },
        Placement("container", "inspect") { .containerInspect },
        Placement("container", "kill") { .kill },
        Placement("container", "logs") { .logs },
        Placement("container", "ls", aliases: ["list", "ps"]) { .containerList },
        Placement("container", "pause") { .pause },
        Placement("container", "port") { .port },
        Placement("container", "prune") { .containerPrune },
        Placement("container", "rename") { .rename },
        Placement("container", "restart") { .restart },
        Placement("container", "rm", aliases: ["remove"]) { .remove },
        Placement("container", "run") { .run },
        Placement("container", "start") { .start },
        Placement("container", "stats") { .stats },
        Placement("container", "stop") { .stop },
        Placement("container", "top") { .top },
        Placement("container", "unpause") { .unpause },
        Placement("container", "update") { .containerUpdate },
        Placement("container", "wait") { .wait },
        Placement("image", "build") { .build },
        Placement("image", "history") { .history },
        Placement("image", "import") { .imageImport },
        Placement("image", "inspect") { .imageInspect },
        Placement("image", "load") { .imageLoad },
        Placement("image", "ls", aliases: ["list"]) { .imageList },
        Placement("image", "mount") { .imageMount },
        Placement("image", "prune") { .imagePrune },
        Placement("image", "pull") { .pull },
        Placement("image", "push") { .push },
        Placement("image", "rm", aliases: ["remove"]) { .imageRemove },
        Placement("image", "save") { .imageSave },
        Placement("image", "tag") { .imageTag },
        Placement("image", "tree") { .imageTree },
        Placement("image", "unmount", aliases: ["umount"]) { .imageUnmount },
        Placement("manifest", "add") { .manifestAdd },
        Placement("manifest", "annotate") { .manifestAnnotate },
        Placement("manifest", "create") { .manifestCreate },
        Placement("manifest", "exists") { .manifestExists },
        Placement("manifest", "inspect") { .manifestInspect },
        Placement("manifest", "push") { .manifestPush },
        Placement("manifest", "remove") { .manifestTake },
        Placement("manifest", "rm") { .manifestRemove },
        Placement("network", "connect") { .networkConnect },
        Placement("network", "create") { .networkCreate },
        Placement("network", "disconnect") { .networkDisconnect },
        Placement("network", "inspect") { .networkInspect },
        Placement("network", "ls", aliases: ["list"]) { .networkList },
        Placement("network", "prune") { .networkPrune },
        Placement("network", "rm", aliases: ["remove"]) { .networkRemove },
        Placement("registry", "referrers") { .registryReferrers },
        Placement("registry", "rm", aliases: ["remove"]) { .registryRemove },
        Placement("registry", "tags", aliases: ["ls", "list"]) { .registryTags },
        Placement("system", "check") { .systemCheck },
        Placement("system", "df") { .diskUsage },
        Placement("system", "disable") { .systemDisable },
        Placement("system", "doctor") { .doctor },
        Placement("system", "enable") { .systemEnable },
        Placement("system", "events") { .events },
        Placement("system", "info") { .info },
        Placement("system", "prune") { .systemPrune },
        Placement("system", "start-containers", .hidden) { .startContainers },
        Placement("volume", "create") { .volumeCreate },
        Placement("volume", "exists") { .volumeExists },
        Placement("volume", "export") { .volumeExport },
        Placement("volume", "import") { .volumeImport },
        Placement("volume", "inspect") { .volumeInspect },
        Placement("volume", "ls", aliases: ["list"]) { .volumeList },
        Placement("volume", "prune") { .volumePrune },
        Placement("volume", "rm", aliases: ["remove"]) { .volumeRemove },
        Placement("volume", "update") { .volumeUpdate },
    ]

    /// The place of the verb `name` below `noun`; nil when there is none.
    static func find(_ noun: String?, _ name: String) -> Placement? {
        placements.first { $0.noun == noun && ($0.name == name || $0.aliases.contains(name)) }
    }

    /// All full names of the verb `id` ("apus container ls", "apus ps"), management forms first.
    static func names(of id: String) -> [String] {
        let places = placements.filter { $0.prominence != .hidden && $0.verb().id == id }
        let ordered = places.filter { $0.noun != nil } + places.filter { $0.noun == nil }
        return ordered.flatMap { place in
            ([place.name] + place.aliases).map { fullName(place.noun, $0) }
        }
    }

    /// "apus container ls".
    static func fullName(_ noun: String?, _ name: String) -> String {
        noun.map { "\(Context.program) \($0) \(name)" } ?? "\(Context.program) \(name)"
    }
}
