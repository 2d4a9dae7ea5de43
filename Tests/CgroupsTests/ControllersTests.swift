import Testing

@testable import Cgroups

@Suite struct ControllersTests {
    @Test func namesOfTheKernelAreReadAndThoseWeDoNotKnowPassedOver() {
        #expect(Controllers("cpuset cpu io memory hugetlb pids rdma misc dmem\n").list.count == 8)
        #expect(Controllers("memory pids\n") == [.memory, .pids])
        #expect(Controllers("") == [])
        #expect(
            [Controllers.memory, .cpu].reduce(into: Controllers()) { $0.formUnion($1) }.description == "cpu memory")
    }
}
