import OCI
import Testing

@testable import OCIRuntime

/// What callers always write and the kernel does anyway.
@Suite struct ResourcesTests {
    @Test func defaultsAreNoLimits() {
        var resources = RuntimeSpec.Resources()
        resources.cpu = .init()
        resources.cpu!.shares = 1024
        resources.cpu!.period = 100_000
        resources.cpu!.quota = -1
        resources.memory = .init()
        resources.memory!.limit = -1
        resources.memory!.swap = -1
        resources.pids = .init(limit: 0)
        var rest = RuntimeSpec.Resources()
        rest.cpu = .init()
        rest.memory = .init()
        #expect(resources.withoutDefaults == rest)
    }

    @Test func limitsAreKept() {
        var resources = RuntimeSpec.Resources()
        resources.cpu = .init()
        resources.cpu!.shares = 2
        resources.cpu!.quota = 5000
        resources.memory = .init()
        resources.memory!.limit = 1 << 20
        resources.pids = .init(limit: 5)
        #expect(resources.withoutDefaults == resources)
    }
}
