import Errors
import OCI
import Runtime
import Testing

@testable import ContainerSpec

/// Limits as Docker's daemon checks them, and what they become in the runtime's configuration.
@Suite struct ResourceOptionTests {
    private static let host: HostFacts = {
        var facts = HostFacts(mode: .mapped, hostname: "h")
        facts.processors = { 4 }
        return facts
    }()

    private func options(_ flags: [(String, String)]) throws(OptionError) -> ResourceOptions {
        var options = ResourceOptions()
        for (name, value) in flags where try !options.take(name, value) {
            throw OptionError("--\(name) is no limit")
        }
        return options
    }

    private func specification(_ flags: (String, String)...) throws(OptionError) -> RuntimeSpec.Resources? {
        try options(flags).specification(Self.host)
    }

    @Test func memoryAloneAllowsAsMuchSwap() throws {
        let memory = try specification(("memory", "64m"))?.memory
        #expect(memory?.limit == 67_108_864)
        #expect(memory?.swap == (Self.host.countsSwap ? 134_217_728 : nil))
        #expect(try specification(("memory", "64m"), ("memory-swap", "64m"))?.memory?.swap == 67_108_864)
        #expect(try specification(("memory", "64m"), ("memory-swap", "-1"))?.memory?.swap == -1)
    }

    @Test func processorsAreAQuotaOfATenthOfASecond() throws {
        let cpu = try specification(("cpus", "1.5"))?.cpu
        #expect(cpu?.quota == 150_000 && cpu?.period == 100_000)
        #expect(ResourceOptions.billionths(".000000001") == 1)
        #expect(ResourceOptions.billionths("1.0000000001") == nil)
        #expect(ResourceOptions.billionths("-1") == -1_000_000_000)
    }

    @Test func theWordsForNoLimitAskForNothing() throws {
        #expect(
            try specification(
                ("memory", "0"), ("cpus", "0.0"), ("cpu-shares", "0"), ("pids-limit", "0"), ("blkio-weight", "0"),
                ("memory-swappiness", "-1"), ("oom-kill-disable", "false"), ("cpuset-cpus", ""), ("kernel-memory", "0")
            ) == nil)
        #expect(try specification(("pids-limit", "-5"))?.pids?.limit == -1)
    }

    @Test func whatContradictsItselfIsSaidInDockersWords() {
        func error(_ flags: (String, String)...) -> String? {
            do throws(OptionError) { _ = try options(flags).specification(Self.host) } catch {
                return error.description
            }
            return nil
        }
        #expect(error(("memory", "1m")) == "minimum memory limit allowed is 6MB")
        #expect(error(("memory", "64m"), ("memory-swap", "32m"))?.contains("memoryswap limit should be larger") == true)
        #expect(error(("memory-swap", "64m"))?.contains("always set the memory limit") == true)
        #expect(error(("memory", "64m"), ("memory-reservation", "65m"))?.contains("memory reservation limit") == true)
        #expect(error(("cpus", "5")) == "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available")
        #expect(error(("cpus", "1"), ("cpu-period", "10000"))?.hasPrefix("conflicting options: Nano CPUs") == true)
        #expect(error(("cpus", "1"), ("cpu-quota", "10000"))?.hasPrefix("conflicting options: Nano CPUs") == true)
        #expect(error(("cpu-period", "999"))?.contains("1ms (i.e. 1000) or larger than 1s") == true)
        #expect(error(("cpu-quota", "999"))?.contains("cfs quota") == true)
        #expect(error(("cpu-shares", "-1")) == "invalid CPU shares (-1): value must be a positive integer")
        #expect(error(("cpuset-cpus", "x")) == "invalid value x for cpuset cpus")
        #expect(error(("cpuset-cpus", "4000"))?.contains("requested CPUs are not available") == true)
        #expect(error(("blkio-weight", "5")) == "range of blkio weight is from 10 to 1000")
        #expect(error(("device-read-bps", "/dev/no-such-disk:1mb"))?.contains("/dev/no-such-disk") == true)
        #expect(error(("device-read-bps", "/dev/null:1mb")) == "cannot limit device /dev/null: it is no block device")
        #expect(error(("memory-swappiness", "50"))?.contains("refused") == true)
        #expect(error(("oom-kill-disable", "true"))?.contains("refused") == true)
    }

    @Test func anUpdateKeepsWhatItDoesNotName() throws {
        var before = try options([("memory", "64m"), ("cpus", "1"), ("pids-limit", "5")])
        before.merge(try options([("cpu-quota", "20000"), ("pids-limit", "-1")]))
        #expect(before.memory == 67_108_864 && before.nanoCPUs == nil && before.cpuQuota == 20_000)
        #expect(before.pidsLimit == -1)
    }
}
