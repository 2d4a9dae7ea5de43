import ContainerSpec
import Flags

/// The flags of `run` and `create`: Docker 28's, and podman's `--rootfs`, `--pidfile` and `--sdnotify`.
///
/// Each is either taken by `RunOptionReader` or carries the sentence that refuses it.
enum RunFlags {
    /// The flags of both commands.
    static let shared: [Flag] = {
        var flags: [Flag] = []
        flags.reserveCapacity(160)
        // One by one: a list of lists would be one more generic type, which is made at each start.
        flags += container
        flags += process
        flags += health
        flags += mounts
        flags += namespaces
        flags += security
        flags += network
        flags += limits
        flags += refused
        return flags
    }()

    /// The flags that only `run` has: it also attaches.
    static let ofRun: [Flag] = [
        Flag("detach", "d", .bool, "Leave the container in the background and print its ID"),
        Flag("detach-keys", nil, .string, "Key sequence that detaches from the container", placeholder: "string"),
        Flag("sig-proxy", nil, .bool, "Pass signals on to the container's process", defaultValue: "true"),
    ]

    private static let container: [Flag] = [
        Flag("help", nil, .bool, "Print usage"),
        Flag("name", nil, .string, "Name of the container"),
        Flag("rm", nil, .bool, "Remove the container when it exits"),
        Flag("pull", nil, .string, "When to pull the image (always, missing, never)", defaultValue: "missing") { text in
            ["always", "missing", "never"].contains(text) ? nil : "it is one of always, missing and never"
        },
        Flag("platform", nil, .string, "Platform of the image, os[/architecture[/variant]]"),
        Flag("quiet", "q", .bool, "Show no progress of a pull"),
        Flag("rootfs", nil, .bool, "Take IMAGE for the path of a directory with a root file system"),
        Flag("cidfile", nil, .string, "File to write the container's ID to"),
        Flag("pidfile", nil, .string, "File to write the process ID of the container's first process to"),
        Flag("sdnotify", nil, .string, "Who tells systemd that the service is ready (container, conmon, ignore)") {
            text in
            if text == "healthy" { return "health checks do not tell systemd; use container, conmon or ignore" }
            return ["container", "conmon", "ignore"].contains(text) ? nil : "it is one of container, conmon and ignore"
        },
        Flag("label", "l", .list, "Label of the container, key=value"),
        Flag("label-file", nil, .list, "File with a label on each line"),
        Flag("annotation", nil, .list, "Annotation for the runtime, key=value", placeholder: "map"),
        Flag("expose", nil, .list, "Note that the container listens on a port or a range of ports"),
        Flag("log-driver", nil, .string, "Where the container's output is kept"),
        Flag("log-opt", nil, .list, "Option of the log driver, key=value"),
        Flag("restart", nil, .string, "When to start the container again", defaultValue: "no"),
    ]

    private static let process: [Flag] = [
        Flag("interactive", "i", .bool, "Keep the standard input open"),
        Flag("tty", "t", .bool, "Give the container a terminal"),
        Flag("attach", "a", .list, "Attach to stdin, stdout or stderr"),
        Flag("entrypoint", nil, .string, "Program to run in place of the image's"),
        Flag("env", "e", .list, "Environment variable, NAME=value, or NAME for the caller's value"),
        Flag("env-file", nil, .list, "File with an environment variable on each line"),
        Flag("user", "u", .string, "User of the process, name|uid[:group|gid]"),
        Flag("group-add", nil, .list, "Further group of the process, or keep-groups for the caller's own"),
        Flag("workdir", "w", .string, "Working directory in the container"),
        Flag("init", nil, .bool, "Run a small init that forwards signals and reaps processes"),
        Flag("stop-signal", nil, .string, "Signal that stops the container"),
        Flag("stop-timeout", nil, .int, "Seconds to wait before a stop becomes a kill"),
        Flag("ulimit", nil, .list, "Resource limit, name=soft[:hard]", placeholder: "ulimit"),
        Flag("oom-score-adj", nil, .int, "Preference of the kernel when memory runs out (-1000 to 1000)"),
    ]

    private static let mounts: [Flag] = [
        Flag("volume", "v", .list, "Mount a volume, a directory or a file, [source:]destination[:options]"),
        Flag("volume-driver", nil, .string, "Driver of the volumes that are made (only \"local\")"),
        Flag("volumes-from", nil, .list, "Mount what another container has mounted, container[:ro|:rw]"),
        Flag("mount", nil, .list, "Mount a file system, type=bind|volume|tmpfs,...", placeholder: "mount"),
        Flag("tmpfs", nil, .list, "Mount a file system in memory, destination[:options]"),
        Flag("read-only", nil, .bool, "Make the root file system read-only"),
        Flag("shm-size", nil, .bytes, "Size of /dev/shm"),
        Flag("device", nil, .list, "Give the container a device, path[:path][:permissions]"),
        Flag("device-cgroup-rule", nil, .list, "Add a rule to the device cgroup"),
    ]

    private static let namespaces: [Flag] = [
        Flag("hostname", "h", .string, "Host name of the container"),
        Flag("domainname", nil, .string, "NIS domain name of the container"),
        Flag("pid", nil, .string, "PID namespace (private, host)"),
        Flag("ipc", nil, .string, "IPC namespace (private, shareable, none, host)"),
        Flag("uts", nil, .string, "UTS namespace (private, host)"),
        Flag("userns", nil, .string, "User namespace (host, keep-id, auto, nomap)"),
        Flag(
            "uidmap", nil, .list, "Map users into a user namespace of its own, [+ug]container:[@]from[:amount]",
            placeholder: "map"),
        Flag(
            "gidmap", nil, .list, "Map groups into a user namespace of its own, [+ug]container:[@]from[:amount]",
            placeholder: "map"),
        Flag("subuidname", nil, .string, "Map the users that /etc/subuid has for this name"),
        Flag("subgidname", nil, .string, "Map the groups that /etc/subgid has for this name"),
        Flag("cgroupns", nil, .string, "Cgroup namespace (private, host)"),
        Flag("sysctl", nil, .list, "Kernel parameter of a namespace, name=value", placeholder: "map"),
    ]

    private static let security: [Flag] = [
        Flag("privileged", nil, .bool, "Give the container every capability and device, and hide nothing"),
        Flag("cap-add", nil, .list, "Add a capability"),
        Flag("cap-drop", nil, .list, "Drop a capability"),
        Flag("security-opt", nil, .list, "Security option"),
        Flag("disable-content-trust", nil, .bool, "Skip the verification of signatures", defaultValue: "true"),
        Flag("isolation", nil, .string, "Isolation technology (default)"),
    ]

    private static let network: [Flag] = [
        Flag(
            "network", nil, .list, "Network, or none, host, container:NAME, ns:PATH, slirp4netns, pasta",
            placeholder: "network", aliases: ["net"]),
        Flag("network-alias", nil, .list, "Further name of the container on its network", aliases: ["net-alias"]),
        Flag("ip", nil, .string, "IPv4 address on the network"),
        Flag("ip6", nil, .string, "IPv6 address on the network"),
        Flag("link-local-ip", nil, .list, "Link-local address of the container"),
        Flag("mac-address", nil, .string, "MAC address of the container"),
        Flag("link", nil, .list, "Link to another container, NAME[:ALIAS]"),
        Flag("publish", "p", .list, "Publish a port of the container, [[ip:]port:]port[/protocol]"),
        Flag("publish-all", "P", .bool, "Publish all exposed ports to random ports"),
        Flag("add-host", nil, .list, "Line for /etc/hosts, name:address"),
        Flag("dns", nil, .list, "Name server"),
        Flag("dns-search", nil, .list, "Domain to search names in"),
        Flag("dns-option", nil, .list, "Option of the resolver", aliases: ["dns-opt"]),
    ]
}
