import Bytes
import Glibc
import Linux
import OCI
import TestSupport
import Testing

/// Namespaces that are made and joined.
@Suite(.enabled(if: geteuid() == 0, "starts containers as root")) struct NamespaceTests {
    @Test(arguments: Container.Privilege.allCases)
    func eachListedNamespaceIsNewAndTheOthersAreTheHosts(_ privilege: Container.Privilege) throws {
        let kinds: [(RuntimeSpec.Namespace.Kind, String)] = [
            (.pid, "pid"), (.network, "net"), (.ipc, "ipc"), (.uts, "uts"), (.cgroup, "cgroup"),
        ]
        for absent in kinds {
            try Container.with(privilege) { container in
                container.spec.linux!.namespaces!.removeAll { $0.type == absent.0 }
                if absent.0 == .uts { container.spec.hostname = nil }
                let result = try container.shell(
                    "for n in pid net ipc uts cgroup mnt; do readlink /proc/self/ns/$n; done")
                #expect(result.code == 0, "without \(absent.1): \(result)")
                for (index, kind) in kinds.enumerated() where result.lines.count == 6 {
                    let isHosts = try result.lines[index] == Files.readLink("/proc/self/ns/\(kind.1)")
                    #expect(isHosts == (kind.0 == absent.0), "\(kind.1) without \(absent.1)")
                }
            }
        }
    }

    @Test func aNewUserNamespaceHasItsMaps() throws {
        try Container.with(.root) { container in
            container.spec.linux!.namespaces!.append(.init(.user))
            container.spec.linux!.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 1000)]
            container.spec.linux!.gidMappings = [.init(containerID: 0, hostID: 200_000, size: 1000)]
            chown(container.root, 100_000, 200_000)
            chmod(container.folder, 0o755)
            let result = try container.shell(
                "id -u; awk '{print $2, $3}' /proc/self/uid_map /proc/self/gid_map; hostname; echo $$")
            #expect(result.lines == ["0", "100000 1000", "200000 1000", "box", "1"], "\(result)")
        }
    }

    @Test func aTimeNamespaceHasItsOffsets() throws {
        try Container.with(.root) { container in
            container.spec.linux!.namespaces!.append(.init(.time))
            container.spec.linux!.timeOffsets = ["boottime": .init(secs: 1_000_000_000)]
            let result = try container.shell("cut -d. -f1 /proc/uptime")
            #expect(Int(result.lines.first ?? "") ?? 0 > 1_000_000_000, "\(result)")
        }
    }

    @Test func namespacesOfAnotherContainerAreJoined() throws {
        try Container.with(.root, "sleep", "1000") { first in
            first.spec.hostname = "first"
            let running = try first.start()
            // Only a process that has executed its command is found by its name.
            var target: ProcessID?
            while target == nil {
                usleep(10_000)
                target = try Files.list("/proc").compactMap { ProcessID($0) }.first {
                    (try? Files.readText("/proc/\($0)/cmdline")) == "sleep\u{0}1000\u{0}"
                        && (try? Files.readText("/proc/\($0)/status"))?.contains("PPid:\t\(running.pid)\n") == true
                }
            }
            try Container.with(.root) { second in
                second.spec.hostname = nil
                second.spec.linux!.namespaces = [.init(.mount)]
                let joined: [(RuntimeSpec.Namespace.Kind, String)] = [
                    (.pid, "pid"), (.network, "net"), (.ipc, "ipc"), (.uts, "uts"),
                ]
                for (kind, name) in joined {
                    second.spec.linux!.namespaces!.append(.init(kind, path: "/proc/\(target!)/ns/\(name)"))
                }
                let result = try second.shell(
                    "hostname; ps -o pid,args | grep -c 'sleep 1000$'; readlink /proc/self/ns/net")
                #expect(try result.lines == ["first", "1", Files.readLink("/proc/\(target!)/ns/net")], "\(result)")
            }
            kill(target!, SIGKILL)
            running.closeInput()
            #expect(try running.wait().code == 137)
        }
    }

    @Test func aNamespaceThatCannotBeJoinedIsNamed() throws {
        try Container.with(.root, "true") { container in
            container.spec.linux!.namespaces!.removeAll { $0.type == .network }
            container.spec.linux!.namespaces!.append(.init(.network, path: "/no/such"))
            let result = try container.run()
            #expect(result.code == 125)
            #expect(result.errorText.contains("/no/such: no such file or directory"))
        }
    }
}
