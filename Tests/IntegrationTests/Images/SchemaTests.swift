import Glibc
import Linux
import TestSupport
import Testing

/// All documents that we write, held to image-spec's own JSON schemas.
@Suite struct SchemaTests {
    /// How many documents of each kind `paths` have; none of them has a fault.
    private func validate(_ sandbox: Sandbox, _ paths: String...) throws -> String {
        let script = "\(Executable.repository)/Tests/Harness/validate_images.py"
        let result = try RunningProgram(sandbox.spawn("/usr/bin/python3", [script] + paths)).wait()
        #expect(result.code == 0, "\(result.text)")
        return result.lines.last ?? ""
    }

    @Test(arguments: TestUser.available)
    func whatIsPulledMadeAndSavedIsOfTheSpecification(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            let zstd = try registry.push(
                "oci:\(Fixtures.path("layers.zstd.oci", of: .layers)):zstd", as: "layers:zstd", "--format", "oci")
            try withBusybox(user) { sandbox throws in
                let work = "\(sandbox.path)/work"
                try sandbox.output("pull", "-q", zstd)
                try sandbox.output(
                    "import", "-c", "ENV A=\"b c\"", "-c", "EXPOSE 80/tcp", "-c", "HEALTHCHECK CMD true", "-c",
                    "LABEL x=ä", "-m", "message",
                    try Fixtures.busyboxTar, "imported")
                try sandbox.tool("mkdir", "\(work)/context")
                try sandbox.write(
                    """
                    FROM busybox AS base
                    ENV A=1
                    RUN echo x >/f
                    FROM base
                    COPY Dockerfile /
                    WORKDIR /new
                    HEALTHCHECK --interval=1s --retries=3 CMD ["true"]
                    ONBUILD RUN true
                    STOPSIGNAL 9
                    SHELL ["/bin/sh", "-c"]
                    VOLUME /v
                    EXPOSE 53/udp
                    USER 1:2
                    ENTRYPOINT ["echo"]
                    """, to: "context/Dockerfile")
                let context = "\(work)/context"
                try sandbox.output("build", "-q", "-t", "built", context)
                try sandbox.output("build", "-q", "-o", "type=oci,tar=false,dest=\(work)/layout", "-t", "out", context)
                try sandbox.output("build", "-q", "-o", "type=oci,dest=\(work)/oci.tar", "-t", "out", context)
                try sandbox.output("build", "-q", "-o", "type=docker,dest=\(work)/docker.tar", "-t", "out", context)
                try sandbox.output(
                    "build", "-q", "-t", "cached", "--cache-to", "type=local,dest=\(work)/cache", context)
                try sandbox.output(
                    "run", "--name", "one", "--network", "none", "--entrypoint", "touch", "busybox", "/x")
                try sandbox.output("commit", "-a", "somebody", "-m", "message", "-c", "CMD [\"a\"]", "one", "committed")
                try sandbox.output("rm", "one")
                for (format, path) in [
                    ("docker-archive", "a.tar"), ("oci-archive", "b.tar"), ("oci-dir", "c"), ("docker-dir", "d"),
                ] {
                    let images =
                        format == "docker-dir" ? ["built"] : ["built", "committed", "imported", "busybox", zstd]
                    let result = try sandbox.apus(["save", "--format", format, "-o", "\(work)/\(path)"] + images)
                    #expect(result.code == 0, "\(result)")
                }
                for image in ["built", "committed", "imported"] {
                    try sandbox.output("tag", image, "\(registry.host)/pushed:\(image)")
                    try sandbox.output("push", "-q", "\(registry.host)/pushed:\(image)")
                    try sandbox.tool(
                        "skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                        "docker://\(registry.host)/pushed:\(image)", "dir:\(work)/pushed.\(image)")
                }
                try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
                let counts = try validate(
                    sandbox, "\(sandbox.store)/images", "\(work)/layout", "\(work)/oci.tar", "\(work)/docker.tar",
                    "\(work)/cache",
                    "\(work)/a.tar", "\(work)/b.tar", "\(work)/c", "\(work)/d", "\(work)/pushed.built",
                    "\(work)/pushed.committed",
                    "\(work)/pushed.imported")
                #expect(counts.contains("8 image-layout"), "\(counts)")
            }
        }
    }
}
