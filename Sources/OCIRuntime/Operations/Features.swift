package import JSON
import Linux
import OCI
import Runtime
import Seccomp

extension OCIRuntime {
    /// What this runtime can do (features.md).
    package static func features() -> JSONTree {
        .record([
            ("ociVersionMin", .string("1.0.0")), ("ociVersionMax", .string(specVersion)),
            (
                "hooks",
                .strings([
                    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
                ])
            ),
            ("mountOptions", .strings(RuntimeFeatures.mountOptions.sorted())), ("linux", linux()),
            ("potentiallyUnsafeConfigAnnotations", .strings([Creation.groupsAnnotation])),
        ])
    }

    private static func linux() -> JSONTree {
        let enabled = JSONTree.record([("enabled", .bool(true))])
        return .record([
            ("namespaces", .strings(RuntimeSpec.Namespace.Kind.allCases.map(\.rawValue).sorted())),
            ("capabilities", .strings(RuntimeFeatures.capabilities)),
            (
                "cgroup",
                .record([
                    ("v1", .bool(false)), ("v2", .bool(true)), ("systemd", .bool(true)), ("systemdUser", .bool(true)),
                    ("rdma", .bool(true)),
                ])
            ),
            (
                "seccomp",
                .record([
                    ("enabled", .bool(true)), ("actions", .strings(SeccompAction.allCases.map(\.rawValue).sorted())),
                    ("operators", .strings(SeccompOperator.allCases.map(\.rawValue).sorted())),
                    ("archs", .strings(SeccompArchitecture.allCases.map(\.rawValue).sorted())),
                    ("knownFlags", .strings(SeccompFlag.allCases.map(\.rawValue).sorted())),
                    ("supportedFlags", .strings(SeccompFlag.allCases.map(\.rawValue).sorted())),
                ])
            ),
            ("apparmor", enabled), ("selinux", enabled), ("intelRdt", .record([("enabled", .bool(false))])),
            ("mountExtensions", .record([("idmap", enabled)])),
            ("netDevices", enabled),
            (
                "memoryPolicy",
                .record([
                    ("modes", .strings(MemoryPolicy.modes.sorted())), ("flags", .strings(MemoryPolicy.flags.sorted())),
                ])
            ),
        ])
    }
}
