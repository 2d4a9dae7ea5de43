import Glibc
import Linux
import OCI
import TestSupport
import Testing

/// What a container sees of files: mounts, masks, devices.
@Suite(.enabled(if: geteuid() == 0, "starts containers as root")) struct MountTests {
    @Test(arguments: Container.Privilege.allCases)
    func maskedPathsAreEmptyAndReadOnlyPathsCannotBeWritten(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            let result = try container.shell(
                """
                cat /proc/keys | wc -c; ls /sys/firmware | wc -l
                touch /sys/firmware/x 2>/dev/null || echo refused
                echo 1 >/proc/sys/vm/swappiness 2>/dev/null || echo refused
                stat -c %t:%T /proc/keys
                """)
            #expect(result.lines == ["0", "0", "refused", "refused", "1:3"])
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func aReadOnlyRootCannotBeWrittenAndWhatIsMountedOnItCan(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            container.spec.root!.readonly = true
            let result = try container.shell("touch /x || echo refused; touch /dev/shm/x && echo written")
            #expect(result.lines == ["refused", "written"])
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func bindsFollowTheirOptionsAndMakeTheirDestinations(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            try Files.makeDirectories(container.folder + "/data")
            try Files.write(Array("content".utf8), to: container.folder + "/data/file")
            let data = container.folder + "/data"
            container.spec.mounts! += [
                .init(destination: "/new/dir", type: "bind", source: data, options: ["rbind", "ro", "rprivate"]),
                .init(destination: "/new/file", source: data + "/file", options: ["bind", "nosuid", "noexec"]),
            ]
            let result = try container.shell(
                "cat /new/dir/file /new/file; echo; touch /new/dir/x || echo refused; echo more >>/new/file; "
                    + "grep /new/ /proc/mounts")
            #expect(result.lines[0...1] == ["contentcontent", "refused"], "\(result)")
            #expect(result.lines.contains { $0.contains(" /new/dir ") && $0.contains(" ro,") })
            #expect(
                result.lines.contains { $0.contains(" /new/file ") && $0.contains("nosuid") && $0.contains("noexec") })
            #expect(try Files.readText(data + "/file") == "contentmore\n")
        }
    }

    @Test func aMissingSourceIsNamed() throws {
        try Container.with(.root, "true") { container throws in
            container.spec.mounts!.append(.init(destination: "/x", source: "/no/such", options: ["bind"]))
            let result = try container.run()
            #expect(result.code == 125)
            #expect(result.errorText == "probe: cannot mount /no/such at /x: it does not exist\n")
        }
    }

    @Test func aDestinationBelowALinkStaysInsideOfTheRoot() throws {
        try Container.with(.root) { container throws in
            let outside = container.folder + "/outside"
            try Files.makeDirectories(outside)
            for (name, target) in [
                ("absolute", outside), ("up", "../../../../../.." + outside), ("dangling", "/made/here"),
            ] {
                symlink(target, container.root + "/" + name)
                container.spec.mounts!.append(
                    .init(destination: "/\(name)/sub", type: "tmpfs", source: "tmpfs", options: ["size=4k"]))
            }
            let result = try container.shell("grep -c /sub /proc/mounts; grep /made/here/sub /proc/mounts | wc -l")
            #expect(result.lines == ["3", "1"], "\(result)")
            #expect(try Files.list(outside) == [])
        }
    }

    /// CVE-2019-16884, CVE-2019-19921: nothing of an image's stands for the kernel's files.
    @Test func mountsInProcAreRefusedButForStatistics() throws {
        for (destination, allowed) in [
            ("/proc/self/attr", false), ("/proc/sys/kernel", false), ("/link", false), ("/proc/meminfo", true),
        ] {
            try Container.with(.root, "true") { container throws in
                symlink("/proc/self", container.root + "/link")
                let isFile = destination == "/proc/meminfo"
                let source = container.folder + "/source"
                if isFile { try Files.write([], to: source) } else { try Files.makeDirectories(source) }
                container.spec.mounts!.append(.init(destination: destination, source: source, options: ["bind"]))
                let result = try container.run()
                #expect(result.code == (allowed ? 0 : 125), "\(destination): \(result)")
            }
        }
    }

    @Test func onlyAProcfsMayStandForProc() throws {
        try Container.with(.root, "true") { container throws in
            container.spec.mounts!.append(.init(destination: "/proc", source: container.folder, options: ["bind"]))
            #expect(try container.run().errorText.contains("it is no procfs"))
        }
        try Container.with(.root, "true") { container throws in
            symlink("/etc", container.root + "/proc")
            #expect(try container.run().errorText.contains("it is no directory"))
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func devicesAndLinksAreThereAndWork(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            let result = try container.shell(
                """
                for f in null zero full random urandom tty; do test -c /dev/$f || echo no $f; done
                for f in fd stdin stdout stderr ptmx core; do test -L /dev/$f || echo no $f; done
                head -c 3 /dev/zero | wc -c; echo x >/dev/null && echo written; (echo x >/dev/full) 2>/dev/null || echo full
                """)
            #expect(result.lines == ["3", "written", "full"], "\(result)")
        }
    }

    @Test func aDeviceOfTheSpecificationHasItsModeAndOwner() throws {
        try Container.with(.root) { container throws in
            var device = RuntimeSpec.Device(type: "c", path: "/dev/sub/fuse", major: 10, minor: 229, fileMode: 0o640)
            device.gid = 44
            container.spec.linux!.devices = [device]
            #expect(try container.shell("stat -c '%t:%T %a %u:%g' /dev/sub/fuse").text == "a:e5 640 0:44\n")
        }
    }

    @Test func aTmpfsTakesWhatItCoversWhenAskedTo() throws {
        try Container.with(.root) { container throws in
            container.spec.mounts!.append(
                .init(destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro"]))
            let result = try container.shell("grep -c root /etc/passwd; touch /etc/x || echo refused")
            #expect(result.lines == ["1", "refused"], "\(result)")
        }
    }

    @Test func aTmpfsKeepsLinksHolesTimesAndAttributesOfWhatItTakes() throws {
        try Container.with(.root) { container throws in
            let data = container.root + "/data"
            try Files.makeDirectories(data + "/sub")
            try Files.write("text".utf8, to: data + "/one")
            try Files.makeHardLink(
                raw: RawName(data + "/sub/two"), in: AT_FDCWD, to: RawName(data + "/one"), in: AT_FDCWD)
            try ExtendedAttributes.set(RawName("user.kind"), of: RawName(data + "/one"), in: AT_FDCWD, to: [1, 0, 2])
            let sparse = try FileDescriptor.open(data + "/sparse", O_WRONLY | O_CREAT)
            try sparse.setSize(256 << 20)
            let time = FileTime(seconds: 86_400, nanoseconds: 0)
            for name in ["/one", "/sub"] {
                try Files.setTimes(raw: RawName(data + name), in: AT_FDCWD, access: time, modification: time)
            }
            container.spec.mounts!.append(
                .init(
                    destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "mode=751", "size=8m"])
            )
            // What is asked from outside, of a process that is known by its name.
            let marker = "copied-\(randomHex(bytes: 8))"
            container.spec.process!.args = [
                "sh", "-c",
                """
                stat -c '%h %Y' /data/one; stat -c %Y /data/sub; stat -c '%s' /data/sparse; du -k /data/sparse | cut -f 1
                stat -c %a /data; test /data/one -ef /data/sub/two && echo same; echo ready; read x
                """, marker,
            ]
            let program = try container.start()
            try program.waitForOutput("ready")
            let pid = try #require(
                ProcessTable.all().first {
                    let words = (try? Files.readText("/proc/\($0)/cmdline")) ?? ""
                    return words.hasPrefix("sh\0") && words.hasSuffix("\(marker)\0")
                })
            let copied = try ExtendedAttributes.get(
                RawName("user.kind"), of: RawName("/proc/\(pid)/root/data/one"), in: AT_FDCWD)
            // Since Linux 6.6 a tmpfs has such attributes.
            let tmpfs = "/dev/shm/apus-\(marker)"
            try Files.write([], to: tmpfs)
            defer { unlink(tmpfs) }
            let canKeep =
                (try? ExtendedAttributes.set(RawName("user.kind"), of: RawName(tmpfs), in: AT_FDCWD, to: [1])) != nil
            #expect(!canKeep || copied == [1, 0, 2])
            program.closeInput()
            let result = try program.wait()
            #expect(
                result.lines == ["2 86400", "86400", "\(256 << 20)", "0", "751", "same", "ready"], "\(result)")
        }
    }

    @Test func aTmpfsHasTheModeOfWhatItCovers() throws {
        try Container.with(.root) { container throws in
            container.spec.mounts!.append(.init(destination: "/root", type: "tmpfs", source: "tmpfs", options: []))
            #expect(try container.shell("stat -c %a /root").text == "700\n")
        }
    }

    @Test func recursiveAttributesReachMountsBelow() throws {
        try Container.with(.root) { container throws in
            try Files.makeDirectories(container.folder + "/data")
            container.spec.mounts! += [
                .init(destination: "/tree", source: container.root + "/dev", options: ["rbind"])
            ]
            container.spec.mounts![container.spec.mounts!.count - 1] = .init(
                destination: "/tree", source: "/dev", options: ["rbind", "rro", "rprivate"])
            #expect(try container.shell("touch /tree/shm/x || echo refused").text == "refused\n")
        }
    }

    @Test func theHostSeesNoneOfTheMounts() throws {
        let before = try Files.readText("/proc/self/mounts")
        try Container.with(.root) { container throws in
            container.spec.linux!.rootfsPropagation = "rshared"
            #expect(try container.shell("mount -t tmpfs x /tmp 2>/dev/null; true").code == 0)
        }
        #expect(try Files.readText("/proc/self/mounts") == before)
    }
}
