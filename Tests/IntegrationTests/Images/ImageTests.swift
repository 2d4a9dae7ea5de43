import Linux
import TestSupport
import Testing

/// Images from archives: import, load, list, tag, inspect, remove.
@Suite struct ImageTests {
    @Test(arguments: TestUser.available)
    func anImportedRootFileSystemRuns(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let id = try sandbox.output(
                "import", "--change", "ENV GREETING=hello", "--change", "WORKDIR /tmp", "--change", "USER 1000",
                "--message", "made by a test", try Fixtures.busyboxTar, "imported:v1")
            #expect(id.hasPrefix("sha256:"))
            let result = try sandbox.apus(
                "run", "--rm", "--network", "none", "imported:v1", "sh", "-c", "echo $GREETING; pwd; id -u")
            #expect(result.text == "hello\n/tmp\n1000\n")
        }
    }

    @Test(arguments: TestUser.available)
    func importReadsStandardInput(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("import", "-", "piped", input: try Files.read(Fixtures.busyboxTar))
            #expect(try sandbox.apus("run", "--rm", "--network", "none", "piped", "echo", "ok").text == "ok\n")
        }
    }

    @Test(arguments: TestUser.available, ["busybox.docker.tar", "busybox.oci.tar"])
    func archivesOfOtherToolsAreLoaded(_ user: TestUser, _ archive: String) throws {
        try withSandbox(user) { sandbox throws in
            let path = try Fixtures.path(archive, of: .busybox)
            let said = try sandbox.output("load", "-i", path)
            #expect(said.hasPrefix("Loaded image"))
            let id = try sandbox.output("images", "-q")
            #expect(id.split(separator: "\n").count == 1)
            let result = try sandbox.apus("run", "--rm", "--network", "none", id, "sh", "-c", "echo $FROM_IMAGE")
            #expect(result.text == "yes\n", "\(result)")
            // The same from standard input is the same image.
            _ = try sandbox.output("load", input: try Files.read(path))
            #expect(try sandbox.output("images", "-q") == id)
        }
    }

    @Test(arguments: TestUser.available)
    func tagsNameImagesAndTheLastOneRemovesIt(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output("images", "-q", "--no-trunc")
            try sandbox.output("tag", "busybox", "other.example/name:tag")
            #expect(try sandbox.output("images", "-q", "--no-trunc").split(separator: "\n").allSatisfy { $0 == id })
            let names = try sandbox.output("images", "--format", "{{.Repository}}:{{.Tag}}").split(separator: "\n")
            #expect(names.sorted() == ["busybox:latest", "other.example/name:tag"])

            #expect(try sandbox.output("rmi", "busybox") == "Untagged: busybox:latest")
            #expect(try sandbox.apus("run", "--rm", "--network", "none", "other.example/name:tag", "true").code == 0)
            let last = try sandbox.output("rmi", "other.example/name:tag")
            #expect(last.contains("Deleted: \(id)"))
            #expect(try sandbox.output("images", "-q").isEmpty)
            // Nothing of the image is left on the disk.
            #expect(try Files.list("\(sandbox.store)/layers").filter { !$0.hasPrefix(".") }.isEmpty)
            #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func inspectShowsTheConfigurationAsDockerDoes(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("load", "-i", try Fixtures.path("busybox.docker.tar", of: .busybox))
            let format =
                "{{.Os}} {{.Architecture}} {{json .Config.Cmd}} {{index .Config.Labels \"made.by\"}} {{len .RootFS.Layers}}"
            #expect(
                try sandbox.output("image", "inspect", "--format", format, "busybox") == #"linux amd64 ["sh"] umoci 1"#)
            let missing = try sandbox.apus("image", "inspect", "no-such-image")
            #expect(missing.code == 1)
            #expect(missing.errorText.contains("no-such-image"))
        }
    }

    @Test(arguments: TestUser.available)
    func theStoreIsALayoutThatOtherToolsRead(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let found = try sandbox.tool("/usr/bin/umoci", "ls", "--layout", "\(sandbox.store)/images")
            #expect(found.lines.count == 1)
            let copy = "\(sandbox.path)/work/copy.tar"
            try sandbox.tool(
                "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet",
                "oci:\(sandbox.store)/images:\(found.lines[0])",
                "docker-archive:\(copy):again:latest")
            try sandbox.output("rmi", "busybox")
            try sandbox.output("load", "-i", copy)
            #expect(try sandbox.apus("run", "--rm", "--network", "none", "again", "echo", "ok").text == "ok\n")
        }
    }

    @Test(arguments: TestUser.available)
    func anImageThatAContainerUsesIsNotRemovedWithoutForce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.apus("run", "--name", "user", "--network", "none", "busybox", "true").code == 0)
            let refused = try sandbox.apus("rmi", "busybox")
            #expect(refused.code == 1)
            #expect(refused.errorText.contains("container"))
            try sandbox.output("rm", "user")
            try sandbox.output("rmi", "busybox")
        }
    }
}
