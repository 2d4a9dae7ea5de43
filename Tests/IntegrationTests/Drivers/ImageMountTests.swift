import Linux
import TestSupport
import Testing

/// `--mount type=image`: the files of another image in a container.
@Suite struct ImageMountTests {
    private func other(_ sandbox: Sandbox) throws {
        try sandbox.output(
            "run", "--network", "none", "--name", "maker", "busybox", "sh", "-c",
            "mkdir -p /a/b; echo x >/a/b/f; rm -r /var")
        try sandbox.output("commit", "maker", "other")
        try sandbox.output("rm", "maker")
    }

    @Test(arguments: DriverCase.available) func itIsSeenAndReadOnly(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            try other(sandbox)
            let mount = ["--mount", "type=image,source=other,destination=/o"]
            let script =
                "cat /o/a/b/f; ls -d /o/var 2>/dev/null; touch /o/new 2>/dev/null || echo refused"
            let result = try sandbox.run(driver, "cc", mount, script)
            #expect(result.text == "x\nrefused\n", "\(result)")
            #expect(try sandbox.output("start", "-a", "cc") == "x\nrefused")
            let format =
                "{{range .Mounts}}{{.Type}} {{.Name}} {{.Propagation}} {{.Destination}} {{.RW}}{{end}} {{json .HostConfig.Mounts}}"
            #expect(
                try sandbox.output("inspect", "-f", format, "cc")
                    == #"image other rprivate /o false [{"Type":"image","Source":"other","Target":"/o"}]"#)
            try sandbox.output("rm", "cc")
            let part = try sandbox.run(
                driver, "cc", ["--rm", "--mount", "type=image,src=other,dst=/p/f,image-subpath=a/b/f"], "cat /p/f")
            #expect(part.text == "x\n", "\(part)")
            // Written for the container alone, and kept with it.
            let written = try sandbox.run(
                driver, "cc", ["--mount", "type=image,src=other,dst=/o,rw=true"], "echo n >>/o/n; cat /o/n")
            #expect(written.text == "n\n", "\(written)")
            #expect(try sandbox.output("start", "-a", "cc") == "n\nn")
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.available) func itKeepsItsImage(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try other(sandbox)
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", "--mount", "type=image,source=other,target=/o",
                "busybox",
                "cat", "/o/a/b/f")
            let id = try sandbox.output("inspect", "-f", "{{.Id}}", "cc").prefix(12)
            let refused = try sandbox.apus("rmi", "other")
            #expect(refused.code == 1 && refused.errorText.contains("container \(id) is using"), "\(refused)")
            #expect(try sandbox.output("start", "-a", "cc") == "x")
            // By force it loses its name, and the container what it had not.
            try sandbox.output("rmi", "-f", "other")
            #expect(try sandbox.output("start", "-a", "cc") == "x")
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.available) func mistakesAreToldInDockersWords(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            func run(_ mount: String) throws -> ProgramResult {
                try sandbox.apus(
                    "run", "--rm", "--pull", "never", "--network", "none", "--mount", mount, "busybox", "true")
            }
            let unnamed = try run("type=image,target=/o")
            #expect(
                unnamed.code == 125
                    && unnamed.errorText.contains(
                        "invalid mount config for type \"image\": field Source must not be empty"),
                "\(unnamed)")
            let missing = try run("type=image,source=nothing,target=/o")
            #expect(missing.code == 125 && missing.errorText.contains("No such image: nothing:latest"), "\(missing)")
            let outside = try run("type=image,source=busybox,target=/o,image-subpath=../x")
            #expect(outside.code == 125 && outside.errorText.contains("subpath must be a relative path"), "\(outside)")
            let absent = try run("type=image,source=busybox,target=/o,image-subpath=nothing")
            #expect(absent.code == 127 && absent.errorText.contains("cannot access path nothing"), "\(absent)")
        }
    }
}
