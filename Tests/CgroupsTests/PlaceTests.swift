import Linux
import TestSupport
import Testing

@testable import Cgroups

/// Where a container's cgroup is made, from what the cgroups above us give.
@Suite struct PlaceTests {
    private let all: Controllers = [.cpu, .memory, .pids]

    @Test func aPlaceThatHandsControllersDownIsTaken() {
        let own = Place(path: "/top/engine", available: all, enabled: [], processes: [1, 2])
        let top = Place(path: "/top", available: all, enabled: all)
        #expect(CgroupSupport.choose([own, top], required: .memory)?.path == "/top")
        #expect(CgroupSupport.choose([own, top], required: [])?.path == "/top")
    }

    @Test func anEmptyPlaceCanHandDownWhatItHas() {
        let own = Place(path: "/top/engine", available: [], enabled: [], processes: [1])
        let top = Place(path: "/top", available: all, enabled: [])
        #expect(CgroupSupport.choose([own, top], required: .memory)?.path == "/top")
        #expect(CgroupSupport.choose([own, top], required: .io) == nil)
    }

    @Test func processesInTheWayLeaveLimitsOutAndNothingElse() {
        let own = Place(path: "/own", available: all, enabled: [], processes: [1, 2])
        #expect(CgroupSupport.choose([own], required: .memory) == nil)
        #expect(CgroupSupport.choose([own], required: [])?.path == "/own")
        // The root of the hierarchy alone may have both.
        let root = Place(path: "/", available: all, enabled: [], processes: [1, 2], isRoot: true)
        #expect(CgroupSupport.choose([root], required: .memory)?.path == "/")
    }

    @Test func pathsOfProcFilesLeadBelowTheMount() {
        #expect(CgroupSupport.path(inProcFile: "9:memory:/x\n0::/a/b\n") == "/a/b")
        #expect(CgroupSupport.path(inProcFile: "9:memory:/x\n") == nil)
        #expect(CgroupSupport.path(inProcFile: "0::/a (deleted)\n") == nil)
        #expect(CgroupSupport.directory(of: "/docker/1/x", mountedRoot: "/docker/1", mountPoint: "/m") == "/m/x")
        #expect(CgroupSupport.directory(of: "/docker/1", mountedRoot: "/docker/1", mountPoint: "/m") == "/m")
        #expect(CgroupSupport.directory(of: "/docker/12", mountedRoot: "/docker/1", mountPoint: "/m") == nil)
    }

    /// Where version 1 has what a container is to have, nothing else of the cgroups above is looked at.
    @Test func whatNoCgroupCanHaveNeedsNoPlace() throws {
        try withSandbox(.root) { sandbox in
            let top = "\(sandbox.path)/work/top"
            let own = "\(top)/own"
            try Files.makeDirectories(own)
            try Files.write([], to: "\(own)/cgroup.procs")
            var support = CgroupSupport(.hybrid)
            (support.mountPoint, support.ownDirectory) = (top, own)
            func place(_ handedDown: String, required: Controllers = [], wanted: Controllers = .usual) throws -> String?
            {
                try Files.write(handedDown.utf8, to: "\(top)/cgroup.subtree_control")
                return support.readyPlace(required: required, wanted: wanted)
            }
            #expect(try place("\n") == own)
            #expect(try place("hugetlb\n") == own)
            #expect(try place("hugetlb\n", wanted: .all) == nil)
            #expect(try place("hugetlb\n", required: .memory) == nil)
            #expect(try place("hugetlb memory\n") == nil)
            // The root has no type; what is the top of a container's view may have controllers to give.
            try Files.write([], to: "\(top)/cgroup.type")
            #expect(try place("hugetlb\n") == nil)
        }
    }
}
