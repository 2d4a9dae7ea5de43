import Bytes
import OCI
import Testing

@testable import Cgroups

/// The conversions that crun and runc document, without a kernel.
@Suite struct CgroupSettingsTests {
    private func files(_ change: (inout RuntimeSpec.Resources) -> Void) throws(CgroupError) -> [String] {
        var resources = RuntimeSpec.Resources()
        change(&resources)
        return try CgroupSettings(resources).settings.map { "\($0.file)=\($0.value)" }
    }

    private func refusal(_ change: (inout RuntimeSpec.Resources) -> Void) -> String? {
        do throws(CgroupError) { _ = try files(change) } catch { return error.description }
        return nil
    }

    @Test func memoryAndSwapTogetherBecomeSwapAlone() throws {
        func memory(_ limit: Int64?, _ swap: Int64?) throws(CgroupError) -> [String] {
            try files {
                $0.memory = .init()
                $0.memory?.limit = limit
                $0.memory?.swap = swap
            }
        }
        #expect(try memory(100, 300) == ["memory.swap.max=200", "memory.max=100"])
        #expect(try memory(100, 100) == ["memory.swap.max=0", "memory.max=100"])
        #expect(try memory(100, -1) == ["memory.swap.max=max", "memory.max=100"])
        #expect(try memory(-1, -1) == ["memory.swap.max=max", "memory.max=max"])
        #expect(try memory(100, nil) == ["memory.max=100"])
        #expect(try memory(0, 0) == [])
        #expect(throws: CgroupError.self) { try memory(100, 99) }
        #expect(throws: CgroupError.self) { try memory(-1, 100) }
        #expect(throws: CgroupError.self) { try memory(nil, 100) }
    }

    @Test func sharesBecomeAWeightAlongTheCurveOfTheRuntimes() {
        let pairs: [(UInt64, UInt64)] = [
            (2, 1), (1, 1), (10, 4), (100, 17), (512, 59), (1024, 100), (2048, 174), (10_000, 627), (262_144, 10_000),
            (999_999, 10_000),
        ]
        for (shares, weight) in pairs { #expect(CgroupSettings.weight(shares) == weight, "\(shares)") }
    }

    @Test func processorTimeIsAQuotaOfAPeriod() throws {
        func cpu(_ change: (inout RuntimeSpec.Resources.CPU) -> Void) throws(CgroupError) -> [String] {
            try files {
                var cpu = RuntimeSpec.Resources.CPU()
                change(&cpu)
                $0.cpu = cpu
            }
        }
        #expect(try cpu { ($0.quota, $0.period) = (50_000, 100_000) } == ["cpu.max=50000 100000"])
        #expect(try cpu { $0.quota = 50_000 } == ["cpu.max=50000"])
        #expect(try cpu { ($0.quota, $0.period) = (-1, 50_000) } == ["cpu.max=max 50000"])
        #expect(try cpu { ($0.quota, $0.burst) = (50_000, 1000) } == ["cpu.max=50000", "cpu.max.burst=1000"])
        // An idle cgroup has no weight to set.
        #expect(try cpu { ($0.idle, $0.shares) = (1, 1024) } == ["cpu.idle=1"])
        #expect(try cpu { ($0.cpus, $0.mems) = ("0-1", "0") } == ["cpuset.cpus=0-1", "cpuset.mems=0"])
        #expect(try cpu { ($0.shares, $0.quota, $0.period) = (0, 0, 0) } == [])
        #expect(
            refusal {
                $0.cpu = .init(); $0.cpu?.realtimeRuntime = 1000
            }?.contains("real-time") == true)
    }

    @Test func devicesForRemoteMemoryHaveALineEach() throws {
        func rdma(_ limits: [ByteKey: RuntimeSpec.Resources.RDMA]) throws(CgroupError) -> [String] {
            try files { $0.rdma = limits }
        }
        let both = RuntimeSpec.Resources.RDMA(hcaHandles: 3, hcaObjects: 10_000)
        #expect(
            try rdma(["mlx5_1": .init(hcaObjects: 0), "mlx5_0": both]) == [
                "rdma.max=mlx5_0 hca_handle=3 hca_object=10000", "rdma.max=mlx5_1 hca_object=0",
            ])
        #expect(try rdma(["mlx5_0": .init()]) == [])
        for name in ["", "a b", "a\nb", "a\u{7f}"] {
            #expect(throws: CgroupError.self, "\(name)") { try rdma([ByteKey(name): both]) }
        }
        var resources = RuntimeSpec.Resources()
        resources.rdma = ["mlx5_0": both]
        #expect(try CgroupSettings(resources).controllers == .rdma)
    }

    @Test func classesAndPrioritiesOfPacketsAreRefused() throws {
        func network(_ id: UInt32?, _ priorities: [RuntimeSpec.Resources.Network.Priority]?) -> String? {
            refusal {
                $0.network = .init()
                $0.network?.classID = id
                $0.network?.priorities = priorities
            }
        }
        #expect(network(1_048_577, nil)?.contains("1048577") == true)
        #expect(network(nil, [.init(name: "eth0", priority: 0)])?.contains("net_prio") == true)
        // What callers write who mean none.
        #expect(network(0, []) == nil)
        #expect(network(nil, nil) == nil)
    }

    @Test func blockDevicesHaveWeightsAndRates() throws {
        var device = RuntimeSpec.Resources.BlockIO.Device(major: 8, minor: 16)
        device.rate = 1_048_576
        var weighted = RuntimeSpec.Resources.BlockIO.Device(major: 8, minor: 0)
        weighted.weight = 1000
        var resources = RuntimeSpec.Resources()
        resources.blockIO = .init()
        resources.blockIO?.weight = 10
        resources.blockIO?.weightDevice = [weighted]
        resources.blockIO?.throttleReadBpsDevice = [device]
        resources.blockIO?.throttleWriteIOPSDevice = [device]
        let settings = try CgroupSettings(resources)
        #expect(
            settings.settings.map { "\($0.file)=\($0.value)" } == [
                "io.bfq.weight=10", "io.bfq.weight=8:0 1000", "io.max=8:16 rbps=1048576", "io.max=8:16 wiops=1048576",
            ])
        #expect(settings.settings[0].otherwise == [.init(file: "io.weight", value: "default 1")])
        #expect(settings.settings[1].otherwise == [.init(file: "io.weight", value: "8:0 10000")])
        #expect(settings.controllers == .io)
    }

    @Test func whatAsksForNothingNeedsNoController() throws {
        var resources = RuntimeSpec.Resources()
        resources.pids = .init(limit: -1)
        resources.memory = .init()
        resources.memory?.swap = -1
        resources.cpu = .init()
        resources.cpu?.quota = -1
        #expect(try CgroupSettings(resources).controllers == [])
        resources.pids = .init(limit: 5)
        #expect(try CgroupSettings(resources).controllers == .pids)
        // 0 is how callers leave it out.
        #expect(try files { $0.pids = .init(limit: 0) } == [])
    }

    @Test func filesOfVersion2AreTakenAsTheyAreAndWin() throws {
        #expect(
            try files {
                $0.pids = .init(limit: 5)
                $0.unified = ["pids.max": "7", "memory.high": "100", "cgroup.max.depth": "3"]
            } == ["pids.max=5", "cgroup.max.depth=3", "memory.high=100", "pids.max=7"])
        #expect(refusal { $0.unified = ["../x": "1"] } != nil)
        #expect(refusal { $0.unified = ["nosuch.max": "1"] } != nil)
        #expect(refusal { $0.unified = [".x": "1"] } != nil)
    }

    @Test func whatOnlyVersion1HasIsRefused() {
        #expect(
            refusal {
                $0.memory = .init(); $0.memory?.swappiness = 60
            }?.contains("swappiness") == true)
        #expect(
            refusal {
                $0.memory = .init(); $0.memory?.disableOOMKiller = true
            }?.contains("OOM") == true)
        #expect(
            refusal {
                $0.memory = .init(); $0.memory?.kernel = 1000
            }?.contains("kernel memory") == true)
        #expect(
            refusal {
                $0.memory = .init(); $0.memory?.disableOOMKiller = false
            } == nil)
        #expect(
            refusal {
                $0.blockIO = .init(); $0.blockIO?.leafWeight = 100
            } != nil)
    }
}
