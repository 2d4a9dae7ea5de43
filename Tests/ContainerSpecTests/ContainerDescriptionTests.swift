import Bytes
import FoundationEssentials
import JSON
import Linux
import OCI
import Testing

@testable import ContainerSpec

/// The record of a container, whose JSON is written by hand and read by a decoder that the compiler makes.
struct ContainerDescriptionTests {
    /// Everything that can be absent is there, so that a member that is added to a type and not to its writer shows.
    private static func full() throws -> ContainerDescription {
        var options = RunOptions(image: "busybox:\"quoted\"\\\n\u{1}é")
        options.rootfs = true
        options.cmd = ["sh", "-c", "a/b"]
        options.entrypoint = ["/x"]
        options.name = "n"
        options.env = ["A=b"]
        options.workingDir = "/w"
        options.user = "u:g"
        options.groupAdd = ["wheel"]
        options.hostname = "h"
        options.domainname = "d"
        options.labels = ["l": "1", "k": ""]
        options.annotations = ["a": "2"]
        options.exposedPorts = ["80/tcp"]
        options.attach = [.stdin, .stderr]
        options.detachKeys = "ctrl-a"
        options.stopSignal = "INT"
        options.stopTimeout = -1
        options.restartPolicy = try RestartPolicy(option: "on-failure:3")
        options.mounts = [
            try MountOption(volume: "/a:/b:ro", relativeTo: "/"), try MountOption(volume: "vol:/v:ro", relativeTo: "/"),
            try MountOption(
                mount:
                    "src=other,dst=/w,volume-label=a=b,volume-opt=c=d,volume-subpath=e,volume-nocopy,volume-driver=local",
                relativeTo: "/"), try MountOption(tmpfs: "/t"),
        ]
        options.mounts[1].origin = .container
        options.volumesFrom = ["x:ro"]
        options.volumeDriver = "local"
        options.storageDriver = .copy
        options.networkMode = try NetworkMode(option: "slirp4netns:mtu=1500")
        options.usernsMode = .keepID(user: 1, group: nil)
        options.capAdd = ["ALL"]
        options.capDrop = ["CAP_CHOWN"]
        options.security.seccomp = .file("/p")
        options.security.appArmorProfile = "a"
        options.ulimits = [try Ulimit("nofile=1:2")]
        options.devices = [try DeviceOption("/dev/null")]
        options.deviceCgroupRules = [try DeviceCgroupRule("c 1:3 rwm")]
        options.resources.memory = 1
        options.resources.memorySwap = 2
        options.resources.memoryReservation = 3
        options.resources.nanoCPUs = 4
        options.resources.cpuPeriod = 5
        options.resources.cpuQuota = -1
        options.resources.cpuShares = 7
        options.resources.cpusetCPUs = "0-1"
        options.resources.cpusetMems = "0"
        options.resources.pidsLimit = 8
        options.resources.blkioWeight = 9
        options.resources.readBytesPerSecond = [.init(path: "/dev/x", value: 10)]
        options.resources.cgroupParent = "p.slice"
        options.shmSize = 1 << 40
        options.sysctls = ["net.x": "1"]
        options.oomScoreAdj = -5
        options.platform = "linux/amd64"
        options.containerIDFile = "/id"
        options.pidFile = "/pid"
        options.sdNotify = .conmon
        options.extraHosts = [try HostEntry("a:1.2.3.4")]
        options.dns = ["1.1.1.1"]
        options.logConfig.type = "none"
        options.logConfig.options = ["max-size": "1k"]
        options.healthcheck = try JSONDecoder().decode(
            Healthcheck.self,
            from: Data(
                #"{"Test":["CMD","x"],"Interval":1,"Timeout":2,"StartPeriod":3,"StartInterval":4,"Retries":5}"#.utf8))
        var config = ContainerConfig()
        config.user = "u"
        config.exposedPorts = ["1/tcp": EmptyObject()]
        config.env = ["X=y"]
        config.entrypoint = ["e"]
        config.cmd = []
        config.volumes = ["/v": EmptyObject()]
        config.workingDir = "/"
        config.labels = ["a": "b"]
        config.stopSignal = "TERM"
        config.healthcheck = options.healthcheck
        config.onBuild = ["RUN x"]
        config.shell = ["/bin/sh"]
        config.argsEscaped = true
        config.stopTimeout = 3
        var platform = Platform(architecture: "arm", variant: "v7")
        platform.osVersion = "1"
        platform.osFeatures = ["f"]
        return ContainerDescription(
            id: "1", name: "n", created: "2026-01-01T00:00:00Z", options: options, imageConfig: config,
            imageReference: "docker.io/library/busybox:latest",
            imageID: Digest("sha256:" + String(repeating: "a", count: 64)), platform: platform,
            command: ["x", "y"], hostname: "h")
    }

    /// What the compiler's encoder makes of it.
    private static func standard(_ description: ContainerDescription) throws -> JSONTree {
        try JSONTree.parse(Array(JSONEncoder().encode(description)))
    }

    private static func sorted(_ tree: JSONTree) -> JSONTree {
        if case .array(let elements) = tree { return .array(elements.map(sorted)) }
        guard let members = tree.members else { return tree }
        return .object(
            members.sorted { $0.name < $1.name }.map { member in
                // A set has no order.
                if member.name == "attach", case .array(let list) = member.value {
                    return .init(member.name, .array(list.sorted { "\($0)" < "\($1)" }))
                }
                return .init(member.name, sorted(member.value))
            })
    }

    @Test
    func theRecordIsWhatTheCompilersEncoderWrites() throws {
        for description in [try Self.full(), try Self.plain()] {
            let ours = try JSONTree.parse(try description.json())
            #expect(Self.sorted(ours) == Self.sorted(try Self.standard(description)))
            let read = try ContainerDescription(decoding: try description.encoded(), id: "1")
            #expect(read == description)
            // As the worker that starts it again reads it.
            let tree = try JSONTree.parse(try description.json())
            #expect(try tree.decode(ContainerDescription.self, name: "description") == description)
        }
    }

    @Test func listsReadTheSummaryInFrontOfTheRecord() throws {
        for description in [try Self.full(), try Self.plain()] {
            let summary = try #require(ContainerSummary.read(try description.encoded(), id: description.id))
            #expect(summary.name == description.name && summary.created == description.created)
            #expect(summary.options.image == description.options.image)
            #expect(summary.imageReference == description.imageReference)
            #expect(summary.imageID == description.imageID)
            #expect(summary.platform?.description == description.platform?.description)
            #expect(summary.command == description.command && summary.hostname == description.hostname)
            #expect(summary.options.labels == description.options.labels)
            #expect(summary.imageConfig.labels ?? [:] == description.imageConfig.labels ?? [:])
            #expect(summary.options.exposedPorts == description.options.exposedPorts)
            #expect(summary.imageConfig.exposedPorts == description.imageConfig.exposedPorts)
            #expect(summary.options.networkMode.inspected == description.options.networkMode.inspected)
            #expect(summary.options.autoRemove == description.options.autoRemove)
            #expect(summary.options.mounts.map(\.destination) == description.options.mounts.map(\.destination))
            #expect(summary.options.volumeNames == description.options.volumeNames)
            #expect(summary.options.mounts.map(\.readOnly) == description.options.mounts.map(\.readOnly))
        }
    }

    @Test func aSummaryOfANewerVersionIsRead() throws {
        let body = try Self.plain().encoded()
        let length = body[1..<5].reversed().reduce(0) { $0 << 8 | Int($1) }
        var encoder = WireEncoder()
        encoder.writeInteger(UInt8(250))
        encoder.write(data: [1, 2, 3])
        var size = WireEncoder()
        size.writeInteger(UInt32(length + encoder.bytes.count))
        let longer = [0] + size.bytes + body[5..<(5 + length)] + encoder.bytes + body[(5 + length)...]
        #expect(ContainerSummary.read(longer, id: "2") == ContainerSummary.read(body, id: "2"))
        #expect(ContainerSummary.read(longer, id: "2")?.name == "plain")
        // Bytes that end in a field are no summary; the JSON behind them is.
        #expect(ContainerSummary.read(Array(body[..<(length - 2)]), id: "2") == nil)
        #expect(try ContainerDescription(decoding: longer, id: "2") == Self.plain())
    }

    private static func plain() throws -> ContainerDescription {
        ContainerDescription(
            id: "2", name: "plain", created: "", options: RunOptions(image: "x"), imageConfig: ContainerConfig(),
            imageReference: nil, imageID: nil, platform: nil, command: [], hostname: "")
    }

    /// The value above has no gap: the test cannot pass over a member.
    @Test
    func nothingOfTheFullValueIsAbsent() throws {
        let full = try Self.full()
        let values: [Any] = [
            full, full.options, full.imageConfig, full.options.resources, full.options.security,
            full.options.logConfig, full.platform!,
        ]
        for value in values {
            for child in Mirror(reflecting: value).children {
                let mirror = Mirror(reflecting: child.value)
                #expect(mirror.displayStyle != .optional || !mirror.children.isEmpty, "\(child.label ?? "")")
            }
        }
    }
}
