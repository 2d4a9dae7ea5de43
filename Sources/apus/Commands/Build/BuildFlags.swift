import ContainerSpec
import Errors
import Flags

/// The flags of `build`: those of Docker 28 and of buildx. Each is taken by `BuildOptionReader`.
enum BuildFlags {
    static let all: [Flag] = files + result + stages + cache + access + containers + docker

    private static let files: [Flag] = [
        Flag("file", "f", .string, "Name of the Dockerfile, - for the standard input (default: \"PATH/Dockerfile\")"),
        Flag("build-context", nil, .list, "Further context, name=path", placeholder: "stringArray"),
        Flag("build-arg", nil, .list, "Set a variable of the build, NAME=value, or NAME for the caller's value"),
    ]

    private static let result: [Flag] = [
        Flag("tag", "t", .list, "Name of the image and perhaps a tag, name:tag"),
        Flag("label", nil, .list, "Label of the image, key=value"),
        Flag("annotation", nil, .list, "Annotation of the image's manifest, key=value", placeholder: "stringArray"),
        Flag(
            "output", "o", .list, "What becomes of the result: a directory, or type=local,dest=path",
            placeholder: "stringArray"),
        Flag("load", nil, .bool, "Shorthand for --output=type=docker"),
        Flag("push", nil, .bool, "Shorthand for --output=type=registry"),
        Flag("iidfile", nil, .string, "File to write the image's ID to"),
        Flag("metadata-file", nil, .string, "File to write what came of the build to, as JSON"),
        Flag("quiet", "q", .bool, "Show nothing but the image's ID"),
        Flag(
            "progress", nil, .string,
            "How to show the build (\"auto\", \"none\", \"plain\", \"quiet\", \"rawjson\", \"tty\")",
            defaultValue: "auto"),
        Flag("squash", nil, .bool, "Make one layer of all that are above the base image"),
    ]

    private static let stages: [Flag] = [
        Flag("target", nil, .string, "Stage to build"),
        Flag("platform", nil, .list, "Platform to build for, os/architecture[/variant]", placeholder: "string"),
        Flag("check", nil, .bool, "Shorthand for --call=check"),
        Flag(
            "call", nil, .string, "What to do with the Dockerfile (\"build\", \"check\", \"outline\", \"targets\")",
            defaultValue: "build"),
    ]

    private static let cache: [Flag] = [
        Flag("no-cache", nil, .bool, "Take nothing from the cache"),
        Flag("no-cache-filter", nil, .list, "Take nothing of a stage from the cache", placeholder: "stringArray"),
        Flag("pull", nil, .bool, "Look for newer base images always"),
        // Not split at commas, which part the keys of one place.
        Flag(
            "cache-from", nil, .list,
            "Cache to take layers from: type=local,src=path, or a name at a registry: of a cache, or of an image that brings it along",
            placeholder: "strings"),
        Flag(
            "cache-to", nil, .list,
            "Place to write the cache to (type=local,dest=path, type=registry,ref=name, type=inline)",
            placeholder: "stringArray"),
        Flag("builder", nil, .string, "Who builds (only \"default\")"),
    ]

    private static let access: [Flag] = [
        Flag("secret", nil, .list, "Secret for RUN, id=name[,src=path|,env=variable]", placeholder: "stringArray"),
        Flag("ssh", nil, .list, "SSH agent for RUN, default|id[=socket|=key[,key]]", placeholder: "stringArray"),
        Flag("allow", nil, .list, "Further right for the build (\"network.host\")", placeholder: "stringArray"),
        Flag("attest", nil, .list, "Attestation (only disabled ones)", placeholder: "stringArray"),
        Flag("provenance", nil, .string, "Shorthand for --attest=type=provenance (only \"false\")"),
        Flag("sbom", nil, .string, "Shorthand for --attest=type=sbom (only \"false\")"),
    ]

    private static let containers: [Flag] = [
        Flag("network", nil, .string, "Network of RUN (default, none, host)", defaultValue: "default"),
        Flag("add-host", nil, .list, "Line for /etc/hosts of RUN, host:ip"),
        Flag("shm-size", nil, .bytes, "Size of /dev/shm of RUN"),
        Flag("ulimit", nil, .list, "Resource limit of RUN, name=soft[:hard]", placeholder: "ulimit") { text in
            do throws(OptionError) { _ = try Ulimit(text) } catch { return error.description }
            return nil
        },
        Flag("cgroup-parent", nil, .string, "Control group in which RUN's containers are"),
        Flag("memory", "m", .bytes, "Limit of memory of RUN"),
        Flag(
            "memory-swap", nil, .bytesOrUnlimited, "Limit of memory and swap together of RUN, -1 for no limit of swap"),
        Flag("cpu-period", nil, .int, "Period of the processor quota of RUN in microseconds"),
        Flag("cpu-quota", nil, .int, "Processor quota of RUN in microseconds"),
        Flag("cpu-shares", "c", .int, "Relative weight of RUN for processors"),
        Flag("cpuset-cpus", nil, .string, "Processors for RUN (0-3, 0,1)"),
        Flag("cpuset-mems", nil, .string, "Memory nodes for RUN (0-3, 0,1)"),
    ]

    /// What Docker's first builder had, and what its users still write.
    private static let docker: [Flag] = [
        Flag("compress", nil, .bool, "Compress the context for the daemon: there is none, and nothing is sent"),
        Flag("disable-content-trust", nil, .bool, "Skip the verification of signatures", defaultValue: "true"),
        Flag("force-rm", nil, .bool, "Keep no container of a failed step: none is kept ever"),
        Flag("rm", nil, .bool, "Keep no container of a step (only true)", defaultValue: "true"),
        Flag("isolation", nil, .string, "Isolation technology (default)"),
        Flag(
            "security-opt", nil, .commaList, "Security options",
            refused: "the commands of a build run with the standard profile"),
    ]
}
