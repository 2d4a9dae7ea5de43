// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

// The fuzzer's own build (`make fuzz-built`) has of Registry what reads bytes, without the network's libraries: they would be compiled
// once more for it, and take longer than all that is fuzzed.
let registryDependencies: [Target.Dependency] = ["Addresses", "Bytes", "Errors", "Linux", "JSON", "OCI", "Archive"]
let registryReaders = [
    "AuthChallenge.swift", "Configuration", "Credential.swift", "CredentialHelper.swift", "CredentialStore.swift",
    "Credentials/CredentialFile.swift", "Credentials/LoginServer.swift", "Credentials/Secret.swift",
    "Credentials/TokenServer.swift", "Endpoint.swift", "ErrorBody.swift", "Form.swift", "HTTPDate.swift",
    "LinkHeader.swift", "RateLimit.swift", "Referrers/SubjectOutline.swift", "RegistryError.swift",
    "Search/SearchResult.swift", "TagList.swift", "TokenScope.swift",
]
let registry: Target =
    Context.environment["APUS_FUZZER"] == nil
    ? module(
        "Registry",
        registryDependencies + [
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ])
    : .target(
        name: "Registry", dependencies: registryDependencies, sources: registryReaders, swiftSettings: swiftSettings)

// The compile flags stay those of a dynamic build, so that tests and executable share one build;
// the libraries named are the ones that a static compile would have linked by itself.
let staticExecutable: [LinkerSetting] = [
    .unsafeFlags([
        "-static-executable", "-use-ld=lld", "-l_FoundationCollections", "-l_FoundationCShims",
        "-lswiftSynchronization",
    ])
]

let package = Package(
    name: "apus",
    products: [.executable(name: "apus", targets: ["apus"])],
    dependencies: [
        // Without traits no dependency of theirs brings the whole of Foundation in.
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.30.0"),
    ],
    targets: [
        // C shims and module maps.
        .target(name: "CLinux"),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp"),
        .target(name: "CArchive", linkerSettings: [.linkedLibrary("archive")]),
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CCompression",
            linkerSettings: [
                .linkedLibrary("z"), .linkedLibrary("zstd"), .linkedLibrary("lzma"), .linkedLibrary("bz2"),
            ]),

        // Leaves.
        module("Bytes"),
        module("Addresses", ["Bytes"]),
        module("Linux", ["Addresses", "Bytes", "CLinux"]),
        module("Netlink", ["Addresses", "Linux"]),
        module("Errors"),
        module("JSON", ["Bytes"]),
        module("OCI", ["Bytes", "Errors", "JSON"]),
        module("Dockerfile", ["Addresses", "Bytes", "Errors", "JSON"]),
        module("Flags", ["Bytes"]),
        module("GoTemplate", ["Bytes", "JSON"]),
        module("Rendering", ["Bytes", "Errors", "GoTemplate"]),

        // One level up.
        module("Archive", ["Bytes", "Linux", "OCI", "CArchive", "CCompression", "CCrypto"]),
        module("Trees", ["Archive", "Errors", "Linux"]),
        module("Seccomp", ["Linux", "JSON", "OCI", "CSeccomp"]),
        module("Store", ["Addresses", "Bytes", "Errors", "Linux", "JSON", "OCI", "Archive"]),
        module("Runtime", ["Bytes", "Linux", "OCI"]),
        module("Cgroups", ["Bytes", "Linux", "OCI"]),
        module("Networking", ["Addresses", "Bytes", "Errors", "Linux", "Netlink"]),
        registry,
        module("Trust", ["Bytes", "Errors", "Linux", "JSON", "OCI", "CCrypto"]),
        module("Workers", ["Errors", "Linux", "Runtime", "Store"]),
        module("Logs", ["Bytes", "Errors", "Linux", "JSON", "OCI"]),
        module(
            "ContainerSpec",
            [
                "Addresses", "Bytes", "Errors", "Linux", "JSON", "OCI", "Logs", "Store", "Runtime", "Cgroups",
                "Networking",
            ]),

        // What the engine is made of.
        module(
            "Supervision",
            [
                "Addresses", "Bytes",
                "Errors", "Linux", "JSON", "OCI", "Archive", "Seccomp", "Store", "Runtime", "Cgroups", "Networking",
                "Logs",
                "ContainerSpec",
            ]),
        module(
            "Images",
            [
                "Bytes",
                "Errors", "Linux", "JSON", "OCI", "Archive", "Store", "Runtime", "Registry", "Trust", "Logs",
                "ContainerSpec", "Workers",
            ]),
        module(
            "Build",
            [
                "Bytes", "Errors", "Linux", "JSON", "OCI", "Dockerfile", "Archive", "Store", "Runtime", "Registry",
                "Logs",
                "ContainerSpec", "Workers", "Supervision", "Images", "Trees",
            ]),
        module("BuildDisplay", ["Build", "Bytes", "Dockerfile", "Errors", "JSON", "Linux", "OCI"]),
        module("DockerTypes", ["Addresses", "Bytes", "Linux", "OCI", "Store", "Logs", "ContainerSpec"]),
        module(
            "Engine",
            [
                "Addresses", "Bytes",
                "Errors", "Linux", "OCI", "Archive", "Seccomp", "Store", "Runtime", "Cgroups", "Networking",
                "Registry", "Workers", "Logs",
                "ContainerSpec", "Supervision", "Images", "Build", "DockerTypes", "Trees",
            ]),

        module("OCIRuntime", ["Bytes", "Errors", "Linux", "JSON", "OCI", "Seccomp", "Runtime", "Cgroups"]),

        .executableTarget(
            name: "apus",
            dependencies: [
                "Addresses", "Bytes", "Engine", "Errors", "DockerTypes", "ContainerSpec", "Logs", "Supervision",
                "Images", "Build", "BuildDisplay", "Dockerfile", "Workers",
                "JSON",
                "OCI",
                "OCIRuntime", "Flags", "GoTemplate", "Linux", "Rendering", "Store",
            ],
            swiftSettings: swiftSettings,
            linkerSettings: staticExecutable),

        // Runs Archive in a process of its own: in a user namespace, after a chroot, under strace.
        .executableTarget(
            name: "ArchiveDriver", dependencies: ["Archive", "Linux", "OCI"],
            path: "Tests/Support/ArchiveDriver",
            swiftSettings: swiftSettings,
            // As static as the executable, whose C library behaves otherwise after a chroot.
            linkerSettings: staticExecutable),

        // Feeds what reads from outside with random inputs (make fuzz).
        .executableTarget(
            name: "FuzzDriver",
            dependencies: [
                "Bytes", "Dockerfile", "OCIRuntime", "Registry", "Runtime", "Seccomp", "Store", "Trust", "Linux",
                "JSON",
                "OCI",
            ],
            path: "Tests/Fuzz/Driver", swiftSettings: swiftSettings),

        tests("BytesTests", ["Bytes"]),
        tests("AddressesTests", ["Addresses"]),
        tests("NetlinkTests", ["Addresses", "Linux", "Netlink"]),
        tests("NetworkingTests", ["Addresses", "Linux", "Netlink", "Networking", "TestSupport"]),
        tests("LinuxTests", ["Linux"]),
        tests("JSONTests", ["Bytes", "JSON"]),
        tests("OCITests", ["Bytes", "JSON", "OCI"]),
        tests("DockerfileTests", ["Bytes", "Dockerfile", "Errors", "JSON", "Linux"]),
        tests("FlagsTests", ["Flags"]),
        tests("GoTemplateTests", ["GoTemplate"]),
        tests("RenderingTests", ["Bytes", "Rendering", "GoTemplate", "Errors", "TestSupport"]),
        // Not on ArchiveDriver: how that is linked would be asked of the tests, too.
        tests("ArchiveTests", ["Archive", "Linux", "OCI"]),
        tests("SeccompTests", ["Seccomp", "Linux", "OCI", "CSeccomp"]),
        tests("StoreTests", ["Store", "Archive", "Linux", "JSON", "OCI"]),
        tests("RuntimeTests", ["Runtime", "RuntimeProbe", "TestSupport", "Linux", "OCI"]),
        // Starts containers for those tests, from a process with one thread.
        .executableTarget(
            name: "RuntimeProbe", dependencies: ["Runtime", "Linux", "OCI"], path: "Tests/Support/RuntimeProbe",
            swiftSettings: swiftSettings),
        tests("CgroupsTests", ["Cgroups", "CgroupProbe", "TestSupport", "Linux", "OCI"]),
        // Makes cgroups for those tests, from a process with one thread.
        .executableTarget(
            name: "CgroupProbe", dependencies: ["Bytes", "Cgroups", "Linux", "OCI"], path: "Tests/Support/CgroupProbe",
            swiftSettings: swiftSettings),
        tests("OCIRuntimeTests", ["OCIRuntime", "Runtime", "Linux", "JSON", "OCI"]),
        tests("RegistryTests", ["Registry", "Archive", "TestSupport", "Linux", "OCI"]),
        tests("TrustTests", ["Trust", "Bytes", "JSON", "TestSupport", "Linux", "OCI"]),
        tests("LogsTests", ["Logs", "ContainerSpec", "TestSupport", "Linux"]),
        tests(
            "ContainerSpecTests",
            [
                "ContainerSpec", "Errors", "Logs", "Store", "Runtime", "Networking", "TestSupport", "Linux", "JSON",
                "OCI",
            ]),
        tests(
            "SupervisionTests",
            ["Supervision", "ContainerSpec", "Errors", "Logs", "Runtime", "Networking", "TestSupport", "Linux", "OCI"]),
        tests(
            "BuildTests",
            [
                "Build", "Bytes", "ContainerSpec", "Dockerfile", "Errors", "Images", "Archive", "Logs", "Store",
                "Runtime", "Registry", "TestSupport", "Linux", "JSON", "OCI", "Workers",
            ]),
        tests(
            "BuildDisplayTests",
            ["BuildDisplay", "Build", "Bytes", "Dockerfile", "Errors", "JSON", "Linux", "OCI"]),
        tests("ImagesTests", ["Images", "Errors", "Archive", "Store", "Registry", "TestSupport", "Linux", "OCI"]),
        tests(
            "EngineTests",
            [
                "Bytes",
                "Addresses",
                "Engine", "Errors", "Images", "DockerTypes", "Trees", "Archive", "Store", "Runtime", "Networking",
                "TestSupport",
                "Linux", "OCI",
            ]),

        // The executable itself, driven from outside.
        .target(name: "TestSupport", dependencies: ["Linux"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("IntegrationTests", ["TestSupport", "Linux"]),
    ],
    swiftLanguageModes: [.v6]
)
