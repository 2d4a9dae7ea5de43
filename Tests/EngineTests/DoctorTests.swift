import Linux
import Testing

@testable import Engine

/// What `system doctor` says to each state of a machine.
@Suite struct DoctorTests {
    private func diagnosis(_ name: String, _ change: (inout MachineFacts) -> Void) throws -> Diagnosis {
        var facts = MachineFacts()
        facts.packageManager = .apt
        change(&facts)
        return try #require(facts.diagnoses.first { $0.name == name })
    }

    @Test func aWholeMachineHasNothingToSay() {
        let facts = MachineFacts()
        #expect(facts.canRun)
        #expect(facts.diagnoses.allSatisfy { $0.verdict == .works && $0.remedy.isEmpty && !$0.finding.isEmpty })
        #expect(facts.diagnoses.count == 14)
        #expect(Set(facts.diagnoses.map(\.name)).count == 14)
    }

    @Test func rootNeedsNoIDsAndNoSession() {
        var facts = MachineFacts()
        facts.isRoot = true
        (facts.userNamespace, facts.mappedNamespace) = (.untried, .untried)
        (facts.uidHelper, facts.subordinateUsers, facts.lingers, facts.runtimeDirectory) = (nil, 0, false, nil)
        #expect(facts.canRun && facts.diagnoses.allSatisfy { $0.verdict == .works })
    }

    @Test(
        arguments: [
            (0, nil, nil, Errno.noSpace, "user.max_user_namespaces=15000"),
            (15000, 0, nil, .notPermitted, "kernel.unprivileged_userns_clone=1"),
            (15000, nil, 1, .notPermitted, "apparmor_parser -r /etc/apparmor.d/apus"),
            (15000, nil, nil, .noSpace, "user.max_user_namespaces=15000"),
        ] as [(Int, Int?, Int?, Errno, String)])
    func refusedUserNamespacesHaveTheirParameter(
        _ most: Int, _ clone: Int?, _ appArmor: Int?, _ errno: Errno, _ remedy: String
    ) throws {
        let found = try diagnosis("user namespaces") { facts in
            facts.userNamespace = .fails(errno)
            (facts.maximumUserNamespaces, facts.unprivilegedClone, facts.appArmorRestriction) = (most, clone, appArmor)
        }
        #expect(found.verdict == .broken)
        #expect(found.remedy.count == 1 && found.remedy[0].contains(remedy), "\(found)")
    }

    @Test func aFilterIsToldApartFromAParameter() throws {
        let found = try diagnosis("user namespaces") { $0.userNamespace = .fails(.notPermitted) }
        #expect(found.verdict == .broken && found.finding.contains("seccomp=unconfined") && found.remedy.isEmpty)
    }

    /// Ubuntu makes the namespace, and takes its capabilities away.
    @Test func appArmorIsNamedWhereOnlyMountsFail() throws {
        let found = try diagnosis("user namespaces") { facts in
            facts.appArmorRestriction = 1
            facts.mount = .fails(.access)
            facts.executable = "/opt/apus"
        }
        #expect(found.verdict == .broken)
        #expect(found.remedy[0].contains("profile apus /opt/apus flags=(unconfined)"))
        // A profile is there: the parameter alone is no fault.
        #expect(try diagnosis("user namespaces") { $0.appArmorRestriction = 1 }.verdict == .works)
    }

    @Test func missingSubordinateIDsAreALimit() throws {
        let noHelper = try diagnosis("subordinate ids") { $0.uidHelper = nil }
        #expect(noHelper.verdict == .limited && noHelper.remedy == ["sudo apt-get install uidmap"])
        let noLine = try diagnosis("subordinate ids") { $0.subordinateUsers = 0 }
        #expect(noLine.verdict == .limited && noLine.finding.contains("/etc/subuid"))
        #expect(noLine.remedy == ["sudo usermod --add-subuids 100000-165535 user"])
        let noLines = try diagnosis("subordinate ids") { ($0.subordinateUsers, $0.subordinateGroups) = (0, 0) }
        #expect(
            noLines.remedy == ["sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 user"])
        #expect(try diagnosis("subordinate ids") { $0.subordinateGroups = 1000 }.verdict == .limited)
    }

    @Test func aHelperWithoutItsPrivilegeIsNamed() throws {
        let uid = try diagnosis("subordinate ids") { facts in
            facts.mappedNamespace = .fails(.notPermitted)
            facts.uidHelperIsPrivileged = false
        }
        #expect(uid.verdict == .broken && uid.remedy == ["sudo setcap cap_setuid+ep /usr/bin/newuidmap"])
        let gid = try diagnosis("subordinate ids") { facts in
            facts.mappedNamespace = .fails(.notPermitted)
            facts.gidHelperIsPrivileged = false
        }
        #expect(gid.remedy == ["sudo setcap cap_setgid+ep /usr/bin/newgidmap"])
        let neither = try diagnosis("subordinate ids") { $0.mappedNamespace = .fails(.notPermitted) }
        #expect(neither.verdict == .broken && neither.finding.contains("no_new_privs"))
    }

    @Test func fileSystemsAndFilters() throws {
        #expect(try diagnosis("mounts") { $0.mount = .fails(.notPermitted) }.verdict == .broken)
        let root = try diagnosis("mounts") { ($0.mount, $0.isRoot) = (.fails(.notPermitted), true) }
        #expect(root.finding.contains("--cap-add SYS_ADMIN"))
        let proc = try diagnosis("proc") { $0.procfs = .fails(.notPermitted) }
        #expect(proc.verdict == .limited && proc.finding.contains("--pid=host"))
        #expect(try diagnosis("overlay") { $0.overlay = .fails(.invalid) }.verdict == .limited)
        #expect(
            try diagnosis("mount interface") { $0.mountTrees = .fails(.notImplemented) }.finding.contains("open_tree"))
        #expect(
            try diagnosis("mount interface") { $0.mountAttributes = .fails(.notImplemented) }.finding.contains("5.12"))
        #expect(try diagnosis("seccomp") { $0.seccomp = .fails(.invalid) }.verdict == .broken)
        #expect(try diagnosis("store") { $0.storeProblem = "it is full" }.finding == "it is full")
    }

    @Test func networks() throws {
        #expect(try diagnosis("network namespaces") { $0.networkNamespace = .fails(.noSpace) }.verdict == .limited)
        let tunnel = try diagnosis("way out of networks") { $0.tunnelDevice = .fails(.noEntry) }
        #expect(tunnel.verdict == .limited && tunnel.remedy == ["sudo modprobe tun"])
        let helper = try diagnosis("way out of networks") { $0.egressHelpers = [] }
        #expect(helper.remedy == ["sudo apt-get install slirp4netns"])
        let ping = try diagnosis("ping") { $0.mayPing = false }
        #expect(ping.verdict == .limited && ping.remedy[0].contains("net.ipv4.ping_group_range=0 2147483647"))
    }

    @Test func controlGroupsAndSessions() throws {
        let old = try diagnosis("control groups") { $0.hasUnifiedCgroups = false }
        #expect(old.verdict == .limited && old.remedy[0].contains("systemd.unified_cgroup_hierarchy=1"))
        #expect(try diagnosis("control groups") { ($0.hasUnifiedCgroups, $0.hasSystemd) = (false, false) }.remedy == [])
        #expect(try diagnosis("control groups") { $0.ownCgroup = .fails(Errno(30)) }.verdict == .limited)
        let delegation = try diagnosis("control groups") { $0.controllers = ["cpu", "memory", "pids"] }
        #expect(delegation.finding.contains("cpuset, io"))
        #expect(delegation.remedy[0].contains("Delegate=cpu cpuset io memory pids"))
        #expect(delegation.remedy[0].contains("user@1000.service"))
        #expect(try diagnosis("lingering") { $0.lingers = false }.remedy == ["sudo loginctl enable-linger user"])
        let session = try diagnosis("runtime directory") { $0.runtimeDirectory = nil }
        #expect(session.verdict == .limited && session.finding.contains("/tmp/apus-1000"))
    }

    @Test func onlyWhatIsBrokenStopsContainers() {
        var facts = MachineFacts()
        (facts.overlay, facts.tunnelDevice, facts.uidHelper) = (.fails(.invalid), .fails(.noEntry), nil)
        #expect(facts.canRun)
        facts.seccomp = .fails(.invalid)
        #expect(!facts.canRun)
    }
}
